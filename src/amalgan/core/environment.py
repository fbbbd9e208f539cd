"""What others set for this process: numbers in environment variables, typed and bounded or refused; its cores."""

from __future__ import annotations

import math
import os

from amalgan.core.errors import UsageError

MOST = 2**31 - 1


def whole_number(name: str, default: int, *, least: int = 0) -> int:
    """Return the whole number in the variable ``name``; ``default`` where it is not set or empty.

    Raises:
        UsageError: it holds something else.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and least <= int(text) <= MOST):
        raise UsageError(
            f"the variable {name} is {text[:40]!r}; expected a whole number from {least}. Set or unset it."
        )
    return int(text)


def number(name: str, default: float) -> float:
    """Return the number, 0 or more, in the variable ``name``; ``default`` where it is not set or empty.

    Raises:
        UsageError: it holds something else.
    """
    text = os.environ.get(name, "").strip()
    try:
        found = float(text) if text else default
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise UsageError(f"the variable {name} is {text[:40]!r}; expected a number from 0. Set or unset it.")
    return found


def cores() -> int:
    """Return how many cores this process may use: schedulers and ``taskset`` leave it some of the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
