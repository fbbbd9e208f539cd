"""All that a run must remember to go on as if it had never stopped.

    system · averaged copy · one Adam a phase · round · rate scale · rollbacks · best so far · validation curve

Saved as one safetensors file; what randomness there is follows from the round (``streams``), so none is kept.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from amalgan import tensorfile
from amalgan.config import fields
from amalgan.errors import FileError, StateError
from amalgan.systems.base import Phase, System

WARMING = 0.05
"""The average's half-life is at most this share of the images seen, so that the start is forgotten."""


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
    rate_scale: float = 1.0
    """Halved at each roll-back."""
    rollbacks: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    """The validation curve: ``images`` and one entry a measure."""
    best: dict[str, Tensor] | None = None
    """Averaged weights at the best validation, kept when --patience asks for it."""
    stop: str | None = None
    """Why training ends before its budget."""

    @classmethod
    def fresh(cls, system: System) -> TrainState:
        """The state before the first round."""
        phases = tuple(system.phases())
        optimizers = [optimizer(phase, list(system.owned(phase))) for phase in phases]
        return cls(system, copy.deepcopy(system).eval(), phases, optimizers)

    @torch.no_grad()
    def average_in(self, batch: int, half_life: int) -> None:
        """Move the averaged weights toward the current ones, by what ``batch`` more images warrant."""
        keep = 0.5 ** (batch / max(1.0, min(half_life, WARMING * self.images)))
        averaged: list[Tensor] = list(self.average.parameters())
        current: list[Tensor] = list(self.system.parameters())
        torch._foreach_lerp_(averaged, current, 1 - keep)
        for kept, buffer in zip(self.average.buffers(), self.system.buffers(), strict=True):
            kept.copy_(buffer)

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


def save(state: TrainState, target: Path, identity: dict[str, Any]) -> None:
    """Write ``state``; ``identity`` is the configuration and data it belongs to."""
    header = {
        "what": "a training state",
        "identity": identity,
        "round": state.round,
        "images": state.images,
        "rate_scale": state.rate_scale,
        "rollbacks": state.rollbacks,
        "curve": state.curve,
        "stop": state.stop,
    }
    tensorfile.write(target, tensors_of(state), header)


def tensors_of(state: TrainState) -> dict[str, Tensor]:
    """Every tensor of ``state`` under a name that says where it belongs."""
    named = {f"system/{name}": value for name, value in state.system.state_dict().items()}
    named |= {f"average/{name}": value for name, value in state.average.state_dict().items()}
    named |= {f"best/{name}": value for name, value in (state.best or {}).items()}
    for phase, adam in zip(state.phases, state.optimizers, strict=True):
        for number, slot in adam.state_dict()["state"].items():
            named |= {f"adam/{phase.name}/{number}/{key}": value for key, value in slot.items()}
    return named


def restore(state: TrainState, source: Path, identity: dict[str, Any]) -> None:
    """Make ``state`` what was saved in ``source``.

    Raises:
        StateError: the file is damaged, or belongs to other settings or data; names the fields that differ.
    """
    try:
        tensors, header = tensorfile.read(source, expected="a training state")
    except FileError as error:
        raise StateError(str(error)) from None
    if changed := fields.differences(header.get("identity", {}), identity):
        raise StateError(
            f"{source} belongs to another run; what differs:\n  " + "\n  ".join(changed[:8]) + "\n"
            "Resume with the same settings and data, choose another --out, or start anew from weights with --init."
        )
    state.system.load_state_dict(below(tensors, "system/"))
    state.average.load_state_dict(below(tensors, "average/"))
    state.best = below(tensors, "best/") or None
    for phase, adam in zip(state.phases, state.optimizers, strict=True):
        fill(adam, below(tensors, f"adam/{phase.name}/"))
    for name in ("round", "images", "rate_scale", "rollbacks", "curve", "stop"):
        setattr(state, name, header[name])


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
