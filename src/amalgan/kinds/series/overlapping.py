"""Arrays whose windows were cut from one recording and overlap: found by their numbers, and split by time.

window k    ├──────────────┤            equal numbers, a shift of ``step`` apart, from each window to the next
window k+1       ├──────────────┤       ─► first rows train, last ones test, a window's length left out between
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import ANY, BETWEEN, TEST, TRAIN, VALIDATION
from amalgan.data.readers.sources import Block
from amalgan.kinds.series.windows import TEST_SHARE, VALIDATION_SHARE

ASKED = 64
"""Pairs of windows that are looked at."""
LEAST = 4
"""Steps that two windows must have in common to be said to overlap."""


def step_of(x: NDArray[Any]) -> int | None:
    """By how many steps each of the windows (N, C, T) is later than the one before; None where most are not."""
    pairs = min(ASKED, len(x) - 1)
    if pairs < 2:
        return None
    shifts = [shift(x[at], x[at + 1]) for at in range(pairs)]
    known = Counter(one for one in shifts if one is not None)
    usual, times = known.most_common(1)[0] if known else (None, 0)
    return usual if times > pairs / 2 else None


def shift(one: NDArray[Any], later: NDArray[Any]) -> int | None:
    """The least shift at which two windows (C, T) agree in varying numbers; None where they do nowhere."""
    steps = one.shape[1]
    first = later[:, :LEAST]
    for at in range(1, steps - LEAST + 1):
        common = later[:, : steps - at]
        if np.array_equal(one[:, at : at + LEAST], first) and np.array_equal(one[:, at:], common):
            return at if np.ptp(common, axis=1).any() else None
    return None


def edges_of(count: int, gap: int) -> tuple[int, int, int, int] | None:
    """Rows at which training ends, validation begins and ends, and tests begin; None where there are too few."""
    usable = count - 2 * gap
    held, test = (max(1, int(share * usable)) for share in (VALIDATION_SHARE, TEST_SHARE))
    train = usable - held - test
    return None if train < 1 else (train, train + gap, train + gap + held, train + 2 * gap + held)


def split_apart(block: Block, start: int, edges: tuple[int, int, int, int]) -> list[Block]:
    """A block whose first row is ``start``, as blocks of one split each; what has a split keeps it."""
    if block.split != ANY:
        return [block]
    kept = np.ones(len(block.values), bool) if block.kept is None else block.kept
    rows = start + np.arange(len(kept))
    split = np.full(len(kept), BETWEEN)
    train, held, held_end, test = edges
    split[rows < train], split[(rows >= held) & (rows < held_end)], split[rows >= test] = (
        TRAIN,
        VALIDATION,
        TEST,
    )
    cuts = [0, *(np.flatnonzero(np.diff(split)) + 1).tolist(), len(kept)]
    return [part(block, kept, a, b, int(split[a])) for a, b in pairwise(cuts) if b > a]


def part(block: Block, kept: NDArray[np.bool_], a: int, b: int, split: int) -> Block:
    """The rows from a to b of a block."""
    good = slice(int(kept[:a].sum()), int(kept[:b].sum()))
    bad = slice(int((~kept[:a]).sum()), int((~kept[:b]).sum()))
    return replace(
        block,
        values=block.values[good],
        labels=block.labels[good],
        names=block.names[good],
        bad=dict(list(block.bad.items())[bad]),
        kept=kept[a:b],
        split=split,
    )
