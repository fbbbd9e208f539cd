"""What a system is: networks, and phases that say which loss moves which of them.

    System ── phases() ──► Phase(name, updates, loss, optimizer, every, during)  …in the order of a round
           ── settle() ──► fits what is estimated rather than trained (a prior), at ``boundaries()`` and at the end

GAN, staged and joint training are all tuples of phases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import torch
from torch import nn

from amalgan.config.parts import Adam
from amalgan.config.parts import Prior as PriorConfig
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.networks.priors import GaussianFlowPrior, Prior
from amalgan.networks.priors.base import Groups


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One optimizer's share of a training round."""

    name: str
    """Shown in logs and states."""
    updates: tuple[str, ...]
    """Sub-modules whose parameters ``loss`` may move. Nothing else receives a gradient."""
    loss: Callable[[Batch, Tick], Step]
    """Weighted scalar terms of a batch; their sum is minimized."""
    optimizer: Adam
    """What descends that sum."""
    every: int = 1
    """Take part in every so many rounds."""
    during: tuple[float, float] = (0.0, 1.0)
    """Share of training in which the phase is active: from, up to."""
    labeled: bool = False
    """Whether ``loss`` sees a batch of its own, of labeled examples alone; where there are none, the phase rests."""
    whole_batch: bool = False
    """Whether ``loss`` compares the examples of a batch (MMD), so that parts of it would have another loss."""

    def active(self, round: int, progress: float) -> bool:
        """Whether the phase takes a step in this round."""
        return self.during[0] <= progress < self.during[1] and round % self.every == 0

    def rate(self, progress: float, steps: int) -> float:
        """Return the learning rate of the step after so many: a linear warm-up, then a cosine decay."""
        own, adam = (progress - self.during[0]) / (self.during[1] - self.during[0]), self.optimizer
        by_time = own / adam.warmup if adam.warmup else 1.0
        by_steps = (steps + 1) / adam.warmup_rounds if adam.warmup_rounds else 1.0
        warm = min(1.0, by_time, by_steps)
        cosine = (1 + math.cos(math.pi * min(1.0, own))) / 2
        return self.optimizer.rate * warm * (self.optimizer.final + (1 - self.optimizer.final) * cosine)


class System(nn.Module):
    """Base of every system. A subclass is final: it has a ``Config``, overrides ``phases``, and adds abilities."""

    Config: ClassVar[type[Any]]
    paper: ClassVar[str] = ""
    """Where the idea is from, in a few words, for the table of systems."""

    def __init__(self, config: Any, spec: DataSpec) -> None:
        super().__init__()
        self.config = config
        self.spec = spec

    def phases(self) -> Sequence[Phase]:
        """What a round consists of, in order."""
        raise NotImplementedError

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        """Fit what is estimated rather than trained to the training examples in ``batches``."""

    def ready(self) -> bool:
        """Whether what is estimated has been fitted, so that generating means something yet."""
        return True

    @property
    def classes_shown(self) -> tuple[int, ...]:
        """Numbers of the classes of which training had an example: to ask for any other makes no difference."""
        counted = [part.observed for part in self.modules() if isinstance(part, Groups)]
        return tuple(
            number for number in range(len(self.spec.classes)) if all(seen[number] for seen in counted)
        )

    def boundaries(self) -> Sequence[float]:
        """Shares of training at which ``settle`` is called: where a phase begins after the start."""
        return sorted({phase.during[0] for phase in self.phases()} - {0.0})

    def owned(self, phase: Phase) -> Iterator[nn.Parameter]:
        """The parameters that ``phase`` may move.

        Raises:
            ConfigError: ``updates`` names something the system does not have.
        """
        for name in phase.updates:
            try:
                yield from self.get_submodule(name).parameters()
            except AttributeError:
                known = ", ".join(child for child, _ in self.named_children())
                raise ConfigError(
                    [f"phase {phase.name!r} updates {name!r}; the system has {known}"]
                ) from None


def prior_phases(
    prior: Prior, config: PriorConfig, code: Callable[[Batch, Tick], torch.Tensor]
) -> tuple[Phase, ...]:
    """Return the phase that trains the sub-module ``prior`` on codes of each batch; none for one that is only fitted.

    Args:
        code: the codes (B, K) of a batch, without gradients.
    """
    if not isinstance(prior, GaussianFlowPrior):
        return ()

    def loss(batch: Batch, tick: Tick) -> Step:
        return Step({"flow": prior.matching_loss(code(batch, tick), batch.label, tick.draws).mean()})

    late = (config.start, 1.0)
    return (Phase(name="prior", updates=("prior",), loss=loss, optimizer=config.optimizer, during=late),)


@contextmanager
def only_trainable(system: System, phase: Phase) -> Iterator[None]:
    """Within the block, no parameter outside ``phase.updates`` can collect a gradient."""
    owned = {id(parameter) for parameter in system.owned(phase)}
    for parameter in system.parameters():
        parameter.requires_grad_(id(parameter) in owned)
    try:
        yield
    finally:
        for parameter in system.parameters():
            parameter.requires_grad_(True)


def held_still(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """``module(x)`` with its weights as constants: gradients reach ``x``, never the module."""
    weights = {name: parameter.detach() for name, parameter in module.named_parameters()}
    return cast(torch.Tensor, torch.func.functional_call(module, weights, (x,)))


def collect(
    encode: Callable[[torch.Tensor], torch.Tensor], batches: Iterable[Batch]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes (N, K) and labels (N,) of all examples of ``batches``, on the CPU."""
    with torch.no_grad():
        pairs = [(encode(batch.x).cpu(), batch.label.cpu()) for batch in batches]
    return torch.cat([code for code, _ in pairs]), torch.cat([label for _, label in pairs])
