"""How far a run is: its progress rises from 0 to 1, even where the number of rounds is amended on the way.

    rounds as first planned, amendments, round ─► progress

    p = p0 + (1 - p0) (round - r0) / (rounds - r0)        from an amendment at round r0 and progress p0 on

Whatever depends on progress (rates, phases, settling, validation, sheets) comes as often and in the same order as in a
run that was never amended. Without amendments p = round / rounds.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import NamedTuple


class Amendment(NamedTuple):
    """A moment at which the number of rounds was fixed anew."""

    round: int
    """Rounds that had been taken."""
    progress: float
    """How far the run was then."""
    rounds: int
    """Rounds in all, from then on."""


@dataclass(frozen=True)
class Schedule:
    """The rounds of a run."""

    planned: int
    """Rounds in all, as first planned."""
    amendments: tuple[Amendment, ...] = ()

    @property
    def rounds(self) -> int:
        """Rounds in all, as things stand."""
        return self.amendments[-1].rounds if self.amendments else self.planned

    def progress(self, round: int) -> float:
        """Share of training done after so many rounds."""
        start = next(
            (one for one in reversed(self.amendments) if one.round <= round), Amendment(0, 0.0, self.planned)
        )
        return start.progress + (1 - start.progress) * ((round - start.round) / (start.rounds - start.round))

    def amended(self, round: int, rounds: int) -> Schedule:
        """The same up to ``round``, and ``rounds`` in all, at least one more."""
        new = Amendment(round, self.progress(round), max(rounds, round + 1))
        return replace(self, amendments=(*self.amendments, new))

    def first_round(self, share: float) -> int:
        """The first round whose progress is at least ``share``."""
        return bisect_left(range(self.rounds), share, key=self.progress)

    def passed(self, round: int, shares: tuple[float, ...]) -> bool:
        """Whether one of ``shares`` is reached by ``round`` and was not by the round before it."""
        before = self.progress(round - 1) if round else -1.0
        return any(before < share <= self.progress(round) for share in shares)
