"""All that a run must remember to go on as if it had never stopped.

    system · averaged copy · one Adam a phase · round · rate scale · rollbacks · best so far · validation curve

Saved as one safetensors file; what randomness there is follows from the round (``core.randomness``), so none is kept.
The file before it stays as ``state.previous.safetensors``: should the newest be damaged, the run goes on from there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from amalgan.config import fields
from amalgan.config.run import RunConfig
from amalgan.core import files, json_schema, tensor_file
from amalgan.core.errors import FileError, StateError
from amalgan.systems.base import Phase, System
from amalgan.training import surroundings
from amalgan.training.schedule import Amendment, Schedule
from amalgan.training.state_header import HEADER
from amalgan.training.timed import TimeBudget

KIND = "a training state"
STATE = "state.safetensors"
WARMING = 0.05
"""The average's half-life is at most this share of the images seen, so that the start is forgotten."""
NUMBERS = ("round", "images", "steps", "rate_scale", "rollbacks", "curve", "stop", "unlogged")
"""What a state holds beside tensors."""


@dataclass
class TrainState:
    """Mutable; the loop and its hooks share it."""

    system: System
    average: System
    """Weights averaged over training: what is validated, shown and published."""
    phases: Sequence[Phase]
    optimizers: Sequence[Adam]
    round: int = 0
    images: int = 0
    """Pictures drawn so far, over all processes."""
    steps: dict[str, int] = field(default_factory=dict)
    """Steps that each phase has taken, by name."""
    rate_scale: float = 1.0
    """Halved at each roll-back."""
    rollbacks: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    """The validation curve: ``images`` and one entry a measure."""
    best: dict[str, Tensor] | None = None
    """Averaged weights at the best validation, kept when --patience asks for it."""
    stop: str | None = None
    """Why training ends before its budget."""
    unlogged: dict[str, list[float]] = field(default_factory=dict)
    """Terms and notes since the last line of the log: a resumed run writes the lines of one that never stopped."""
    amendments: tuple[Amendment, ...] = ()
    """Moments at which the number of rounds was fixed anew, so that --minutes are kept."""
    time: TimeBudget | None = None
    """The minutes of the run, where these and not images are its budget."""
    hurried: bool = False
    """Whether it goes on with fewer minutes than it had: its end may be near, so the plan is looked at soon."""
    threads: int | None = None
    """Threads that torch computes on; None leaves it to torch."""

    @classmethod
    def fresh(cls, system: System) -> TrainState:
        """The state before the first round."""
        phases = tuple(system.phases())
        optimizers = [optimizer(phase, list(system.owned(phase))) for phase in phases]
        return cls(system, copy.deepcopy(system).eval(), phases, optimizers)

    def schedule(self, run: RunConfig) -> Schedule:
        """The rounds of ``run``, as amended so far."""
        return Schedule(run.rounds, self.amendments)

    @torch.no_grad()
    def average_in(self, batch: int, half_life: int) -> None:
        """Move the averaged weights toward the current ones, by what ``batch`` more images warrant.

        What no phase trains (buffers, a prior's own network) is no average but the current one.
        """
        keep = 0.5 ** (batch / max(1.0, min(half_life, WARMING * self.images)))
        trained = {
            id(one) for adam in self.optimizers for group in adam.param_groups for one in group["params"]
        }
        pairs = list(zip(self.average.parameters(), self.system.parameters(), strict=True))
        averaged: list[Tensor] = [kept for kept, now in pairs if id(now) in trained]
        current: list[Tensor] = [now for _, now in pairs if id(now) in trained]
        torch._foreach_lerp_(averaged, current, 1 - keep)
        settled = [pair for pair in pairs if id(pair[1]) not in trained]
        for kept, now in [*settled, *zip(self.average.buffers(), self.system.buffers(), strict=True)]:
            kept.copy_(now)

    def finite(self) -> bool:
        """Whether every weight, averaged weight and Adam moment is a finite number."""
        tensors: list[Tensor] = [*self.system.parameters(), *self.average.parameters()]
        tensors += [
            value for adam in self.optimizers for slot in adam.state.values() for value in slot.values()
        ]
        with torch.no_grad():
            return bool(torch.stack(torch._foreach_norm(tensors)).isfinite().all())


def optimizer(phase: Phase, parameters: list[torch.nn.Parameter]) -> Adam:
    """Adam over what a phase owns."""
    return Adam(parameters, lr=phase.optimizer.rate, betas=phase.optimizer.betas, eps=1e-8, fused=True)


def save(
    state: TrainState, target: Path, identity: dict[str, Any], computed_on: dict[str, Any] | None = None
) -> None:
    """Write ``state`` and keep the one before it.

    Args:
        identity: the configuration and data it belongs to.
        computed_on: threads, device and torch.
    """
    header = {"what": KIND, "identity": identity, "surroundings": computed_on, **numbers_of(state)}
    tensor_file.write(target, tensors_of(state), header, previous=previous_of(target))


def previous_of(saved: Path) -> Path:
    """Where the state before ``saved`` is kept."""
    return saved.with_name(f"{saved.stem}.previous{saved.suffix}")


def exists(saved: Path) -> bool:
    """Whether there is a state to resume from, newest or previous."""
    return saved.exists() or previous_of(saved).exists()


def remove(saved: Path) -> None:
    """Remove both states."""
    for one in (saved, previous_of(saved)):
        files.remove(one)


def tensors_of(state: TrainState) -> dict[str, Tensor]:
    """Every tensor of ``state`` under a name that says where it belongs."""
    named = {f"system/{name}": value for name, value in state.system.state_dict().items()}
    named |= {f"average/{name}": value for name, value in state.average.state_dict().items()}
    named |= {f"best/{name}": value for name, value in (state.best or {}).items()}
    for phase, adam in zip(state.phases, state.optimizers, strict=True):
        for number, slot in adam.state_dict()["state"].items():
            named |= {f"adam/{phase.name}/{number}/{key}": value for key, value in slot.items()}
    return named


def restore(
    state: TrainState,
    source: Path,
    identity: dict[str, Any],
    tell: Callable[[str], None] = print,
    *,
    now: dict[str, Any] | None = None,
    accept: bool = False,
) -> None:
    """Make ``state`` what was saved in ``source``, or in the state before it where ``source`` is damaged.

    Args:
        tell: shows one sentence to the user when the newest state could not be used.
        now: what is computed on now.
        accept: go on although it is not what was computed on before.

    Raises:
        StateError: both are damaged, or belong to other settings or data, or were computed on something else; names
            what differs.
    """
    tensors, header = newest(source, tell)
    try:
        json_schema.require(header, HEADER, f"the header of {source}", "amalgan train")
    except FileError as error:
        raise StateError(str(error)) from None
    if changed := fields.list_differences(unnamed(header.get("identity", {})), unnamed(identity)):
        widest_first = sorted(changed, key=lambda line: line.partition(":")[0].count("."))
        raise StateError(
            f"{source} belongs to another run; what differs:\n  " + "\n  ".join(widest_first[:8]) + "\n"
            "Resume with the same settings and data, choose another --out, or start anew from weights with --init."
        )
    if now is not None:
        state.threads = surroundings.agree_on_threads(source, header.get("surroundings"), now, accept, tell)
    try:
        fill_state(state, tensors, header)
    except (RuntimeError, ValueError, KeyError, TypeError, IndexError) as error:
        raise StateError(f"{source} was saved by another version of this system: {error}") from None


def unnamed(identity: dict[str, Any]) -> dict[str, Any]:
    """``identity`` without what the data is called: its fingerprint says whether it is the same."""
    return {name: value for name, value in identity.items() if name != "data"}


def numbers_of(state: TrainState) -> dict[str, Any]:
    """Return everything in ``state`` that is no tensor, by its name."""
    plain = {name: copy.deepcopy(getattr(state, name)) for name in NUMBERS}
    return plain | {"amendments": state.amendments, "time": state.time and state.time.to_json()}


def fill_state(state: TrainState, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    """Make ``state`` what ``tensors_of`` and ``numbers_of`` returned; a number that is missing stays as it is."""
    state.system.load_state_dict(below(tensors, "system/"))
    state.average.load_state_dict(below(tensors, "average/"))
    for phase, adam in zip(state.phases, state.optimizers, strict=True):
        fill(adam, below(tensors, f"adam/{phase.name}/"))
    device = next(state.system.parameters()).device
    state.best = {name: value.to(device) for name, value in below(tensors, "best/").items()} or None
    for name in NUMBERS:
        setattr(state, name, copy.deepcopy(numbers.get(name, getattr(state, name))))
    state.amendments = tuple(Amendment(*one) for one in numbers.get("amendments", []))
    state.time = TimeBudget.from_json(numbers.get("time"))


class Snapshot:
    """A state in memory, to go back to."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.numbers: dict[str, Any] = {}

    def take(self, state: TrainState) -> None:
        """Remember ``state`` as it is."""
        self.tensors = {name: tensor.clone() for name, tensor in tensors_of(state).items()}
        self.numbers = numbers_of(state)

    def put_back(self, state: TrainState) -> None:
        """Make ``state`` what was remembered."""
        fill_state(state, self.tensors, self.numbers)


def newest(source: Path, tell: Callable[[str], None]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and header of ``source``, or of the state before it where ``source`` is damaged or gone.

    Raises:
        StateError: neither can be read.
    """
    before = previous_of(source)
    try:
        return read(source)
    except StateError as error:
        if not before.exists():
            raise
        found = read(before)
        tell(f"{error} Going on from the state before it, {before.name}.")
        files.set_aside(source)  # else the next save would keep the damaged one in place of the good one
        return found


def read(source: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and header of a saved state; StateError where there is none that is whole."""
    try:
        tensors, header = tensor_file.read(source, expected="a training state")
    except FileError as error:
        raise StateError(str(error)) from None
    if header.get("what") != KIND:
        raise StateError(f"{source} is not {KIND}.")
    return tensors, header


def below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with ``prefix``, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def fill(adam: Adam, tensors: dict[str, Tensor]) -> None:
    """Give ``adam`` the moments in ``tensors``, named ``number/key``."""
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, _, key = name.partition("/")
        slots.setdefault(int(number), {})[key] = value
    packed = adam.state_dict()
    adam.load_state_dict({"state": slots, "param_groups": packed["param_groups"]})
    for parameter, slot in adam.state.items():  # the fused step reads moments in the order of the weights
        for key in ("exp_avg", "exp_avg_sq"):
            slot[key] = torch.empty_like(parameter).copy_(slot[key])
