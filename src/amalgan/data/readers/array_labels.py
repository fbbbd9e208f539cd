"""Labels that stand in an array, gathered block by block: wide text takes no more memory than numbers do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED

MOST_CLASSES, LONGEST_LABEL = 100_000, 256
"""Different labels, and characters of one."""


class Labels(NamedTuple):
    """Labels of many examples: each value once, and its place among the values for every example."""

    values: list[Any]
    numbers: NDArray[np.int32]

    @classmethod
    def gathered(cls, blocks: Iterable[NDArray[Any]]) -> Labels:
        """Gather labels block by block: the memory it takes is that of a number an example.

        Raises:
            DataError: there are more values than classes can be.
        """
        places, numbers = dict[Any, int](), [np.zeros(0, np.int32)]
        for block in blocks:
            values, inverse = np.unique(block, return_inverse=True)
            own = [places.setdefault(value, len(places)) for value in values.tolist()]
            if len(places) > MOST_CLASSES:
                raise DataError(
                    f"labels have more than {MOST_CLASSES:,} different values; classes are at most so many. "
                    "Leave the labels out, or join classes."
                )
            numbers.append(np.array(own, np.int32)[inverse.reshape(-1)])
        return cls(list(places), np.concatenate(numbers))

    def numbered(self, rows: slice, number_of: dict[Any, int]) -> NDArray[np.int64]:
        """The labels of ``rows`` as numbers of classes; UNLABELED where they name none."""
        order = np.array([number_of.get(value, UNLABELED) for value in self.values], np.int64)
        return order[self.numbers[rows]]


def text_of(value: Any) -> str:
    """A label as text."""
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
