"""Which records train, validate, test: decided by content, so that copies never stand on both sides.

    content hash (two 64-bit halves) ─► first  below 10 % ─► test, where the data has no test split of its own
                                     └► second below  5 % ─► validation, of what would else be train

A record's place depends on its own pixels alone: adding pictures never moves another, and every machine
agrees. When chance leaves a split empty (or takes all), the content with the lowest half goes there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import BETWEEN, TEST, TRAIN, VALIDATION

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
    by: str = "content hash"
    """How splits came about that are not the data's own."""


def split(hashes: NDArray[np.uint64], given: NDArray[np.uint8]) -> Splits:
    """Share out records by ``hashes`` (N, 2), keeping to those they were ``given``; what is between two is in none."""
    apart = given == BETWEEN
    own = bool((given == TEST).any())
    test = given == TEST if own else _lowest(hashes[:, 0], given <= TRAIN, TEST_SHARE)
    validation = given == VALIDATION
    if not validation.any():
        validation = _lowest(hashes[:, 1], ~test & ~apart, VALIDATION_SHARE)
    train, validation, test = (
        np.flatnonzero(part) for part in (~test & ~validation & ~apart, validation, test)
    )
    return Splits(train, validation, test, own)


def _lowest(half: NDArray[np.uint64], among: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """Those ``among`` all whose hash lies below ``share`` of its range: of two or more contents one to a half."""
    values = half[among]
    if not len(values) or values.min() == values.max():
        return np.zeros_like(among)
    chosen = among & (half < np.uint64(int(share * 2**64)))
    fine = 0 < 2 * len(np.unique(half[chosen])) <= len(np.unique(values))
    return chosen if fine else among & (half == values.min())
