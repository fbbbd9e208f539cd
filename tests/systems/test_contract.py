"""What every system must keep to. They are found by name, so a new system is held to it unasked."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import torch

from amalgan.checking.contract import Check
from amalgan.checking.findings import CHECKS, find
from amalgan.config.code import grid_of
from amalgan.core.randomness import build_seeded
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.systems import model_file, registry
from amalgan.systems.base import System
from support import (
    GRAY,
    SPECS,
    build,
    built_in,
    examples,
    outputs,
    settled,
    small,
    stretches,
    tick,
    warmed,
)

SYSTEMS = built_in()
every_system = pytest.mark.parametrize("name", SYSTEMS)


@every_system
@pytest.mark.parametrize("check", CHECKS, ids=[check.says for check in CHECKS])
def test_it_keeps_what_a_system_of_your_own_is_checked_for(name: str, check: Check) -> None:
    finding = find(check, name)
    if finding.left_out:
        pytest.skip(finding.left_out)
    assert finding.faults == ()


@every_system
def test_resolving_fills_in_what_the_weights_depend_on(name: str) -> None:
    config = small(name)
    resolved = config.resolved(GRAY)
    assert resolved.resolved(GRAY) == resolved
    assert None not in (getattr(resolved, field.name) for field in fields_of(resolved))


@every_system
@pytest.mark.parametrize("spec", [GRAY, SPECS["color"]], ids=["8x8 gray", "16x16 color"])
def test_its_code_may_lie_on_a_map(name: str, spec: DataSpec, tmp_path: Path) -> None:
    if "code" not in {field.name for field in fields_of(small(name))}:
        pytest.skip("has no choice of layouts")
    cells, batch = grid_of(spec).cells, examples(spec)
    settings = small(name, code="map", code_size=cells).resolved(spec)
    system = build_seeded(lambda: registry.system_class(name)(settings, spec), 0)
    state = warmed(system, batch, stretches(system)[-1], rounds=2)
    model_file.publish(tmp_path / "model.safetensors", state.system, name=name, facts={})
    loaded = dict(outputs(model_file.load(tmp_path / "model.safetensors").system, batch))
    assert loaded["encode"].shape == (len(batch.x), cells) and loaded["decode"].shape == batch.x.shape
    assert all(torch.equal(output, loaded[ability]) for ability, output in outputs(state.system, batch))


@every_system
def test_it_generates_the_class_asked_for_and_any_class_as_often_as_it_occurs(name: str) -> None:
    system = build(name)
    if not hasattr(system, "generate"):
        pytest.skip("does not generate")
    settled(system, examples())
    first, second = (made(system, label) for label in (0, 1))
    assert not torch.equal(first, second)
    settled(system, examples(label=1))  # now all there is are pictures of class 1
    assert torch.equal(made(system, UNLABELED), made(system, 1))
    assert torch.equal(made(system, 2), made(system, 1))


@every_system
def test_what_it_generates_varies_less_at_a_lower_temperature(name: str) -> None:
    system = build(name)
    if not hasattr(system, "generate"):
        pytest.skip("does not generate")
    settled(system, examples(count=64))
    assert torch.equal(made(system, 1, temperature=1.0), made(system, 1))
    spreads = [float(made(system, 1, temperature=t).std(0).mean()) for t in (0.0, 0.5, 1.0)]
    assert spreads[0] < spreads[1] < spreads[2]


def made(system: System, label: int, **draws: Any) -> torch.Tensor:
    with torch.no_grad():
        return system.generate(torch.full((8,), label), replace(tick(0, 0.0, 8).draws, **draws))


def choices(config: Any, place: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every value of every Literal and switch of a configuration, with the fields that lead to it."""
    hints = get_type_hints(type(config))
    found: list[tuple[tuple[str, ...], Any]] = []
    for field in fields_of(config):
        value, here = getattr(config, field.name), (*place, field.name)
        if is_dataclass(value):
            found += choices(value, here)
        elif get_origin(hints[field.name]) is Literal:
            found += [(here, option) for option in get_args(hints[field.name])]
        elif isinstance(value, bool):
            found += [(here, not value)]
    return found


def chosen(config: Any, place: tuple[str, ...], value: Any) -> Any:
    """``config`` with one field, however deep, changed."""
    name, *rest = place
    return replace(config, **{name: chosen(getattr(config, name), tuple(rest), value) if rest else value})


CHOICES = [
    (name, place, value) for name in SYSTEMS for place, value in choices(registry.config_class(name)())
]


@pytest.mark.parametrize(
    ("name", "place", "value"),
    CHOICES,
    ids=[f"{name}-{'.'.join(place)}={value}" for name, place, value in CHOICES],
)
def test_every_option_builds_and_takes_a_step(name: str, place: tuple[str, ...], value: Any) -> None:
    batch = examples()
    config = chosen(small(name), place, value)
    for progress in stretches(registry.system_class(name)(config, GRAY)):
        state = warmed(registry.system_class(name)(config, GRAY), batch, progress, rounds=1)
        assert state.finite()
        assert all(bool(output.isfinite().all()) for _, output in outputs(state.system, batch))
