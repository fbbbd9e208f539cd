"""What every prior shares: groups of codes, one a class, and the scale of their entries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from amalgan.core.randomness import Draws

NARROWEST = 1e-3
"""Entries that vary less than this share of the widest one are scaled as if they varied so much."""


class Groups(nn.Module):
    """The classes of a data set, and one group more for what is unlabeled: how often each occurs."""

    share: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("share", torch.full((classes + 1,), 1 / (classes + 1)))

    def __len__(self) -> int:
        return len(self.share)

    @property
    def observed(self) -> Bool[Tensor, " groups"]:
        """Which groups had an example when they were last counted; all, before."""
        return self.share > 0

    def fit(self, label: Int[Tensor, " N"]) -> None:
        """Count the labels."""
        self.share.copy_(torch.bincount(label % len(self), minlength=len(self)) / len(label))

    def choose(self, label: Int[Tensor, " B"], draws: Draws, purpose: str) -> Int[Tensor, " B"]:
        """The group to draw from: the label's own; any, by its share, where there is no label or none had it."""
        anything = pick(self.share, draws.uniform(f"{purpose} group"))
        own = label % len(self)
        return torch.where((label < 0) | (self.share[own] == 0), anything, own)


class Scale(nn.Module):
    """Mean and deviation of each entry of the codes."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, code_size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(code_size))
        self.register_buffer("deviation", torch.ones(code_size))

    def fit(self, code: Float[Tensor, "N K"]) -> None:
        """Take them from codes; an entry that hardly varies is not blown up."""
        deviation = code.std(0, correction=0)
        self.mean.copy_(code.mean(0))
        self.deviation.copy_(deviation.clamp(min=max(1e-6, NARROWEST * float(deviation.max()))))

    def forward(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
        """Codes with mean 0 and deviation 1 in each entry over those that it was fitted to."""
        return (code - self.mean) / self.deviation

    def undo(self, standard: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
        """The codes that ``forward`` makes these of."""
        return standard * self.deviation + self.mean


class Prior(nn.Module):
    """What every prior shares: the groups and the scale of the codes."""

    count: Tensor
    """Codes that the last fit saw."""

    def __init__(self, code_size: int, classes: int, codes: int) -> None:
        super().__init__()
        self.code_size, self.codes = code_size, codes
        self.groups = Groups(classes)
        self.scale = Scale(code_size)
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @property
    def fitted(self) -> bool:
        """Whether ``fit`` has seen codes."""
        return bool(self.count > 0)

    @property
    def settled(self) -> bool:
        """Whether another ``fit`` would be no use, since the prior goes on learning in training."""
        return False

    def fit(self, code: Float[Tensor, "N K"], label: Int[Tensor, " N"], draws: Draws) -> None:
        """Estimate the prior from codes and labels on the CPU; equal codes and draws give equal priors."""
        with on_cpu(self):
            self.groups.fit(label)
            group = label % len(self.groups)
            picked = spread_picks(group, self.codes, draws.generator("prior picks"))
            self.scale.fit(code)
            self.count.fill_(len(code))
            self.fit_standard(self.scale(code[picked]), group[picked], draws)

    def sample(self, label: Int[Tensor, " B"], draws: Draws, purpose: str = "prior") -> Float[Tensor, "B K"]:
        """One code for each label."""
        return self.scale.undo(
            self.sample_standard(self.groups.choose(label, draws, purpose), draws, purpose)
        )

    def stored(self) -> dict[str, Tensor]:
        """What a model file keeps of the prior: its tensors by name, without slots that nothing was fitted to."""
        return self.state_dict()

    def restored(self, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of which ``stored`` kept ``kept``. Where the shapes make no sense they are left as they are."""
        return kept

    def fit_standard(self, code: Tensor, group: Tensor, draws: Draws) -> None:
        """Fit to standardized codes."""
        raise NotImplementedError

    def sample_standard(self, group: Tensor, draws: Draws, purpose: str) -> Tensor:
        """Draw standardized codes."""
        raise NotImplementedError


@contextmanager
def on_cpu(prior: Prior) -> Iterator[None]:
    """Within the block ``prior`` is on the CPU, where it is estimated; afterwards it is where it was."""
    device = prior.count.device
    prior.cpu()
    try:
        yield
    finally:
        prior.to(device)


def spread_picks(group: Int[Tensor, " N"], most: int, generator: torch.Generator) -> Int[Tensor, " M"]:
    """At most ``most`` rows at random, as even over the groups as they allow: a rare class keeps its codes."""
    order = torch.randperm(len(group), generator=generator)
    if len(group) <= most:
        return order
    by_group = order[group[order].argsort(stable=True)]
    start = torch.searchsorted(group[by_group], group[by_group])
    turn = torch.arange(len(group)) - start
    return by_group[turn.argsort(stable=True)[:most]]


def pick(weight: Tensor, uniform: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
    """Indices drawn with probabilities ``weight`` ((M,) or (B, M)) by inverting their running sum, none of weight 0."""
    edges = weight.expand(uniform.shape[0], -1).cumsum(1)
    whole = edges[:, -1:]
    last = (edges < whole).sum(1)
    return torch.minimum((edges <= uniform[:, None] * whole).sum(1), last)
