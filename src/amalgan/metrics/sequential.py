"""Looking again with more seeds, without being wrong more often.

    seeds 5 ─► 10 ─► 20 ─► 40 ─► 80      each look spends half of the chance of error that is left: a/2, a/4, a/8, ...

Whoever adds seeds until there is an answer looks several times, and each look may be wrong. So a verdict is drawn at
certain numbers of seeds only, and each of these looks has its own share of the chance of error; the shares sum to less
than the whole, so all looks together are wrong no more often than is said, however many are taken (Bonferroni over
looks; Lan & DeMets 1983, Biometrika 70(3), call it spending). Seeds beyond the last look reached wait for the next.
``benchmarks/looks.py`` simulates it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

OF_EFFECTS = (5, 10, 20, 40, 80)
"""Seeds at which the effect of a change is judged."""
OF_COMPARISONS = (3, 5, 10, 20, 40, 80)
"""Seeds at which two systems are compared."""


class Look(NamedTuple):
    """One look at the seeds so far."""

    seeds: int
    """How many of them it takes: the first so many."""
    share: float
    """Of the chance of error, what this look may spend; 0 where there are too few seeds to look."""

    def level(self, whole: float = 0.95) -> float:
        """Return the level of this look's interval, where all looks together hold at ``whole``."""
        return 1 - (1 - whole) * self.share


def find_last_look(seeds: int, looks: Sequence[int]) -> Look:
    """Return the last look that so many seeds reach."""
    reached = sum(count <= seeds for count in looks)
    return Look(looks[reached - 1], 0.5**reached) if reached else Look(seeds, 0.0)


def looks_after(seeds: int, looks: Sequence[int]) -> list[Look]:
    """Return the looks that more than ``seeds`` seeds would reach, the nearest first."""
    return [find_last_look(count, looks) for count in looks if count > seeds]
