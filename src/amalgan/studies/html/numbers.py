"""Numbers as people read them: as many digits as the measurement supports."""

from __future__ import annotations

import math

ABSENT = "–"
DIGITS = 4
SMALLEST = 1e-3
LARGE = 1000
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None) -> str:
    """Four digits; whole numbers whole; a dash for what was not measured."""
    if value is None:
        return ABSENT
    if value == round(value) and abs(value) < 1e15:
        return use_minus_sign(f"{value:,.0f}")
    if abs(value) >= LARGE:
        return use_minus_sign(f"{value:,.{max(0, DIGITS - 1 - magnitude(value))}f}")
    if abs(value) < SMALLEST:
        return power(value)
    return use_minus_sign(f"{value:.{DIGITS - 1 - magnitude(value)}f}")


def power(value: float) -> str:
    """``1.2 × 10⁻⁵``."""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{use_minus_sign(digits)} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def use_minus_sign(text: str) -> str:
    """The same with a true minus sign."""
    return text.replace("-", "−")


def magnitude(value: float) -> int:
    """The power of ten of the first digit."""
    return math.floor(math.log10(abs(value))) if value else 0


def within(value: float, reach: float) -> tuple[str, str]:
    """A mean and half its interval, both to the second digit of the latter, but no more than five of the mean."""
    if not reach or max(abs(value), reach) < SMALLEST:
        return number(value), number(reach)
    least = DIGITS - magnitude(max(abs(value), reach))
    places = max(0, min(1 - magnitude(reach), least))
    shown = f"{reach:,.{places}f}" if reach >= 0.5 * 10**-places else f"< {10**-places:.{places}f}"
    return use_minus_sign(f"{value:,.{places}f}"), shown


def chance(value: float | None) -> str:
    """A p-value."""
    if value is None:
        return ABSENT
    return "< 0.001" if value < SMALLEST else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def percent(share: float) -> str:
    """A share as people say it."""
    return f"{100 * share:.1f} %"


def brief(value: float) -> str:
    """As it stands at an axis: ``0.05``, ``12k``, ``1.5M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * (10 if letter == "k" else 1):
            return use_minus_sign(f"{value / size:g}{letter}")
    return use_minus_sign(f"{value:g}")
