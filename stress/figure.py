"""What a promise came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row of the table."""

    asked: str
    """What must hold."""
    reached: str
    """What was found, with its count."""
    broken: list[str] = field(default_factory=list)
    """What did not hold, case by case; empty where the promise is kept."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Further numbers for the JSON."""

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return not self.broken


def portion(whole: int, share: float, least: int = 1) -> int:
    """So many of ``whole`` cases."""
    return max(least, round(whole * share))
