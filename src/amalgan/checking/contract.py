"""What the code of every system must keep to. Each check yields what is wrong, in words; nothing where all is well."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from amalgan.checking.subject import (
    GRAY,
    SPECS,
    build,
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
from amalgan.config import fields
from amalgan.core.errors import ConfigError
from amalgan.core.types import Batch, DataSpec
from amalgan.kinds import kind_of
from amalgan.systems import model_file, registry
from amalgan.training import loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

ONLY_ROUNDING = "last.bias"
"""A relativistic loss sees differences of logits, in which the critic's last bias cancels."""
OVERFITTED, ROUNDS, LOOKED_AT = 0.01, 500, 50
"""Mean squared error that four pictures of variance about 0.15 must come below, in how many rounds, and how often that
is looked at."""
LIKE_EXAMPLES = ("decode", "realize", "generate", "restore")
"""Abilities that return examples."""


class LeftOut(Exception):
    """A check does not apply to this system; says why."""


class Check(NamedTuple):
    """One thing that must hold."""

    says: str
    act: Callable[[str], Iterator[str]]
    """From a system's name to what is wrong."""


def configuration(name: str) -> Iterator[str]:
    """Its configuration comes back from JSON, at every size, and resolving is done once."""
    kind = registry.config_class(name)
    for config in (kind(), small(name), kind().preset("base")):
        back = fields.from_json(kind, json.loads(json.dumps(fields.to_json(config))))
        if back != config:
            yield f"the configuration does not come back from JSON: {config} became {back}"
    resolved = small(name).resolved(GRAY)
    if resolved.resolved(GRAY) != resolved:
        yield f"resolved() changes what it resolved before: {resolved} became {resolved.resolved(GRAY)}"


def phases(name: str) -> Iterator[str]:
    """Phases have names of their own, cover training, and begin within it."""
    system = build(name)
    named = [phase.name for phase in system.phases()]
    if len(set(named)) < len(named) or any("/" in one for one in named):
        yield f"phases are called {', '.join(named)}; names must differ and have no /"
    edges = list(system.boundaries())
    if not all(0 < share < 1 for share in edges) or any(a >= b for a, b in pairwise(edges)):
        yield f"boundaries() are {edges}; they must rise and lie within (0, 1)"
    for progress in (0.0, *stretches(system), 0.999):
        if not any(phase.active(0, progress) for phase in system.phases()):
            yield f"no phase is active at {progress:.3f} of training; extend `during` of one"


def moves(name: str) -> Iterator[str]:
    """A phase moves exactly what it updates, and nothing else gets a gradient."""
    moved: set[str] = set()
    owned: set[str] = set()
    for progress in stretches(build(name)):
        state = warmed(build(name), examples(), progress)
        for number, phase in enumerate(state.phases):
            if phase.active(8 * phase.every, progress):
                mine = {id(parameter) for parameter in state.system.owned(phase)}
                before = weights(state.system)
                descend(state, number, progress)
                yield from strays(state, phase.name, mine, before)
                named = {key for key, one in state.system.named_parameters() if id(one) in mine}
                owned |= named
                moved |= {
                    key for key in named if not torch.equal(before[key], state.system.get_parameter(key))
                }
    for key in sorted(owned - moved):
        if not key.endswith(ONLY_ROUNDING):
            yield f"{key} is updated by a phase, whose loss never moves it: does the loss depend on it?"


def descend(state: TrainState, number: int, progress: float) -> None:
    """Let one phase take a step."""
    phase, batch = state.phases[number], examples()
    state.system.zero_grad(set_to_none=True)
    now = tick(8 * phase.every, progress, len(batch.x))
    loop.descend(state, phase, state.optimizers[number], batch, now, None, Processes())


def strays(state: TrainState, phase: str, mine: set[int], before: dict[str, Tensor]) -> Iterator[str]:
    """What a step of ``phase`` touched that is not its own."""
    for key, parameter in state.system.named_parameters():
        if id(parameter) not in mine:
            if parameter.grad is not None:
                yield f"phase {phase} gives {key} a gradient, which it does not update"
            if not torch.equal(before[key], parameter):
                yield f"phase {phase} moves {key}, which it does not update"
    for key, buffer in state.system.named_buffers():
        if key in before and not torch.equal(before[key], buffer):
            yield f"phase {phase} changes the buffer {key}; only settle() may"


def terms(name: str) -> Iterator[str]:
    """Losses return finite scalars with gradients; notes are detached."""
    for progress in stretches(build(name)):
        for rounds in (0, 2):  # after none, so that a loss that cannot be descended is told too
            faults = list(wrong_terms(warmed(build(name), examples(), progress, rounds=rounds), progress))
            yield from faults
            if faults:
                return


def wrong_terms(state: TrainState, progress: float) -> Iterator[str]:
    """What is wrong with the steps that the losses return."""
    batch = examples()
    for phase in state.phases:
        if phase.active(0, progress):
            step = phase.loss(batch, tick(0, progress, len(batch.x)))
            if not step.terms:
                yield f"the loss of phase {phase.name} has no term"
            for kind, found, learned in (("term", step.terms, True), ("note", step.notes, False)):
                for key, value in found.items():
                    yield from wrong_number(f"{kind} {key} of phase {phase.name}", value, learned)


def wrong_number(what: str, value: Tensor, learned: bool) -> Iterator[str]:
    """What is wrong with a term or a note."""
    if tuple(value.shape) != ():
        yield f"{what} has shape {tuple(value.shape)}; expected one number: average over examples"
        return
    if not math.isfinite(value.item()):
        yield f"{what} is {value.item()}; expected a finite number"
    if value.requires_grad != learned:
        yield f"{what} has {'no' if learned else 'a'} gradient; " + (
            "it must depend on weights" if learned else "detach it"
        )


def repeats(name: str) -> Iterator[str]:
    """Equal rounds give equal weights."""
    batch, progress = examples(), stretches(build(name))[-1]
    first, second = (weights(warmed(build(name), batch, progress).system) for _ in range(2))
    differing = [key for key, value in first.items() if not torch.equal(value, second[key])]
    if differing:
        yield f"the same rounds gave other {', '.join(differing[:3])}: draw random numbers from tick.draws alone"


def computes_twice(name: str) -> Iterator[str]:
    """What it computes twice is equal."""
    batch = examples()
    system = settled(build(name), batch)
    first, second = dict(outputs(system, batch)), dict(outputs(system, batch))
    if not first:
        yield "it has no ability: add encode, decode, generate or another method (docs/adding-a-system.md)"
    for key, value in first.items():
        if not torch.equal(value, second[key]):
            yield f"{key} gives another answer the second time: draw random numbers from `draws` alone"


def shapes(name: str) -> Iterator[str]:
    """It learns from any kind of data, or refuses it in words, and what it computes is finite and of its shape."""
    for said, spec in SPECS.items():
        try:
            small(name).resolved(spec)
        except ConfigError as error:
            if not kind_of(spec).refuses("size"):
                yield f"it refuses {said}: {error}"
            continue
        state = warmed(build(name, spec), examples(spec), stretches(build(name, spec))[-1], rounds=2)
        if not state.finite():
            yield f"on {said} its weights are no numbers after two rounds"
        for ability, output in outputs(state.system, examples(spec)):
            yield from (f"on {said} {fault}" for fault in misshapen(ability, output, examples(spec), spec))


def misshapen(ability: str, output: Tensor, batch: Batch, spec: DataSpec) -> Iterator[str]:
    """What is wrong with what an ability returned."""
    n, shape = len(batch.x), tuple(output.shape)
    expected = {"judge": (n,), "classify": (n, len(spec.classes)), "encode": (n, *shape[1:2])}
    wanted = tuple(batch.x.shape) if ability in LIKE_EXAMPLES else expected.get(ability, shape)
    if shape != wanted:
        yield f"{ability} returns {shape}; expected {wanted}"
    if not bool(output.isfinite().all()):
        yield f"{ability} returns what is no number"


def returns_from_file(name: str) -> Iterator[str]:
    """A model file gives back the same outputs."""
    batch = examples()
    system = warmed(build(name), batch, stretches(build(name))[-1]).system
    with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
        file = Path(scratch) / "model.safetensors"
        model_file.publish(file, system, name=name, facts={})
        loaded = model_file.load(file).system
    expected, found = dict(outputs(system, batch)), dict(outputs(loaded, batch))
    for key, value in expected.items():
        if not torch.equal(value, found[key]):
            yield f"{key} of the loaded model differs: what settle() or training fits must be buffers or parameters"


def micro_batches(name: str) -> Iterator[str]:
    """Parts of a batch give the gradient of the whole."""
    batch = examples(count=10)
    for progress in stretches(build(name)):
        state = warmed(build(name), batch, progress)
        if any(phase.whole_batch for phase in state.phases):
            raise LeftOut("a phase compares the examples of a batch, and says so (whole_batch)")
        for round in (8, 9):  # with lazy penalties and without
            now = tick(round, progress, len(batch.x))
            whole, parts = (gradients(state, batch, now, size) for size in (None, 3))
            for key in sorted(whole.keys() ^ parts.keys()):
                yield f"{key} has a gradient in parts of a batch or in the whole, not in both"
            for key in whole.keys() & parts.keys():
                scale = max(1.0, whole[key].abs().max().item())
                if (whole[key] - parts[key]).abs().max().item() >= 1e-5 * scale:
                    yield (
                        f"{key} has another gradient in parts of a batch: treat each example on its own, or say "
                        "whole_batch=True"
                    )


def single_examples(name: str) -> Iterator[str]:
    """Parts of one example report finite numbers."""
    batch, progress = examples(count=3), stretches(build(name))[-1]
    state = TrainState.fresh(settled(build(name), batch))
    if any(phase.whole_batch for phase in state.phases):
        raise LeftOut("a phase compares the examples of a batch, and says so (whole_batch)")
    for key, value in take_round(state, batch, tick(0, progress, 3), micro_batch=1).items():
        if not math.isfinite(value):
            yield f"{key} is {value} on one example; leave out what needs several"


def overfits(name: str) -> Iterator[str]:
    """Four pictures can be learned by heart."""
    system: Any = build(name)
    batch = examples(count=4)
    if not (hasattr(system, "encode") and hasattr(system, "decode")):
        raise LeftOut("it has no code, or does not decode it")
    learned = max((phase.during[1] for phase in system.phases() if "encoder" in phase.updates), default=1.0)
    edges = {math.ceil(share * ROUNDS) for share in system.boundaries()}
    state = TrainState.fresh(system)
    for number in range(ROUNDS):  # of the time in which the encoder learns
        if number in edges:
            settled(system, batch)
        take_round(state, batch, tick(number, learned * number / ROUNDS, 4))
        if number % LOOKED_AT == LOOKED_AT - 1 and rebuilding_error(system, batch) < OVERFITTED:
            return
    yield (
        f"after {ROUNDS} rounds on four pictures its squared error is {rebuilding_error(system, batch):.3g}, "
        f"expected below {OVERFITTED}: does the loss reach encoder and decoder?"
    )


@torch.no_grad()
def rebuilding_error(system: Any, batch: Batch) -> float:
    """Return the mean squared error of reconstructions."""
    return float((system.decode(system.encode(batch.x)) - batch.x).square().mean())


CHECKS = tuple(
    Check((act.__doc__ or "").rstrip("."), act)
    for act in (
        *(configuration, phases, terms, moves, repeats, computes_twice, shapes),
        *(returns_from_file, micro_batches, single_examples, overfits),
    )
)
