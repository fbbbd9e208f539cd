"""From values to places along an axis, and the round numbers that stand beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from amalgan.studies.html.numbers import brief

TICKS = 5
ROOM = 0.06
"""Share of the axis left free at each end."""
DECADES = (1.0, 12.0)
"""Values that span more powers of ten, up to so many, are shown on a logarithmic axis, where it is allowed."""
MOST_POWERS = 6
EQUAL = 1e-9
"""Values that differ by less of their size are one."""


@dataclass(frozen=True)
class Scale:
    """One axis."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, values: Iterable[float], *, log: bool = False, tight: bool = False) -> Scale:
        """An axis that holds ``values``; logarithmic if ``log`` allows it and they span enough."""
        found = [value for value in values if math.isfinite(value)]
        low, high = (min(found), max(found)) if found else (0.0, 1.0)
        if log and low > 0 and DECADES[0] < math.log10(high) - math.log10(low) < DECADES[1]:
            reach = math.log10(high / low) * ROOM
            return cls(low / 10**reach, high * 10**reach, log=True)
        if high - low <= EQUAL * max(abs(low), abs(high)):
            reach = abs(high) * 0.1 or 1.0
        else:
            reach = 0.0 if tight else (high - low) * ROOM
        return cls(low - reach, high + reach)

    def place(self, value: float) -> float:
        """Where ``value`` stands: 0 at the low end, 1 at the high end."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and texts of round numbers within the axis."""
        values = powers(self.low, self.high) if self.log else rounds(self.low, self.high)
        return [(self.place(value), brief(value)) for value in values]


def rounds(low: float, high: float) -> list[float]:
    """About five multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / TICKS
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
    return [float(f"{k * step:.12g}") for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def powers(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 times them where there is room."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if last - first < 4 else (1,)
    exponents = range(first, last + 1, 1 + (last - first) // (MOST_POWERS + 1))
    found = [float(f"{factor}e{exponent}") for exponent in exponents for factor in factors]
    return [value for value in found if low <= value <= high]
