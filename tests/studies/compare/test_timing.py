"""Training is timed up to three times, and within a share of the minutes that a cell has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amalgan.config.compare_options import CompareOptions
from amalgan.config.systems import FusionConfig, GanConfig
from amalgan.studies.compare import timing
from amalgan.training import budget


class Timed:
    """Takes so many seconds for a try, each of another speed."""

    def __init__(self, seconds: float, speeds: tuple[int, ...]) -> None:
        self.seconds, self.speeds, self.now, self.tries = seconds, speeds, 0.0, 0

    def images_for(self, minutes: float, *given: Any) -> int:
        self.now += self.seconds
        self.tries += 1
        return round(self.speeds[self.tries - 1] * minutes)


@pytest.mark.parametrize(
    ("seconds", "tries", "best"),
    [(1.0, 3, 900), (9.0, 3, 900), (12.0, 2, 800), (16.0, 1, 700), (500.0, 1, 700)],
)
def test_further_tries_begin_only_within_a_share_of_the_minutes(
    monkeypatch: pytest.MonkeyPatch, seconds: float, tries: int, best: int
) -> None:
    timed = Timed(seconds, (700, 800, 900))
    monkeypatch.setattr(budget, "images_for", timed.images_for)
    monkeypatch.setattr(timing, "clock_of", lambda device: lambda: timed.now)
    monkeypatch.setattr(timing, "build_system", lambda *given: FakeSystem())
    request = CompareOptions(data="digits", systems=("gan",), out=Path("unused"), cpu_minutes=10)
    assert timing.images_a_minute(request, FakeRun(), FakeData()) == best  # type: ignore[arg-type]
    assert timed.tries == tries
    assert timing.share_after(tries, tries * seconds, 10) > timing.TIMING_SHARE or tries == timing.TIMINGS


class FakeSystem:
    def to(self, device: str) -> FakeSystem:
        return self


class FakeRun:
    system, settings = "gan", None


class FakeData:
    spec = None


def test_a_timed_cycle_holds_penalties_in_their_proportion() -> None:
    for config, every in ((FusionConfig(), FusionConfig().every), (GanConfig(), 1)):
        assert budget.CYCLE.rounds % (every * config.critic.penalty_every) == 0
