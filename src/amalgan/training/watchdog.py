"""Catches training that has gone wrong, within the round, and says in plain words what probably happened.

    non-finite loss, gradient, weight, moment or average ─► back to the last saved state, half the rate; three times
    samples all alike, or a critic that is never wrong   ─► a warning, once

Nothing that is not finite is ever saved: the watchdog stands before the saving hook.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from amalgan.errors import Diverged
from amalgan.training.loop import Report
from amalgan.training.state import TrainState

MOST_ROLLBACKS = 3
LEAST_VARIETY = 0.1
"""Generated pictures that vary less than this share of what real ones do have collapsed."""
PATIENT_ROUNDS = 200
"""A sign must hold for so many rounds in a row before it counts."""


@dataclass
class Watchdog:
    """A hook that guards the state."""

    take_back: Callable[[TrainState], None]
    """Restores the last saved state."""
    tell: Callable[[str], None]
    """Shows one sentence to the user."""
    flat_rounds: int = 0
    sure_rounds: int = 0

    def __call__(self, state: TrainState, report: Report) -> None:
        self.watch_for_collapse(report)
        bad = [name for name, value in report.items() if not math.isfinite(value)]
        if bad or not state.finite():
            self.roll_back(state, bad)

    def roll_back(self, state: TrainState, bad: list[str]) -> None:
        """Return to the last saved state at half the rate; after the third time give up."""
        where = f"{', '.join(bad)} is not finite" if bad else "a weight or an optimizer moment is not finite"
        happened = f"round {state.round}: {where}; {cause(bad)}"
        count, scale = state.rollbacks + 1, state.rate_scale / 2
        if count > MOST_ROLLBACKS:
            raise Diverged(
                f"{happened} Rolled back {MOST_ROLLBACKS} times without help; the last good state is kept."
            )
        self.take_back(state)
        state.rollbacks, state.rate_scale = count, scale
        self.tell(
            f"{happened} Back to round {state.round} with the learning rates at {scale:g} of what was asked."
        )

    def watch_for_collapse(self, report: Report) -> None:
        """Warn once when samples stay alike, and once when the critic stays unbeaten."""
        flat = report.get("critic/variety", 1.0) < LEAST_VARIETY
        sure = (
            report.get("critic/critic_right", 0.0) > 0.999
            and abs(report.get("critic/adversarial", 1.0)) < 1e-3
        )
        self.flat_rounds = self.flat_rounds + 1 if flat else 0
        self.sure_rounds = self.sure_rounds + 1 if sure else 0
        if self.flat_rounds == PATIENT_ROUNDS:
            self.tell(
                "generated pictures are nearly all alike (mode collapse). "
                "Try more images, a higher --critic.r1, or --critic.loss relativistic."
            )
        if self.sure_rounds == PATIENT_ROUNDS:
            self.tell(
                "the critic is never wrong, so the generator learns nothing from it. "
                "Try a higher --critic.r1 or a lower --critic.optimizer.rate."
            )


def cause(bad: list[str]) -> str:
    """What most often makes these numbers explode, and the flag to try."""
    if any("r1" in name or "r2" in name or "penalty" in name for name in bad):
        return "the critic became too steep: raise --critic.r1 or lower --critic.optimizer.rate."
    if any(name.startswith("critic/") for name in bad):
        return "the critic grew too strong: lower --critic.optimizer.rate or raise --critic.r1."
    if bad:
        return "the steps are too large, or the data holds extreme values: lower --optimizer.rate, see amalgan inspect."
    return "the steps are too large: lower --optimizer.rate."
