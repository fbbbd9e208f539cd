"""``--minutes`` are kept while the machine gets busier or quieter, and the run can still be replayed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from amalgan.training import loop
from amalgan.training.result import Result
from amalgan.training.state import TrainState
from amalgan.training.timekeeping import SOON_ROUNDS, WORTH_TELLING
from support import small
from workshop import BATCH, Workshop, tensors_in

MINUTES = 1.0


@dataclass
class Machine:
    """A clock that goes on by what rounds and settling take."""

    a_round: Callable[[float], float]
    """Seconds of a round, by the seconds that have gone."""
    settling: float = 0.0
    now: float = 0.0
    slow: Callable[[float], float] = lambda progress: 1.0
    """How much dearer a round is, by progress."""

    @classmethod
    def installed(cls, workshop: Workshop, a_round: Callable[[float], float], **named: Any) -> Machine:
        """Rounds and settling take their time from now on."""
        machine = cls(a_round, **named)
        rounds, settles = loop.take_round, loop.settle

        def take_round(*args: Any, progress: float, **options: Any) -> loop.Report:
            machine.now += machine.a_round(machine.now) * machine.slow(progress)
            return rounds(*args, progress=progress, **options)

        def settle(*args: Any, **options: Any) -> None:
            machine.now += machine.settling
            settles(*args, **options)

        workshop.patch.setattr(loop, "take_round", take_round)
        workshop.patch.setattr(loop, "settle", settle)
        return machine

    def __call__(self) -> float:
        return self.now


def steady(seconds: float) -> float:
    return 0.2


def busier(seconds: float) -> float:
    return 0.2 if seconds < 25 else 0.7


def quieter(seconds: float) -> float:
    return 0.7 if seconds < 25 else 0.2


def by_turns(seconds: float) -> float:
    return 0.2 if seconds % 20 < 10 else 0.5


def amendments(out: Path) -> list[dict[str, float]]:
    """The lines of the log that tell of one."""
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "planned_images" in line]


def run_for_a_minute(
    workshop: Workshop, machine: Machine, system: str = "fusion", **changes: Any
) -> tuple[Result, Path]:
    changes = {"settings": small("fusion", stages=(0.4, 0.7))} | changes if system == "fusion" else changes
    order = workshop.order(system, images=None, minutes=MINUTES, validate_every=None, **changes)
    return workshop.run(order, clock=machine), order.out


@pytest.mark.parametrize("a_round", [steady, busier, quieter, by_turns])
@pytest.mark.parametrize("system", ["autoencoder", "fusion"])
def test_a_minute_is_kept(
    system: str,
    a_round: Callable[[float], float],
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = Machine.installed(workshop, a_round, settling=0.3)
    result, out = run_for_a_minute(workshop, machine, system)
    assert machine.now == pytest.approx(60 * MINUTES, rel=0.1)
    told = amendments(out)
    if a_round is not steady:
        assert told and told[-1]["planned_images"] == result.images
        said = re.findall(r"ends at about ([\d,]+) images", capsys.readouterr().err)
        assert 1 <= len(said) <= len(told)
        assert result.images == pytest.approx(int(said[-1].replace(",", "")), rel=WORTH_TELLING)


def test_a_stage_that_is_dearer_than_when_it_was_timed_is_made_up_for(workshop: Workshop) -> None:
    machine = Machine.installed(workshop, steady, settling=1.0)
    whole = loop.train

    def train(*args: Any) -> None:
        machine.slow = lambda progress: 3.0 if progress >= 0.4 else 1.0  # not so when rounds were timed
        whole(*args)

    workshop.patch.setattr(loop, "train", train)
    run_for_a_minute(workshop, machine)
    assert machine.now == pytest.approx(60 * MINUTES, rel=0.1)


@pytest.mark.parametrize("a_round", [busier, quieter])
def test_an_amended_run_validates_draws_and_settles_as_often_and_in_order(
    a_round: Callable[[float], float], workshop: Workshop
) -> None:
    machine = Machine.installed(workshop, a_round)
    settled: list[float] = []
    whole = loop.settle_if_due

    def settle_if_due(run: Any, data: Any, state: TrainState, *rest: Any) -> None:
        if state.schedule(run).passed(state.round, tuple(state.system.boundaries())):
            settled.append(state.schedule(run).progress(state.round))
        whole(run, data, state, *rest)

    workshop.patch.setattr(loop, "settle_if_due", settle_if_due)
    result, out = run_for_a_minute(workshop, machine)
    curve = [point["images"] for point in curve_of(out)]
    assert amendments(out) and len(curve) == 20 and curve == sorted(curve)
    assert 0.97 * result.images <= curve[-1] <= result.images
    assert len(list((out / "samples").glob("rebuilt-*"))) == 10 + (
        curve[-1] < result.images
    )  # the last: published
    expected = [0.4, 0.55, 0.7, 0.85]
    assert settled == pytest.approx(expected, abs=0.05) and all(
        at >= share for at, share in zip(settled, expected, strict=True)
    )


def curve_of(out: Path) -> list[dict[str, float]]:
    from amalgan.systems import model_file

    found = model_file.info(out / "model.safetensors")["training"]["curve"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("stop", [3, 60, 130])
def test_an_amended_run_that_stopped_and_went_on_is_the_one_that_never_stopped(
    stop: int, workshop: Workshop
) -> None:
    """The number of rounds is amended by force after round 50 and round 100, as a clock would."""

    def forced(state: TrainState, report: loop.Report) -> None:
        for at, rounds in ((50, 260), (100, 150)):
            if state.round == at:
                state.amendments = state.schedule(plan[0]).amended(at, rounds).amendments

    plan: list[Any] = []
    whole = loop.train

    def train(run: Any, *args: Any) -> None:
        plan[:] = [run]
        whole(run, *args)

    workshop.patch.setattr(loop, "train", train)
    workshop.strike(forced)
    settings = small("fusion", stages=(0.4, 0.7))
    orders = [
        workshop.order("fusion", out, images=200 * BATCH, settings=settings) for out in ("whole", "stopped")
    ]
    assert workshop.run(orders[0]).images == 150 * BATCH
    workshop.stop_at(orders[1], stop)
    result = workshop.run(replace(orders[1], resume=True))
    assert result.resumed_at_images == stop * BATCH and result.images == 150 * BATCH
    models = [(order.out / "model.safetensors").read_bytes() for order in orders]
    assert models[0] == models[1]
    first, second = (tensors_in(order.out) for order in orders)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_run_that_goes_on_has_only_the_minutes_that_are_left_or_those_it_is_given(
    workshop: Workshop,
) -> None:
    machine = Machine.installed(workshop, steady)
    order = workshop.order(images=None, minutes=MINUTES)
    workshop.stop_at(order, 100, clock=machine)
    before = machine.now
    assert before == pytest.approx(20, abs=5)
    machine.now = 1000.0  # a clock of another process
    workshop.run(replace(order, resume=True, minutes=None), clock=machine)
    assert before + machine.now - 1000 == pytest.approx(60 * MINUTES, rel=0.1)


def test_more_minutes_may_be_given_to_a_run_that_goes_on(workshop: Workshop) -> None:
    machine = Machine.installed(workshop, steady)
    order = workshop.order(images=None, minutes=MINUTES)
    workshop.stop_at(order, 100, clock=machine)
    workshop.run(replace(order, resume=True, minutes=2 * MINUTES), clock=machine)
    assert machine.now == pytest.approx(120 * MINUTES, rel=0.1)


def test_a_run_that_goes_on_with_next_to_no_minutes_ends_at_once(workshop: Workshop) -> None:
    machine = Machine.installed(workshop, steady)
    order = workshop.order(images=None, minutes=100 * MINUTES)
    workshop.stop_at(order, 100, clock=machine)
    result = workshop.run(replace(order, resume=True, minutes=0.02 * MINUTES), clock=machine)
    assert result.images <= (100 + SOON_ROUNDS + 2) * BATCH


def test_a_number_of_images_is_never_amended(workshop: Workshop) -> None:
    machine = Machine.installed(workshop, busier)
    order = workshop.order(images=200 * BATCH)
    assert workshop.run(order, clock=machine).images == 200 * BATCH
    assert not amendments(order.out)
