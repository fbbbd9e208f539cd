"""Budgets are counted in images, once whatever the number of phases."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from amalgan.errors import ConfigError, UsageError
from amalgan.training import budget, loop
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
    order = workshop.order("fusion", images=None, minutes=0.05)
    workshop.stop_at(order, 5)
    planned = json.loads((order.out / "run.json").read_text())["images"]
    assert planned % BATCH == 0 and planned > 5 * BATCH
    workshop.patch.setattr(budget, "images_for", lambda *_: pytest.fail("timed again"))
    assert workshop.run(replace(order, resume=True)).images == planned


def test_timed_rounds_are_thrown_away(workshop: Workshop) -> None:
    order = workshop.order("gan", images=None, minutes=0.01)
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
    assert budget.TIMED_ROUNDS >= 10


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("inf"), float("nan")])
def test_minutes_that_are_no_time_are_refused(minutes: float, workshop: Workshop) -> None:
    with pytest.raises(UsageError, match="--minutes is"):
        workshop.run(workshop.order(images=None, minutes=minutes))


@pytest.mark.parametrize("images", [0, 1, -5])
def test_fewer_images_than_a_batch_are_refused(images: int, workshop: Workshop) -> None:
    with pytest.raises(ConfigError, match=f"{images} images are fewer than one batch of {BATCH}"):
        workshop.run(workshop.order(images=images))


def test_the_first_round_of_a_stage_is_the_first_at_or_after_its_share(workshop: Workshop) -> None:
    from amalgan.config.run import RunConfig

    for rounds in range(1, 60):
        run = RunConfig(system="gan", settings=None, data="x", images=rounds * BATCH, batch=BATCH)
        for share in (0.1, 0.29, 1 / 3, 0.4, 0.7, 0.85, 0.999):
            first = loop.round_at(run, share)
            assert first / rounds >= share > (first - 1) / rounds
