"""Catches training that has gone wrong, and says in plain words what probably happened.

    a number that is not finite          ─► back to the last good state, half the rate; three times
    a loss that explodes, or             ─► the same, within 25 rounds
    reconstructions far worse than best  ─► the same, within 25 rounds
    worse than the simplest guess again  ─► the same, within 50 rounds
    never better than the simplest guess ─► a warning, once, after 200 rounds
    samples all alike, or a critic that is never wrong ─► a warning, once

The simplest guess is the mean example, or the damaged picture itself for a system that restores (`baseline`).
The last good state is kept in memory: it is taken where reconstructions were near their best, so never inside a rise.
Nothing that is not finite is ever saved: the watchdog stands before the saving hook.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from amalgan.config.training_signs import ALL_ALIKE, NEVER_WRONG, PATIENT_ROUNDS, is_flat, is_sure
from amalgan.core.errors import Diverged
from amalgan.systems.base import System
from amalgan.training.baseline import LEARNED, guess_of, outputs_of
from amalgan.training.loop import Report
from amalgan.training.state import TrainState

MOST_ROLLBACKS = 3
CHECK_ROUNDS = 25
"""Rounds between two looks at the reconstructions."""
RISEN, LEAST_RISEN = 4.0, 0.25
"""Reconstructions have diverged whose error is four times the best one, and a quarter of that of the simplest guess."""
LOST_CHECKS = 2
"""So have those that are worse than the guess, after they were better, in so many checks in a row."""
GOOD = 1.5
"""A state whose error is at most so many times the best one may be gone back to."""
EXPLODED = 1e4
"""No healthy term of a loss comes near this: logits and errors are of the order of 1."""
LEARNING_ROUNDS = 200
"""A network that is no better than the simplest guess after so many rounds learns nothing."""


@dataclass
class Watchdog:
    """A hook that guards the state."""

    keep: Callable[[TrainState], None]
    """Remembers the state as the one to go back to."""
    take_back: Callable[[TrainState], None]
    """Makes the state what was remembered."""
    tell: Callable[[str], None]
    """Shows one sentence to the user."""
    ratio: Callable[[System], float | None] = lambda system: None
    """The error of a system's reconstructions over that of the simplest guess, the same for all processes."""
    best: float = math.inf
    lost_checks: int = 0
    flat_rounds: int = 0
    sure_rounds: int = 0
    said: set[str] = field(default_factory=set)

    def __call__(self, state: TrainState, report: Report) -> None:
        self.watch_for_collapse(report)
        bad = [name for name, value in report.items() if not math.isfinite(value)]
        if bad or not state.finite():
            what = (
                f"{', '.join(bad)} is not finite" if bad else "a weight or an optimizer moment is not finite"
            )
            self.roll_back(state, what, cause(bad))
        elif exploded := [name for name, value in report.items() if abs(value) > EXPLODED]:
            self.roll_back(state, f"{', '.join(exploded)} has exploded", cause(exploded))
        elif state.round % CHECK_ROUNDS == 0:
            self.check(state)

    def check(self, state: TrainState) -> None:
        """Compare the reconstructions with the simplest guess and with the best ones so far."""
        ratio = self.ratio(state.system)
        if ratio is None:
            self.keep(state)
        elif self.has_diverged(ratio):
            found = f"{outputs_of(state.system)} are {ratio:.3g} times as far off as {guess_of(state.system)}"
            before = f", where {self.best:.3g} times was reached before" if self.best < 1 else ""
            self.roll_back(state, found + before, cause([]))
        else:
            self.best = min(self.best, ratio)
            if ratio <= GOOD * self.best and not self.lost_checks:
                self.keep(state)
            if state.round >= LEARNING_ROUNDS and self.best > LEARNED:
                about = {"outputs": outputs_of(state.system), "guess": guess_of(state.system)}
                self.warn(NOTHING_LEARNED, round=state.round, **about)

    def has_diverged(self, ratio: float) -> bool:
        """Whether the error is far above the best one, or repeatedly above the guess that was once beaten."""
        is_lost = self.best <= LEARNED and not ratio < 1
        self.lost_checks = self.lost_checks + 1 if is_lost else 0
        return not ratio < max(LEAST_RISEN, RISEN * min(1.0, self.best)) or self.lost_checks == LOST_CHECKS

    def roll_back(self, state: TrainState, what: str, why: str) -> None:
        """Return to the last good state at half the rate; after the third time give up.

        Raises:
            Diverged: it has been done three times.
        """
        happened = f"round {state.round}: {what}; {why}"
        count, scale = state.rollbacks + 1, state.rate_scale / 2
        if count > MOST_ROLLBACKS:
            raise Diverged(
                f"{happened} Rolled back {MOST_ROLLBACKS} times without help; the last good state is kept."
            )
        self.take_back(state)
        self.lost_checks = 0
        state.rollbacks, state.rate_scale = count, scale
        self.tell(
            f"{happened} Back to round {state.round} with the learning rates at {scale:g} of what was asked."
        )

    def watch_for_collapse(self, report: Report) -> None:
        """Warn once when samples stay alike, and once when the critic stays unbeaten."""
        self.flat_rounds = self.flat_rounds + 1 if is_flat(report) else 0
        self.sure_rounds = self.sure_rounds + 1 if is_sure(report) else 0
        if self.flat_rounds == PATIENT_ROUNDS:
            self.warn(ALL_ALIKE)
        if self.sure_rounds == PATIENT_ROUNDS:
            self.warn(NEVER_WRONG)

    def warn(self, sentence: str, **values: int | str) -> None:
        """Show ``sentence`` with its values, the first time that it is due."""
        if sentence not in self.said:
            self.said.add(sentence)
            self.tell(sentence.format(**values))


NOTHING_LEARNED = (
    "round {round}: {outputs} are no better than {guess}, so nothing is learned yet. "
    "See amalgan inspect for what is unusual about the data, or try a lower --optimizer.rate."
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
