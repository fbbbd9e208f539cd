"""What work was measured to take, and the time that a run was given; kept in its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Timed:
    """Seconds of a round in every stretch of training, and of settling on an example."""

    edges: tuple[float, ...]
    """Progress at which stretches begin and end: 0, ..., 1."""
    a_round: tuple[float, ...]
    """Seconds of a round in each stretch."""
    an_example: float
    """Seconds of settling on an example."""

    def seconds_a_round(self, start: float, stop: float) -> float:
        """The mean over rounds from progress ``start`` to ``stop``, spread evenly."""
        parts = zip(pairwise(self.edges), self.a_round, strict=True)
        shared = ((max(0.0, min(stop, b) - max(start, a)), seconds) for (a, b), seconds in parts)
        return sum(share * seconds for share, seconds in shared) / (stop - start)


@dataclass(frozen=True)
class TimeBudget:
    """The minutes of a run, what it has spent of them, and what its work took at first."""

    minutes: float
    spent: float
    """Seconds."""
    timed: Timed
    threads: int | None = None
    """Threads that torch computes on; None leaves it to torch."""

    @classmethod
    def from_json(cls, facts: Mapping[str, Any] | None) -> TimeBudget | None:
        """Rebuild what ``to_json`` wrote."""
        if facts is None:
            return None
        timed = facts["timed"]
        work = Timed(tuple(timed["edges"]), tuple(timed["a_round"]), timed["an_example"])
        return cls(facts["minutes"], facts["spent"], work, facts["threads"])

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
