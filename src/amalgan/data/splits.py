"""Which records train, validate, test: decided by content, so that copies never stand on both sides.

    content hash (two 64-bit halves) ─► first  below 10 % ─► test, where the data has no test split of its own
                                     └► second below  5 % ─► validation, of what would else be train

A record's place depends on its own pixels alone: adding pictures never moves another, and every machine
agrees. When chance leaves a split empty, the contents with the lowest half go there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.data.store import TEST, TRAIN, VALIDATION

TEST_SHARE = 0.10
VALIDATION_SHARE = 0.05
Rows = NDArray[np.int64]


class Splits(NamedTuple):
    """Rows of a store, in its order."""

    train: Rows
    validation: Rows
    test: Rows
    own: bool
    """The test split is the data's own."""


def split(hashes: NDArray[np.uint64], given: NDArray[np.uint8]) -> Splits:
    """Share out records by ``hashes`` (N, 2), keeping to the splits they were ``given``."""
    everything = np.arange(len(given))
    own = bool((given == TEST).any())
    test = everything[given == TEST] if own else _lowest(hashes[:, 0], everything[given <= TRAIN], TEST_SHARE)
    rest = np.setdiff1d(everything, test, assume_unique=True)
    validation = rest[given[rest] == VALIDATION]
    if not len(validation):
        validation = _lowest(hashes[:, 1], rest, VALIDATION_SHARE)
    return Splits(np.setdiff1d(rest, validation, assume_unique=True), validation, test, own)


def _lowest(half: NDArray[np.uint64], rows: Rows, share: float) -> Rows:
    """The ``rows`` whose hash lies below ``share`` of its range; at least one content if there are two."""
    values = half[rows]
    if not len(values) or values.min() == values.max():
        return rows[:0]
    chosen = values < np.uint64(int(share * 2**64))
    return rows[chosen if chosen.any() else values == values.min()]
