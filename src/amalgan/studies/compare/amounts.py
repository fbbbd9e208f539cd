"""Means with half their interval, as people write them: no more digits than the interval leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_COUNT = 100
"""Equal whole numbers from here on are counts, as of parameters, which do not vary by chance."""


@dataclass(frozen=True)
class Entry:
    """One place of the table: a measure of a row, over its seeds."""

    mean: float
    low: float | None
    """End of the interval; of one seed there is none."""
    high: float | None
    values: Sequence[float]
    """By seed."""
    n: int


def amount(entry: Entry) -> str:
    """``3.21 ± 0.40`` of a place in the table; no ``±`` of one seed or of a count."""
    counted = abs(entry.mean) >= LEAST_COUNT and set(entry.values) == {round(entry.mean)}
    if entry.low is None or entry.high is None or counted:
        return plain(entry.mean)
    half = (entry.high - entry.low) / 2
    return f"{plain(entry.mean)} ± 0" if half <= 1e-9 * abs(entry.mean) else rounded(entry.mean, half)


def read_amount(entry: Mapping[str, Any] | None) -> str:
    """``amount`` of a place in the table of ``report.json``; a dash where there is none."""
    return "–" if entry is None else amount(Entry(**entry))


def plain(value: float) -> str:
    """Four digits, and all of a large number."""
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def rounded(mean: float, half: float) -> str:
    """Half an interval in two digits, and the mean as far as they reach."""
    digits = 1 - math.floor(math.log10(half))
    return f"{round(mean, digits):,.{max(0, digits)}f} ± {round(half, digits):,.{max(0, digits)}f}"
