"""Keeps the minutes of a run on a machine that gets busier or quieter.

    seconds of the latest rounds ÷ what such rounds took when they were timed ─► pace
    pace, settling and saving so far ─► what the rest takes ─► more or fewer rounds, at recorded moments

Rounds of a later stage, of which none has been taken yet, are expected to take what they took when they were timed,
times the pace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from amalgan.config.run import RunConfig
from amalgan.training.ledger import Ledger
from amalgan.training.loop import Report
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState
from amalgan.training.timed import Timed

CHECKS = 50
"""Times in a run that the plan is looked at."""
TOLERANCE = 0.03
"""The plan is amended where the run would end earlier or later by more than this share of its minutes."""
BESIDE = ("validating", "drawing samples", "saving")
"""Work that comes again and again as training goes on."""
SOON_ROUNDS = 10
"""After which the plan of a run is looked at that goes on with fewer minutes than it had."""
WORTH_TELLING = 0.15
"""An amendment is told where the number of rounds has changed by more than this share since it was told last."""
SHORTEST_MEMORY, MEMORY = 5.0, 0.02
"""What rounds took counts half after so many seconds, or after such a share of the minutes where that is more."""


def assume_costs(batch: int) -> Timed:
    """What is assumed where nothing was timed: all rounds are alike, and an example settled on is a forward pass."""
    return Timed((0.0, 1.0), (1.0,), 1 / (3 * batch))


@dataclass
class Forecast:
    """What the rest of a run takes."""

    run: RunConfig
    ledger: Ledger
    timed: Timed
    boundaries: tuple[float, ...]
    settled: tuple[int, int]
    """Examples of a settling on the way, and of all that is fitted at the end."""
    half_life: float = SHORTEST_MEMORY
    """Seconds after which what rounds took counts half."""
    round: int = 0
    counted: float = 0.0
    """Seconds of training that have been looked at."""
    seconds: float = 0.0
    expected: float = 0.0
    """Seconds of the latest rounds, and what they took when they were timed."""

    def observe(self, state: TrainState) -> None:
        """Look at the rounds since the last call; those of a state that was taken back are left out."""
        self.ledger.count()
        now, schedule = self.ledger.seconds["training"], state.schedule(self.run)
        if state.round > self.round:
            start, stop = schedule.progress(self.round), schedule.progress(state.round)
            keep = 0.5 ** ((now - self.counted) / self.half_life)
            rounds = (state.round - self.round) * self.timed.seconds_a_round(start, stop)
            self.seconds = keep * self.seconds + now - self.counted
            self.expected = keep * self.expected + rounds
        self.round, self.counted = state.round, now

    @property
    def pace(self) -> float:
        """How many times as long as when they were timed rounds take now."""
        return self.seconds / self.expected if self.expected else 1.0

    @property
    def a_round_share(self) -> float:
        """Share of the time that goes to rounds, where the rest goes to what comes again and again."""
        beside = sum(self.ledger.seconds[name] for name in BESIDE)
        rounds = self.ledger.seconds["training"]
        return rounds / (rounds + beside) if rounds else 1.0

    def settling(self, progress: float) -> float:
        """Seconds of all settling that is left, and of what else is done when training has ended."""
        ledger, beside = self.ledger, self.ledger.seconds["saving"] / max(1, self.ledger.times["saving"])
        on_the_way, at_the_end = self.settled
        left = sum(share > progress for share in self.boundaries)
        return self.an_example(ledger) * (left * on_the_way + at_the_end) + beside

    def an_example(self, ledger: Ledger) -> float:
        """Seconds of settling on an example: the mean so far, to which the timing counts as much as a settling."""
        usual, weight = self.timed.an_example * self.pace, self.settled[0]
        return (ledger.seconds["settling"] + usual * weight) / (ledger.examples["settling"] + weight)

    def a_round(self, progress: float) -> float:
        """Seconds of a round from ``progress`` on, with its share of what comes again and again."""
        return self.pace * self.timed.seconds_a_round(progress, 1.0) / self.a_round_share

    def left(self, state: TrainState) -> float:
        """Seconds until the model is published."""
        self.observe(state)
        schedule = state.schedule(self.run)
        progress, rounds = schedule.progress(state.round), schedule.rounds - state.round
        training = rounds * self.a_round(progress) if rounds > 0 else 0.0
        return training + self.settling(progress)


@dataclass
class Timekeeper:
    """An action of the loop: amend the number of rounds where the run would not end in time."""

    forecast: Forecast
    spent: Callable[[], float]
    """Seconds of the run that are gone."""
    processes: Processes
    log: Callable[[TrainState, dict[str, float]], None]
    tell: Callable[[str], None]
    begun: int = 0
    """Rounds that had been taken when this process began."""
    amended_at: float = float("-inf")
    """Seconds of the run that were gone when the plan was amended last."""
    said: int | None = None
    """Rounds in all that the user was told of last; None before the first amendment."""

    def __call__(self, state: TrainState) -> None:
        planned = state.schedule(self.forecast.run).rounds
        if state.time is None or state.round >= planned:
            return
        rounds = torch.tensor([self.better(state, 60 * state.time.minutes)], device=self.processes.device)
        self.processes.same([rounds])  # the first decides
        if int(rounds) != planned:
            self.amend(state, int(rounds), state.time.minutes)

    def soon(self, state: TrainState, report: Report) -> None:
        """Look at the plan of a run that goes on in less time, after some rounds, and not first at the next check."""
        if state.hurried and state.round - self.begun >= SOON_ROUNDS:
            state.hurried = False
            self(state)

    def better(self, state: TrainState, given: float) -> int:
        """Rounds in all that end within the seconds ``given``; as planned where that is near enough."""
        left, spent = self.forecast.left(state), self.spent()
        remaining, schedule = given - spent, state.schedule(self.forecast.run)
        too_soon = spent - self.amended_at < self.forecast.half_life
        if too_soon or abs(left - remaining) <= TOLERANCE * given:
            return schedule.rounds
        self.amended_at, progress = spent, schedule.progress(state.round)
        free = remaining - self.forecast.settling(progress)
        return state.round + max(1, round(free / self.forecast.a_round(progress)))

    def amend(self, state: TrainState, rounds: int, minutes: float) -> None:
        """Fix the number of rounds anew; every amendment is logged, a large one is told too."""
        run = self.forecast.run
        before, schedule = state.schedule(run).rounds, state.schedule(run).amended(state.round, rounds)
        state.amendments = schedule.amendments
        images, share = schedule.rounds * run.batch, schedule.progress(state.round)
        self.log(state, {"progress": share, "planned_images": images})
        said = self.said or before
        if abs(schedule.rounds - said) <= WORTH_TELLING * said:
            return
        more, self.said = "less" if schedule.rounds > said else "more", schedule.rounds
        self.tell(
            f"An image takes {more} time than was expected, so training ends at about {images:,} images "
            f"instead of {said * run.batch:,}: {minutes:g} minutes are kept."
        )
