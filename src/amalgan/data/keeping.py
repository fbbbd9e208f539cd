"""A part of the training pictures, to see what little data does.

    training split ─► every class in order of content hash ─► the first of each class, the second, … ─► as many as asked

The picks depend on content alone and are nested: what 1 % keeps, 10 % keeps too. Validation and test splits stay whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from amalgan.data.records import Records


def keep(records: Records, most: float) -> Records:
    """``most`` of the records (a share below 1, or a number), each class as often as it can be; in their order."""
    count = round(most * len(records)) if most < 1 else min(int(most), len(records))
    hashes = records.store.hashes[records.index][:, 1]
    order = np.lexsort((hashes, records.labels))
    turn = ordinals(records.labels[order])
    rows = order[np.lexsort((hashes[order], turn))][: max(1, count)]
    return records.select(np.sort(rows))


def ordinals(grouped: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many equal values stand before each of ``grouped``, in which equal values are neighbors."""
    _, start, count = np.unique(grouped, return_index=True, return_counts=True)
    found: NDArray[np.int64] = np.arange(len(grouped)) - np.repeat(start, count)
    return found
