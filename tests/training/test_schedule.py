"""Progress: how far a run is, also where the number of rounds is amended on the way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgan.config.run import RunConfig
from amalgan.training.hooks import Periodic
from amalgan.training.schedule import Schedule
from amalgan.training.state import TrainState
from support import build

BATCH = 8


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Schedules that were amended some times."""
    schedule, round = Schedule(draw(st.integers(1, 400))), 0
    for _ in range(draw(st.integers(0, 5))):
        if round + 1 >= schedule.rounds:
            break
        round = draw(st.integers(round, schedule.rounds - 1))
        schedule = schedule.amended(round, draw(st.integers(0, 800)))
    return schedule


@given(schedules())
def test_progress_rises_from_0_to_1_without_a_jump(schedule: Schedule) -> None:
    every = [schedule.progress(round) for round in range(schedule.rounds + 1)]
    assert every[0] == 0 and every[-1] == 1
    assert all(before < after for before, after in pairwise(every))
    for amendment in schedule.amendments:
        assert schedule.progress(amendment.round) == amendment.progress


@given(schedules(), st.integers(1, 50))
def test_an_amendment_changes_nothing_of_what_was(schedule: Schedule, more: int) -> None:
    at = schedule.rounds // 2
    amended = schedule.amended(at, at + more)
    assert amended.rounds == at + more
    assert [amended.progress(r) for r in range(at + 1)] == [schedule.progress(r) for r in range(at + 1)]


def test_without_amendments_progress_is_the_share_of_rounds_and_stages_begin_at_it() -> None:
    for rounds in range(1, 60):
        schedule = Schedule(rounds)
        assert [schedule.progress(r) for r in range(rounds)] == [r / rounds for r in range(rounds)]
        for share in (0.1, 0.29, 1 / 3, 0.4, 0.7, 0.85, 0.999):
            first = schedule.first_round(share)
            assert first / rounds >= share > (first - 1) / rounds
            assert [r for r in range(rounds + 1) if schedule.passed(r, (share,))] == [first]


@given(schedules(), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6))
def test_every_boundary_is_passed_once(schedule: Schedule, shares: list[float]) -> None:
    for share in shares:
        assert sum(schedule.passed(round, (share,)) for round in range(schedule.rounds + 1)) == 1


def calls(run: RunConfig, schedule: Schedule, every: int) -> list[int]:
    """Rounds after which a periodic action is taken."""
    state, found = TrainState.fresh(build("autoencoder")), []
    state.amendments = schedule.amendments
    hook = Periodic(lambda now: found.append(now.round), run, every, run.rounds * run.batch)
    for state.round in range(1, schedule.rounds + 1):
        hook(state, {})
    return found


@pytest.mark.parametrize("images", [160, 163, 1000, 4999, 12_345])
@pytest.mark.parametrize("parts", [7, 10, 20, 100])
def test_a_periodic_action_comes_with_the_images_that_were_planned(images: int, parts: int) -> None:
    run = RunConfig(system="autoencoder", settings=None, data="x", images=images, batch=BATCH)
    every = max(BATCH, images // parts)
    by_images = [r for r in range(1, run.rounds + 1) if r * BATCH // every > (r - 1) * BATCH // every]
    assert calls(run, Schedule(run.rounds), every) == by_images


@pytest.mark.parametrize("rounds", [300, 1000, 3000])
def test_an_amended_run_takes_it_as_often(rounds: int) -> None:
    run = RunConfig(system="autoencoder", settings=None, data="x", images=1000 * BATCH, batch=BATCH)
    schedule = Schedule(1000).amended(155, rounds)
    found = calls(run, schedule, 50 * BATCH)
    assert len(found) == 20 and found[-1] == rounds
    assert found[:3] == [50, 100, 150]
