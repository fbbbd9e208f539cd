"""What is measured as training goes on, and when it stops early."""

from __future__ import annotations

import json
import math

import pytest

from amalgan.core.errors import ConfigError
from amalgan.systems import model_file
from amalgan.training.validation import Goal, Validate
from support import small
from workshop import BATCH, ROUNDS, Workshop


def curve(workshop: Workshop, out: str = "run") -> list[dict[str, float]]:
    found = model_file.load(workshop.folder / out).header["training"]["curve"]
    assert isinstance(found, list)
    return found


def test_the_curve_has_a_point_whenever_asked_and_the_model_keeps_it(workshop: Workshop) -> None:
    result = workshop.run(workshop.order(validate_every=3 * BATCH))
    points = curve(workshop)
    assert [point["images"] for point in points] == [BATCH * r for r in range(3, ROUNDS + 1, 3)]
    assert all(math.isfinite(point["psnr"]) for point in points)
    assert result.metrics == {"validation_psnr": points[-1]["psnr"]}
    assert points[-1]["psnr"] > points[0]["psnr"]


def test_until_stops_as_soon_as_the_goal_is_reached(workshop: Workshop) -> None:
    workshop.run(workshop.order(out="whole", validate_every=2 * BATCH))
    values = [point["psnr"] for point in curve(workshop, "whole")]
    goal = (values[2] + max(values[:2])) / 2
    first = next(number for number, value in enumerate(values) if value >= goal)
    result = workshop.run(workshop.order(out="until", validate_every=2 * BATCH, until=f"psnr={goal}"))
    assert result.images == 2 * BATCH * (first + 1) < ROUNDS * BATCH
    assert result.stopped is not None and result.stopped.startswith("psnr reached ")


def test_patience_stops_and_publishes_the_best(workshop: Workshop) -> None:
    fake = iter([10.0, 12.0, 11.0, 11.5, 13.0])
    workshop.patch.setattr(Validate, "measure", lambda self, name, system: next(fake))
    order = workshop.order(validate_every=2 * BATCH, patience=2)
    result = workshop.run(order)
    assert result.images == 8 * BATCH and result.stopped == "no better psnr than 12 in 2 validations"
    best = model_file.load(order.out).system.state_dict()
    workshop.patch.undo()
    at_best = workshop.order(out="short", until="psnr=-1000", validate_every=4 * BATCH)
    workshop.run(at_best)  # stops at round 4, where the second value was taken, on the same schedule
    expected = model_file.load(at_best.out).system.state_dict()
    assert all(value.equal(expected[name]) for name, value in best.items())


def test_patience_survives_a_resume(workshop: Workshop) -> None:
    from dataclasses import replace

    values = [10.0, 12.0, 11.0, 11.5, 13.0]
    fake = iter(values)
    workshop.patch.setattr(Validate, "measure", lambda self, name, system: next(fake))
    order = workshop.order(validate_every=2 * BATCH, patience=2)
    workshop.stop_at(order, 5)
    result = workshop.run(replace(order, resume=True))
    assert result.images == 8 * BATCH and result.stopped == "no better psnr than 12 in 2 validations"


def test_a_goal_reads_its_measure_and_direction() -> None:
    assert Goal.parse("psnr=24") == Goal("psnr", 24.0)
    assert Goal.parse("psnr=24").reached(24.0) and not Goal.parse("psnr=24").reached(23.9)
    assert Goal.parse("frechet=5").reached(4.9) and not Goal.parse("frechet=5").reached(5.1)
    for text in ("psnr", "psnr=", "psnr=high", "beauty=3", "=3", "psnr=nan"):
        with pytest.raises(ConfigError, match="write measure=value"):
            Goal.parse(text)


def test_a_goal_that_cannot_be_measured_is_refused_before_training(workshop: Workshop) -> None:
    workshop.strike(lambda state, report: pytest.fail("training began"))
    with pytest.raises(ConfigError, match="--until psnr: this system is measured by frechet"):
        workshop.run(workshop.order("gan", until="psnr=20"))
    with pytest.raises(ConfigError, match="write measure=value"):
        workshop.run(workshop.order(until="psnr"))


def test_the_log_is_json_lines_with_every_term(workshop: Workshop) -> None:
    order = workshop.order("fusion", images=60 * BATCH, settings=small("fusion", stages=(0.5, 0.8)))
    workshop.run(order)
    text = (order.out / "log.jsonl").read_text()
    lines = [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]
    assert [line["round"] for line in lines] == [1, 20, 40, 60]
    assert all(line["images"] == BATCH * line["round"] and line["seconds"] >= 0 for line in lines)
    named = {name.split("/")[1] for line in lines for name in line if "/" in name}
    assert {"faithful", "realistic", "adversarial", "r1", "variety"} <= named
    assert {name.split("/")[1] for name in lines[0] if "/" in name} == {"faithful"}
