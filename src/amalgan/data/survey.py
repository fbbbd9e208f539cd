"""What the headers of all pictures say, before any is decoded.

source ─► the first bytes of each file ─► height, width, gray or not ─► Survey ─► what size to choose
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.data.finding import find_source
from amalgan.data.images import Measured, measure
from amalgan.data.ordered import Progress, in_order
from amalgan.data.sources import Arrays, Pictures
from amalgan.errors import BadPicture

HEADER_BYTES = 1 << 16
_LAST: dict[str, Survey] = {}
"""By the key of its source: choosing a size and decoding read the headers once."""


class Survey(NamedTuple):
    """Sizes and colors of all pictures that could be measured."""

    sizes: NDArray[np.integer[Any]]
    """(N, 2): height and width, upright."""
    all_gray: bool

    @classmethod
    def nothing(cls) -> Survey:
        """That of no pictures."""
        return cls(np.zeros((0, 2), np.int32), False)


def survey(data: str | Path, progress: Progress | None = None) -> Survey:
    """The pictures that a word or a path names; none where it names vectors.

    Raises:
        DataError: nothing readable is there.
    """
    source = find_source(data)
    if not isinstance(source, Arrays):
        return surveyed(source, progress)
    found = source.open()
    if len(found.shape) == 1:
        return Survey.nothing()
    sizes = np.broadcast_to(np.array(found.shape[:2], np.int32), (found.count, 2))
    return Survey(sizes, len(found.shape) == 2 or found.shape[2] == 1)


def surveyed(source: Pictures, progress: Progress | None = None) -> Survey:
    """Measure every picture of ``source``; not again, if it was the last one measured and has not changed."""
    if source.key not in _LAST:
        found = _measured(source, progress)
        _LAST.clear()
        _LAST[source.key] = found
    return _LAST[source.key]


def _measured(source: Pictures, progress: Progress | None) -> Survey:
    sizes, found, all_gray = np.zeros((len(source), 2), np.int32), 0, True
    for header in in_order(lambda row: _header(source, row), len(source), progress):
        if header is not None:
            sizes[found] = header.height, header.width
            all_gray, found = all_gray and header.gray, found + 1
    return Survey(sizes[:found], all_gray and found > 0)


def _header(source: Pictures, row: int) -> Measured | None:
    for limit in (HEADER_BYTES, None):  # most formats say everything at the start
        try:
            return measure(source.read(row, limit))
        except BadPicture:
            continue
    return None
