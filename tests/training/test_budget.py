"""Budgets are counted in images, once whatever the number of phases."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from amalgan.core.errors import ConfigError, UsageError
from amalgan.training import budget, job
from support import build
from workshop import BATCH, ROUNDS, Workshop


@pytest.mark.parametrize("name", ["autoencoder", "gan", "fusion"])
def test_images_are_counted_once_whatever_the_number_of_phases(name: str, workshop: Workshop) -> None:
    rounds: list[int] = []
    workshop.strike(lambda state, report: rounds.append(state.images))
    order = workshop.order(name)
    result = workshop.run(order)
    assert rounds == [BATCH * (number + 1) for number in range(ROUNDS)]
    assert result.images == json.loads((order.out / "run.json").read_text())["images"] == ROUNDS * BATCH


def test_a_budget_that_is_no_whole_number_of_batches_is_rounded_up(workshop: Workshop) -> None:
    assert workshop.run(workshop.order(images=3 * BATCH + 1)).images == 4 * BATCH


def test_minutes_become_images_that_run_json_holds_and_resume_does_not_time_again(workshop: Workshop) -> None:
    order = workshop.order("fusion", images=None, minutes=0.2)
    workshop.stop_at(order, 5)
    planned = json.loads((order.out / "run.json").read_text())["images"]
    assert planned % BATCH == 0 and planned > 5 * BATCH
    workshop.patch.setattr(budget, "time_work", lambda *_, **named: pytest.fail("timed again"))
    result = workshop.run(replace(order, resume=True))
    assert result.resumed_at_images == 5 * BATCH < result.images
    assert json.loads((order.out / "run.json").read_text())["images"] == planned


def test_timed_rounds_are_thrown_away(workshop: Workshop) -> None:
    order = workshop.order("gan", images=None, minutes=0.2)
    workshop.patch.setattr(job, "CHECKS", 1)  # the plan is looked at when it is over: never amended
    workshop.run(order)
    planned = json.loads((order.out / "run.json").read_text())["images"]
    workshop.run(workshop.order("gan", "same", images=planned))
    same = workshop.folder / "same" / "model.safetensors"
    assert (order.out / "model.safetensors").read_bytes() == same.read_bytes()


def test_every_stretch_in_which_a_round_costs_the_same_is_timed_and_weighed() -> None:
    for name in ("autoencoder", "gan", "fusion"):
        system = build(name)
        stretches = budget.intervals(system)
        assert stretches[0][0] == 0 and stretches[-1][1] == 1
        assert sum(stop - start for start, stop in stretches) == pytest.approx(1)
        for start, stop in stretches:
            for phase in system.phases():
                assert phase.active(0, start) == phase.active(0, (start + stop) / 2), (name, phase.name)
    assert budget.THOROUGH.rounds >= 10


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("inf"), float("nan")])
def test_minutes_that_are_no_time_are_refused(minutes: float, workshop: Workshop) -> None:
    with pytest.raises(UsageError, match="--minutes is"):
        workshop.run(workshop.order(images=None, minutes=minutes))


@pytest.mark.parametrize("images", [0, 1, -5])
def test_fewer_images_than_a_batch_are_refused(images: int, workshop: Workshop) -> None:
    with pytest.raises(ConfigError, match=f"{images} images are fewer than one batch of {BATCH}"):
        workshop.run(workshop.order(images=images))
