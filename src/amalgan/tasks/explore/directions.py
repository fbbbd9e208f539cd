"""Directions in the code, and what moving along them does.

codes (N, K) ─► principal ─► axes by variance ─────────────┐
codes, labels ─► class means ─► differences ("contrasts") ─┴─► steps ─► decoder ─► strips
                                                           └─► effect: how much one step changes the example
                                                           └─► turned: how often the class that is seen changes

Principal components: Hotelling 1933; adding a difference of class means to a code: Larsen et al. 2015,
arXiv:1512.09300, section 4.2. A code is a means to an end, so effects are measured on what is decoded, and a class on
what the encoder makes of the decode: in the code itself a mean moved onto another mean would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.types import UNLABELED
from amalgan.metrics.distances import finite
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.model_file import Model

LEAST_OF_A_CLASS = 2
"""Codes that a class mean is taken over."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Direction:
    """A way to move a code."""

    name: str
    step: Float[Tensor, " K"]
    """What one step adds to a code."""
    share: float | None = None
    """Share of the variance of the codes along it; principal directions only."""
    start: int | None = None
    """The class that the direction leaves; None where it leaves the mean of all."""
    goal: int | None = None
    """The class that one step leads to."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Means:
    """The mean code of each class that was seen, and the scale in which codes are compared."""

    classes: Int[Tensor, " M"]
    mean: Float[Tensor, "M K"]
    whole: Float[Tensor, " K"]
    """The mean of all codes."""
    spread: Float[Tensor, " K"]
    """Deviation of each entry of a code from the mean of its class, over the classes together."""

    def nearest(self, code: Float[Tensor, "B K"]) -> Int[Tensor, " B"]:
        """The class whose mean is nearest, each entry in its deviations (a Gaussian classifier, diagonal, shared)."""
        return self.classes[torch.cdist(code / self.spread, self.mean / self.spread).argmin(1)]


def principal(code: Float[Tensor, "N K"], count: int) -> list[Direction]:
    """At most ``count`` principal directions, those of most variance first; a step is one deviation of the codes.

    Each points where its largest entry is positive, so equal codes give equal directions.
    """
    centered = code.double() - code.double().mean(0)
    _, scale, axes = torch.linalg.svd(centered, full_matrices=False)
    variance = scale.square() / max(1, len(code))
    share = variance / variance.sum().clamp(min=1e-300)
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    step = axes * largest.sign() * variance.sqrt()[:, None]
    return [
        Direction(name=f"component {k + 1}", step=step[k].float(), share=float(share[k]))
        for k in range(min(count, len(step)))
        if variance[k] > 0
    ]


def class_means(code: Float[Tensor, "N K"], label: Int[Tensor, " N"]) -> Means | None:
    """The means of all classes with at least two codes; None where fewer than two classes have so many."""
    known, count = label[label != UNLABELED].unique(return_counts=True)
    classes = known[count >= LEAST_OF_A_CLASS]
    if len(classes) < 2:
        return None
    groups = [code[label == number] for number in classes]
    mean = torch.stack([group.mean(0) for group in groups])
    within = torch.cat([group - center for group, center in zip(groups, mean, strict=True)])
    spread = within.square().mean(0).sqrt().clamp(min=1e-12)
    return Means(classes=classes, mean=mean, whole=code.mean(0), spread=spread)


def to_classes(means: Means, names: tuple[str, ...], count: int) -> list[Direction]:
    """From the mean of all codes to that of each class, at most ``count``; a step is the whole way."""
    return [
        Direction(name=f"to {names[number]}", step=mean - means.whole, goal=number)
        for number, mean in list(zip(means.classes.tolist(), means.mean, strict=True))[:count]
    ]


def between_classes(means: Means, names: tuple[str, ...], count: int) -> list[Direction]:
    """From one class mean to another, the ``count`` pairs that are nearest to each other; a step is the whole way."""
    apart = torch.cdist(means.mean / means.spread, means.mean / means.spread)
    pairs = sorted(combinations(range(len(means.classes)), 2), key=lambda pair: float(apart[pair]))
    numbers = means.classes.tolist()
    return [
        Direction(
            name=f"{names[numbers[a]]} to {names[numbers[b]]}",
            step=means.mean[b] - means.mean[a],
            start=numbers[a],
            goal=numbers[b],
        )
        for a, b in pairs[:count]
    ]


def decoded(model: Model, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
    """The faithful decode of every code, on the CPU, in chunks.

    Raises:
        DataError: the model decodes to numbers that are not finite.
    """
    return in_chunks(model, model.require(Decodes).decode, code, "decodes")


def encode_all(model: Model, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
    """The code of every example, on the CPU, in chunks.

    Raises:
        DataError: the model encodes to numbers that are not finite.
    """
    return in_chunks(model, model.require(Encodes).encode, x, "codes")


@torch.no_grad()
def in_chunks(model: Model, compute: Callable[[Tensor], Tensor], x: Tensor, what: str) -> Tensor:
    """What ``compute`` makes of ``x``, known to be finite."""
    made = torch.cat([compute(part.to(model.device)).float().cpu() for part in x.split(CHUNK)])
    finite(made, f"{what} of this model")
    return made


def strips(
    model: Model, direction: Direction, start: Float[Tensor, "S K"], steps: Float[Tensor, " T"]
) -> Float[Tensor, "S T ..."]:
    """Decodes of each start at each number of steps along a direction."""
    code = start[:, None] + steps[:, None] * direction.step
    return decoded(model, code.flatten(0, 1)).unflatten(0, (len(start), len(steps)))


def effect(model: Model, direction: Direction, code: Float[Tensor, "B K"]) -> Float[Tensor, "*shape"]:
    """What one step adds to each entry of a decode: a mean over codes, central difference, in network units."""
    ahead, behind = (decoded(model, code + sign * direction.step) for sign in (1, -1))
    return (ahead - behind).mean(0) / 2


def strength(model: Model, direction: Direction, code: Float[Tensor, "B K"]) -> float:
    """How much one step changes a decode, as a share of how much decodes differ from one another.

    Root of the mean square over codes and entries, of both; 1 when a step changes as much as another code would.
    """
    whole = decoded(model, code)
    half = (decoded(model, code + direction.step) - decoded(model, code - direction.step)) / 2
    apart = 2 * whole.double().var(0, correction=0).mean()  # of two decodes drawn independently
    return float((half.double().square().mean() / apart.clamp(min=1e-300)).sqrt())


def measure_turned(
    model: Model, code: Float[Tensor, "B K"], step: Float[Tensor, " K"], goal: int, means: Means
) -> tuple[float, float]:
    """Shares of decodes that the encoder takes for class ``goal``: before the step and after it."""
    before, after = (
        means.nearest(encode_all(model, decoded(model, moved))).eq(goal).double().mean()
        for moved in (code, code + step)
    )
    return float(before), float(after)
