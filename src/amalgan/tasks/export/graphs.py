"""What a model can do, as functions of tensors alone: its random numbers are inputs like any other.

    encode    x ─► code               sample_code  label, draws ─► code     restore  x, task, level, known ─► restored
    decode    code ─► x               realize      code, draws ─► x
    classify  x ─► probability        generate     label, draws ─► x

Draws are whatever a system asks its ``Draws`` for on the way; each becomes an input named after its purpose. So a graph
holds no generator of random numbers, and makes of the same numbers what amalgan makes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from amalgan.config.systems.restoration import TASKS
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data.transforms.damage import Damaged
from amalgan.kinds import kind_of
from amalgan.systems.abilities import abilities
from amalgan.systems.base import System
from amalgan.systems.model_file import Model

Inputs = dict[str, Tensor]
Act = Callable[[Any, Mapping[str, Tensor], Draws], Tensor]

ACTS: dict[str, tuple[tuple[str, ...], str, Act]] = {
    "encode": (("x",), "code", lambda system, given, draws: system.encode(given["x"])),
    "decode": (("code",), "x", lambda system, given, draws: system.decode(given["code"])),
    "realize": (("code",), "x", lambda system, given, draws: system.realize(given["code"], draws)),
    "sample_code": (
        ("label",),
        "code",
        lambda system, given, draws: system.sample_code(given["label"], draws),
    ),
    "generate": (("label",), "x", lambda system, given, draws: system.generate(given["label"], draws)),
    "classify": (
        ("x",),
        "probability",
        lambda system, given, draws: system.classify(given["x"]).softmax(dim=1),
    ),
    "restore": (
        Damaged._fields,
        "restored",
        lambda system, given, draws: system.restore(Damaged(*(given[name] for name in Damaged._fields))),
    ),
}
"""By ability: what goes in besides draws, what comes out, and how."""
EXAMPLES = ("x", "restored")
"""Outputs that are examples."""
OF_ANY_SIZE = ("x", "known", "restored")
"""What has height and width, where these are free."""


@dataclass(frozen=True, kw_only=True)
class Noting(Draws):
    """Draws that remember what was asked for."""

    noted: dict[str, tuple[str, Tensor]] = field(default_factory=dict)
    """By purpose: the distribution, and the numbers that were drawn."""

    def normal(self, purpose: str, *shape: int) -> Tensor:
        """Standard normal numbers."""
        return self._note(purpose, "normal", super().normal(purpose, *shape))

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1)."""
        return self._note(purpose, "uniform", super().uniform(purpose, *shape))

    def integers(self, purpose: str, below: int, *shape: int) -> Tensor:
        """Uniform integers in [0, below)."""
        return self._note(purpose, f"integers below {below}", super().integers(purpose, below, *shape))

    def _note(self, purpose: str, distribution: str, numbers: Tensor) -> Tensor:
        self.noted[purpose] = (distribution, numbers)
        return numbers


@dataclass(frozen=True, kw_only=True)
class Given(Draws):
    """Draws that were made elsewhere."""

    numbers: Mapping[str, Tensor]
    """By the name of the input."""

    def normal(self, purpose: str, *shape: int) -> Tensor:
        """Standard normal numbers."""
        return self.numbers[named(purpose)]

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1)."""
        return self.numbers[named(purpose)]

    def integers(self, purpose: str, below: int, *shape: int) -> Tensor:
        """Uniform integers in [0, below)."""
        return self.numbers[named(purpose)]


class Graph(nn.Module):
    """One ability of a system that ``settled`` gave."""

    def __init__(self, system: System, ability: str) -> None:
        super().__init__()
        self.ability = ability
        self.input_names, self.output, self.act = ACTS[ability]
        self.system = system
        self.draws: dict[str, str] = {}
        """The distribution of each input that is drawn; known once ``inputs`` was asked for some."""
        self.names = tuple(self.inputs(2, seed=0))

    def forward(self, *given: Tensor) -> Tensor:
        """What the ability makes of inputs, in the order of ``names``; examples within their range."""
        return self.compute(dict(zip(self.names, given, strict=True)))

    def compute(self, given: Inputs) -> Tensor:
        """The same of named inputs."""
        made = self.act(self.system, given, Given(seed=0, round=0, total=0, numbers=given))
        return kind_of(self.system.spec).within(made) if self.output in EXAMPLES else made

    @property
    def any_size(self) -> bool:
        """Whether height and width are free."""
        return self.ability == "restore"

    @torch.no_grad()
    def inputs(self, count: int, *, seed: int, side: int = 24) -> Inputs:
        """Some that mean something: random examples, the codes of such, labels in turn, and draws."""
        made = Noting(seed=seed, round=0, total=count)
        inputs = {name: self.one(name, made, side) for name in self.input_names}
        draws = Noting(seed=seed, round=1, total=count)
        self.act(self.system, inputs, draws)
        self.draws = {named(purpose): distribution for purpose, (distribution, _) in draws.noted.items()}
        return inputs | {named(purpose): numbers for purpose, (_, numbers) in draws.noted.items()}

    def one(self, name: str, draws: Draws, side: int) -> Tensor:
        """An input that is told."""
        system: Any = self.system
        if name == "label":
            return draws.integers("label", len(system.spec.classes) + 1) + UNLABELED
        if name == "task":
            return torch.tensor([TASKS.index(task) for task in system.tasks])[
                draws.integers("task", len(system.tasks))
            ]
        if name == "level":
            return draws.uniform("level")
        shape = (system.spec.shape[0], side, side + 8) if self.any_size else system.spec.shape
        if name == "known":
            return (draws.uniform("known", 1, *shape[1:]) < 0.8).float()
        x = kind_of(system.spec).invented(replace(system.spec, shape=shape), draws)
        return cast(Tensor, system.encode(x)) if name == "code" else x


def graphs(model: Model) -> Iterator[Graph]:
    """Everything that the model can do for other programs."""
    system = copy_settled(model.system)
    for ability in abilities(system):
        heard = ability != "classify" or system.classes_shown
        if ability in ACTS and heard:
            yield Graph(system, ability)


def named(purpose: str) -> str:
    """The input that a draw becomes: ``prior group`` is ``prior_group``."""
    return purpose.replace(" ", "_")


def copy_settled(system: System) -> System:
    """A copy on the CPU whose counters are plain numbers, so that nothing is decided by the value of a tensor."""
    found = copy.deepcopy(system).cpu().eval().requires_grad_(False)
    for module in found.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if buffer.shape == () and not buffer.is_floating_point():
                delattr(module, name)
                setattr(module, name, int(buffer))
    return found
