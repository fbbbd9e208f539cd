"""A small system of any kind, small examples, and rounds without files: what a system is checked with."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from amalgan.config.parts import Networks, Prior
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import Draws, build_seeded
from amalgan.core.types import UNLABELED, Batch, DataSpec, Tick
from amalgan.data.transforms.damage import damaged
from amalgan.kinds import kind_of
from amalgan.systems import registry
from amalgan.systems.base import System
from amalgan.training import budget, loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

SMALL = Networks(width=8, widest=16, blocks=1, hidden=16, layers=2)
CODE = 4

GRAY = DataSpec(kind="image", shape=(1, 8, 8), classes=("a", "b", "c"))
SPECS = {
    "gray with classes": GRAY,
    "color": DataSpec(kind="image", shape=(3, 16, 16)),
    "not square": DataSpec(kind="image", shape=(1, 9, 13)),
    "color, not square, classes": DataSpec(kind="image", shape=(3, 12, 8), classes=("a", "b")),
    "vectors": DataSpec(kind="vector", shape=(6,), center=(0.0,) * 6, spread=(1.0,) * 6),
    "vectors with classes": DataSpec(
        kind="vector", shape=(6,), classes=("a", "b"), center=(0.0,) * 6, spread=(1.0,) * 6
    ),
}


def shrunk(config: Any) -> Any:
    """The same configuration with small networks, codes and priors, at any depth."""
    changes: dict[str, Any] = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name in ("code_size", "noise_size"):
            changes[field.name] = CODE
        elif field.name == "width" and not isinstance(config, Networks):
            changes[field.name] = SMALL.width
        elif isinstance(value, Networks):
            changes[field.name] = replace(SMALL, dense=value.dense)
        elif isinstance(value, Prior):
            changes[field.name] = replace(value, parts=4, steps=5)
        elif is_dataclass(value):
            changes[field.name] = shrunk(value)
    return replace(config, **changes)


def small(name: str, **changes: Any) -> Any:
    """The small configuration of a system, with ``changes``; its own defaults where it refuses small ones."""
    plain = registry.config_class(name)()
    try:
        return replace(shrunk(plain), **changes)
    except ConfigError:
        return replace(plain, **changes)


def build(name: str, spec: DataSpec = GRAY, *, seed: int = 0, **changes: Any) -> System:
    """A small system with weights that follow from ``seed``."""
    return build_seeded(lambda: registry.system_for(name, spec)(small(name, **changes), spec), seed)


def examples(spec: DataSpec = GRAY, count: int = 12, *, seed: int = 0, label: int | None = None) -> Batch:
    """Smooth random examples; labels in turn, the last one missing; or all ``label``."""
    generator = torch.Generator().manual_seed(seed)
    x = kind_of(spec).smooth(count, spec, generator)
    labels = torch.full((count,), UNLABELED)
    if spec.classes:
        labels = torch.arange(count) % len(spec.classes) if label is None else torch.full((count,), label)
        labels[-1] = UNLABELED if label is None else label
    return Batch(x, labels, torch.arange(count))


def tick(round: int, progress: float, total: int, *, seed: int = 0) -> Tick:
    """A moment of training, with its random numbers for a whole batch."""
    return Tick(round, progress, Draws(seed=seed, round=round, total=total), {})


def settled(system: System, batch: Batch) -> System:
    """``system`` after it has fitted what it estimates to ``batch``."""
    with torch.no_grad():
        system.settle([batch], Draws(seed=0, round=0, total=len(batch.x)))
    return system


def take_round(state: TrainState, batch: Batch, now: Tick, micro_batch: int | None = None) -> loop.Report:
    """One round on ``batch``, as the loop takes it."""
    found: dict[str, Tensor] = {}
    for phase, adam in zip(state.phases, state.optimizers, strict=True):
        if phase.active(now.round, now.progress):
            found |= loop.descend(state, phase, adam, batch, now, micro_batch, Processes())
    state.round += 1
    state.images += len(batch.x)
    return Processes().mean(found)


def stretches(system: System) -> list[float]:
    """A progress within every stretch of training in which other phases or losses are active."""
    return [(start + stop) / 2 for start, stop in budget.intervals(system)]


def warmed(system: System, batch: Batch, progress: float, rounds: int = 5) -> TrainState:
    """``system`` some rounds into a stretch of training, so that layers that start at zero hide nothing."""
    state = TrainState.fresh(settled(system, batch))
    for number in range(rounds):
        take_round(state, batch, tick(number, progress, len(batch.x)))
    return state


def outputs(system: Any, batch: Batch) -> Iterator[tuple[str, Tensor]]:
    """Everything that ``system`` can compute of ``batch``, by ability."""
    draws = Draws(seed=1, round=0, total=len(batch.x), device=str(batch.x.device))
    with torch.no_grad():
        if hasattr(system, "encode"):
            code = system.encode(batch.x)
            yield "encode", code
            if hasattr(system, "decode"):
                yield "decode", system.decode(code)
            if hasattr(system, "realize"):
                yield "realize", system.realize(code, draws)
        if hasattr(system, "classify") and system.spec.classes:
            yield "classify", system.classify(batch.x)
        if hasattr(system, "judge"):
            yield "judge", system.judge(batch.x, batch.label)
        if hasattr(system, "generate"):
            yield "generate", system.generate(batch.label, draws)
        if hasattr(system, "restore"):
            yield "restore", system.restore(damaged(batch.x, system.tasks, draws, noise=0.4, known_level=0.5))


def weights(system: System) -> dict[str, Tensor]:
    """A copy of every parameter and buffer."""
    return {name: tensor.clone() for name, tensor in system.state_dict().items()}


def gradients(
    state: TrainState, batch: Batch, now: Tick, micro_batch: int | None = None
) -> dict[str, Tensor]:
    """The gradient of every phase on a copy of ``state``, each from the same weights, by phase and parameter."""
    found: dict[str, Tensor] = {}
    for number, phase in enumerate(state.phases):
        if not phase.active(now.round, now.progress):
            continue
        other = copy.deepcopy(state.system)
        fresh = TrainState.fresh(other)
        loop.descend(
            fresh, fresh.phases[number], fresh.optimizers[number], batch, now, micro_batch, Processes()
        )
        for name, parameter in other.named_parameters():
            if parameter.grad is not None:
                found[f"{phase.name}/{name}"] = parameter.grad.clone()
    return found
