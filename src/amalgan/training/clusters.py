"""Parts that codes fall into, each code into one: what makes the message of every code short.

    random codes as centers ─► nearest part ─┬─► fit every part ─► the part that codes it shortest ─┐
                                             └──────────────────────────── 12 times ◄───────────────┘

Classification EM: Celeux & Govaert 1992. A sender names one part, so that a hard choice is what it pays for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

ROUNDS = 12
RARELY = 0.5
"""Added to each count of a level: what was never seen may come."""


class Gaussians(NamedTuple):
    """M parts of points with K entries, float64."""

    center: Float[Tensor, "M K"]
    axes: Float[Tensor, "M K K"]
    """Principal axes, one a column."""
    variance: Float[Tensor, "M K"]
    """Along them."""
    part: Int[Tensor, " N"]
    """Of each point."""


def gaussians(point: Float[Tensor, "N K"], count: int, generator: torch.Generator) -> Gaussians:
    """Up to ``count`` normal distributions with axes of their own."""
    start = point[torch.randperm(len(point), generator=generator)[:count]]
    whole = normal(point, point)

    def cost(part: Tensor, number: int) -> Tensor:
        center, axes, variance = normal(point[part == number], point) if (part == number).any() else whole
        along = (point - center) @ axes
        return (along.square() / variance + variance.log()).sum(1) / 2

    part = settled(torch.cdist(point, start).argmin(1), len(start), cost)
    kept = part.unique()
    fitted = [normal(point[part == number], point) for number in kept]
    center, axes, variance = (torch.stack(each) for each in zip(*fitted, strict=True))
    return Gaussians(center, axes, variance, torch.searchsorted(kept, part))


def normal(own: Float[Tensor, "n K"], every: Float[Tensor, "N K"]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, axes and variances of ``own``, drawn toward a sphere where there are few of them."""
    apart, size = own - own.mean(0), own.shape[1]
    covariance, few = apart.T @ apart / len(own), size / (size + len(own))
    round_ = covariance.diagonal().mean() + 1e-9 * every.var(0, correction=0).mean() + 1e-30
    variance, axes = torch.linalg.eigh(
        (1 - few) * covariance + few * round_ * torch.eye(size, dtype=own.dtype)
    )
    return own.mean(0), axes, variance.clamp(min=float(1e-9 * round_))


def levels(
    number: Int[Tensor, "N K"], most: int, count: int, generator: torch.Generator
) -> tuple[Float[Tensor, "M K L"], Int[Tensor, " N"]]:
    """Up to ``count`` parts of codes of ``most`` levels: how often each level comes in each entry, and the parts."""
    start = number[torch.randperm(len(number), generator=generator)[:count]]
    each = torch.nn.functional.one_hot(number, most).double()

    def cost(part: Tensor, one: int) -> Tensor:
        share = each[part == one].sum(0) + RARELY
        return -(each * (share / share.sum(1, keepdim=True)).log()).sum((1, 2))

    far = torch.stack([(number != row).sum(1) for row in start], 1)
    part = settled(far.argmin(1), len(start), cost)
    kept = part.unique()
    counted = torch.stack([each[part == one].sum(0) + RARELY for one in kept])
    return counted, torch.searchsorted(kept, part)


def settled(part: Int[Tensor, " N"], count: int, cost: Callable[[Tensor, int], Tensor]) -> Int[Tensor, " N"]:
    """Parts after some rounds; ``cost`` is in nats, what it takes to name the part is added."""
    for _ in range(ROUNDS):
        named = -(torch.bincount(part, minlength=count).clamp(min=1) / len(part)).log()
        part = torch.stack([cost(part, number) + named[number] for number in range(count)], 1).argmin(1)
    return part
