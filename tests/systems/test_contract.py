"""What every system must keep to. They are found by name, so a new system is held to it unasked."""

from __future__ import annotations

import json
import math
from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import torch

from amalgan import modelfile, registry
from amalgan.config import fields
from amalgan.config.code import grid_of
from amalgan.errors import ConfigError
from amalgan.streams import seeded
from amalgan.systems.base import System
from amalgan.training import loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState
from amalgan.types import UNLABELED, DataSpec
from support import (
    GRAY,
    SPECS,
    build,
    built_in,
    examples,
    gradients,
    outputs,
    settled,
    small,
    stretches,
    take_round,
    tick,
    warmed,
    weights,
)

SYSTEMS = built_in()
every_system = pytest.mark.parametrize("name", SYSTEMS)
ONLY_ROUNDING = {"critic.last.bias"}
"""A relativistic loss sees differences of logits, in which this cancels."""
OVERFITTED = 0.01
"""Mean squared error that four pictures of variance about 0.15 must come below."""


@every_system
def test_a_phase_moves_exactly_what_it_updates_and_nothing_else_gets_a_gradient(name: str) -> None:
    moved: set[str] = set()
    owned: set[str] = set()
    batch = examples()
    for progress in stretches(build(name)):
        state = warmed(build(name), batch, progress)
        for number, phase in enumerate(state.phases):
            now = tick(8 * phase.every, progress, len(batch.x))
            if not phase.active(now.round, now.progress):
                continue
            mine = {id(parameter) for parameter in state.system.owned(phase)}
            state.system.zero_grad(set_to_none=True)
            before = weights(state.system)
            loop.descend(state, phase, state.optimizers[number], batch, now, None, Processes())
            for key, parameter in state.system.named_parameters():
                if id(parameter) in mine:
                    owned.add(key)
                    moved |= {key} if not torch.equal(before[key], parameter) else set()
                else:
                    assert parameter.grad is None, f"{phase.name} gives {key} a gradient"
                    assert torch.equal(before[key], parameter), f"{phase.name} moves {key}"
            for key, buffer in state.system.named_buffers():
                assert torch.equal(before[key], buffer), f"{phase.name} changes the buffer {key}"
    assert owned - moved <= ONLY_ROUNDING, "no phase ever moves these, though one says that it updates them"


@every_system
def test_terms_are_finite_scalars_and_notes_are_detached(name: str) -> None:
    batch = examples()
    for progress in stretches(build(name)):
        state = warmed(build(name), batch, progress, rounds=2)
        for phase in state.phases:
            if phase.active(0, progress):
                step = phase.loss(batch, tick(0, progress, len(batch.x)))
                assert step.terms
                for key, term in step.terms.items():
                    assert term.shape == () and math.isfinite(term.item()) and term.requires_grad, key
                for key, note in step.notes.items():
                    assert note.shape == () and math.isfinite(note.item()) and not note.requires_grad, key


@every_system
def test_equal_rounds_give_equal_weights(name: str) -> None:
    batch, progress = examples(), stretches(build(name))[-1]
    first, second = (weights(warmed(build(name), batch, progress).system) for _ in range(2))
    assert all(torch.equal(value, second[key]) for key, value in first.items())


@every_system
def test_encoding_and_decoding_twice_is_equal(name: str) -> None:
    system, batch = settled(build(name), examples()), examples()
    first, second = dict(outputs(system, batch)), dict(outputs(system, batch))
    assert first and all(torch.equal(value, second[key]) for key, value in first.items())


@every_system
def test_four_pictures_are_overfitted(name: str) -> None:
    system = build(name)
    if not (hasattr(system, "encode") and hasattr(system, "decode")):
        pytest.skip("has no code, or does not decode it")
    batch, rounds = examples(count=4), 500
    learned = max(phase.during[1] for phase in system.phases() if "encoder" in phase.updates)
    edges = {loop_round(share, rounds) for share in system.boundaries()}
    state = TrainState.fresh(system)
    for number in range(rounds):  # of the time in which the encoder learns
        if number in edges:
            settled(system, batch)
        take_round(state, batch, tick(number, learned * number / rounds, 4))
    with torch.no_grad():
        error = (system.decode(system.encode(batch.x)) - batch.x).square().mean().item()
    assert error < OVERFITTED


def loop_round(share: float, rounds: int) -> int:
    return math.ceil(share * rounds)


@every_system
def test_a_configuration_comes_back_from_json(name: str) -> None:
    for config in (registry.config_class(name)(), small(name), registry.config_class(name)().preset("base")):
        text = json.dumps(fields.to_json(config))
        assert fields.from_json(type(config), json.loads(text)) == config


@every_system
def test_resolving_fills_in_what_the_weights_depend_on(name: str) -> None:
    config = small(name)
    resolved = config.resolved(GRAY)
    assert resolved.resolved(GRAY) == resolved
    assert None not in (getattr(resolved, field.name) for field in fields_of(resolved))


@every_system
def test_a_published_model_loads_with_equal_outputs(name: str, tmp_path: Path) -> None:
    batch = examples()
    system = warmed(build(name), batch, stretches(build(name))[-1]).system
    modelfile.publish(tmp_path / "model.safetensors", system, name=name, facts={})
    loaded = modelfile.load(tmp_path / "model.safetensors")
    expected, found = dict(outputs(system, batch)), dict(outputs(loaded.system, batch))
    assert expected.keys() == found.keys()
    assert all(torch.equal(value, found[key]) for key, value in expected.items())


@every_system
def test_micro_batches_give_the_gradient_of_the_whole_batch(name: str) -> None:
    batch = examples(count=10)
    for progress in stretches(build(name)):
        state = warmed(build(name), batch, progress)
        if any(phase.whole_batch for phase in state.phases):
            pytest.skip("compares the examples of a batch, and says so")
        for round in (8, 9):  # with lazy penalties and without
            now = tick(round, progress, len(batch.x))
            whole, parts = (gradients(state, batch, now, size) for size in (None, 3))
            assert whole.keys() == parts.keys()
            for key, gradient in whole.items():
                scale = max(1.0, gradient.abs().max().item())
                assert (gradient - parts[key]).abs().max().item() < 1e-5 * scale, key


@every_system
def test_micro_batches_of_one_report_finite_numbers(name: str) -> None:
    batch, progress = examples(count=3), stretches(build(name))[-1]
    state = TrainState.fresh(settled(build(name), batch))
    if any(phase.whole_batch for phase in state.phases):
        pytest.skip("compares the examples of a batch, and says so")
    assert all(map(math.isfinite, take_round(state, batch, tick(0, progress, 3), micro_batch=1).values()))


@every_system
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_it_learns_from_any_kind_of_data_or_refuses_it_in_words(name: str, spec: DataSpec) -> None:
    batch = examples(spec)
    try:
        small(name).resolved(spec)
    except ConfigError as error:
        assert "vectors" in str(error) and spec.kind == "vector"
        return
    state = warmed(build(name, spec), batch, stretches(build(name, spec))[-1], rounds=2)
    assert state.finite()
    for ability, output in outputs(state.system, batch):
        if ability not in ("encode", "classify"):
            assert output.shape == batch.x.shape and bool(output.isfinite().all()), ability


@every_system
@pytest.mark.parametrize("spec", [GRAY, SPECS["color"]], ids=["8x8 gray", "16x16 color"])
def test_its_code_may_lie_on_a_map(name: str, spec: DataSpec, tmp_path: Path) -> None:
    if "code" not in {field.name for field in fields_of(small(name))}:
        pytest.skip("has no choice of layouts")
    cells, batch = grid_of(spec).cells, examples(spec)
    settings = small(name, code="map", code_size=cells).resolved(spec)
    system = seeded(lambda: registry.system_class(name)(settings, spec), 0)
    state = warmed(system, batch, stretches(system)[-1], rounds=2)
    modelfile.publish(tmp_path / "model.safetensors", state.system, name=name, facts={})
    loaded = dict(outputs(modelfile.load(tmp_path / "model.safetensors").system, batch))
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


@every_system
def test_phases_cover_training_and_boundaries_are_shares_of_it(name: str) -> None:
    system = build(name)
    assert len({phase.name for phase in system.phases()}) == len(system.phases())
    assert all("/" not in phase.name for phase in system.phases())
    assert all(0 < share < 1 for share in system.boundaries())
    assert all(a < b for a, b in pairwise(system.boundaries()))
    for progress in (0.0, *stretches(system), 0.999):
        assert any(phase.active(0, progress) for phase in system.phases())


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
