"""Holes filled by what a generative model can show: the decode that agrees with what is known.

    picture, known ─► fill with the mean ─► encode ─┐
                               prior ─► codes ──────┴─► starts ─► descend |known (decode(code) - picture)|² ─► decode
                                                                  + how unlikely the code is; best first

What is known stays as it is; what is missing comes from the decode. Several starts give several fillings (projection
onto the range of a generator: Bora et al. 2017, arXiv:1703.03208; Yeh et al. 2017, arXiv:1607.07539). The code is
measured along the principal axes of codes from the prior, in deviations.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.randomness import Draws, key
from amalgan.core.types import UNLABELED
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Realizes, Samples
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName

STEPS = 200
RATE = 0.05
"""In deviations of codes a step."""
DRAWN = 1024
"""Codes from the prior, which say how codes spread."""
STARTS = 4
"""At least so many; the fillings that agree best come first."""
TRIED = 32
"""Drawn codes of which the one that agrees best is a start."""
ERROR = 0.1
"""Deviation of a pixel from its decode that is taken for granted: how much the prior is believed."""


class Spread(NamedTuple):
    """How codes lie: about a center, along axes."""

    center: Float[Tensor, " K"]
    axes: Float[Tensor, "K K"]
    """A row each, one deviation long."""

    @classmethod
    def of(cls, code: Float[Tensor, "N K"]) -> Spread:
        """That of some codes."""
        apart = (code - code.mean(0)).double()
        variance, axes = torch.linalg.eigh(apart.T @ apart / len(code))
        least = float(variance.max()) * 1e-4 + 1e-12
        return cls(code.mean(0), (axes * variance.clamp(min=least).sqrt()).T.to(code.dtype))

    def code(self, place: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
        """The code at a place in deviations."""
        return self.center + place @ self.axes

    def place(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
        """The place of a code."""
        return torch.linalg.solve(self.axes.T, (code - self.center).T).T


def project(
    model: Model,
    x: Float[Tensor, "B C ..."],
    known: Float[Tensor, "B c ..."],
    *,
    samples: int = 1,
    decoder: DecoderName = "faithful",
    seed: int = 0,
) -> Float[Tensor, "B S C ..."]:
    """Fill the holes of pictures of the model's size, or of windows, on its device, ``samples`` times each.

    Args:
        known: 1 where a value is known, 0 in holes; one channel, or as many as the examples have.

    Raises:
        AbilityError: the model has no code, no decoder, or nothing to draw codes from.
    """
    device = str(x.device)
    draws = Draws(seed=key(seed, "project"), round=0, total=DRAWN, device=device)
    with torch.no_grad():
        anything = torch.full((DRAWN,), UNLABELED, device=device)
        drawn = model.require(Samples).sample_code(anything, draws).detach()
        start = starts(model, x, known, drawn, max(samples, STARTS))
    found = agreed(model.require(Decodes), Spread.of(drawn), start, x, known, samples)
    with torch.no_grad():
        filling = decoded(model, found, decoder, seed).unflatten(0, (len(x), samples))
    return torch.where(known[:, None] > 0, x[:, None], kind_of(model.spec).within(filling))


def starts(
    model: Model, x: Tensor, known: Tensor, drawn: Float[Tensor, "M K"], samples: int
) -> Float[Tensor, "N K"]:
    """For each picture the code of what it is with its holes filled by the mean, then drawn ones that agree."""
    encoded = model.require(Encodes).encode(fill_holes(x, known))
    shown = model.require(Decodes).decode(drawn)
    found = [encoded]
    for turn in range(1, samples):
        rows = (torch.arange(TRIED) + turn * TRIED) % len(drawn)
        apart = ((shown[rows] - x[:, None]) * known[:, None]).square().flatten(2).sum(2)
        found.append(drawn[rows][apart.argmin(1)])
    return torch.stack(found, dim=1).flatten(0, 1)


def fill_holes(x: Float[Tensor, "B C ..."], known: Float[Tensor, "B c ..."]) -> Float[Tensor, "B C ..."]:
    """Holes in the mean color of what is known, or the mean of what is known of a channel."""
    total, count = (part.flatten(2).sum(2) for part in (x * known, known))
    mean = (total / count.clamp(min=1)).reshape(*x.shape[:2], *[1] * len(x.shape[2:]))
    return torch.where(known > 0, x, mean)


def agreed(
    system: Decodes, spread: Spread, start: Float[Tensor, "N K"], x: Tensor, known: Tensor, best: int
) -> Float[Tensor, "M K"]:
    """The ``best`` codes of each picture near ``start`` whose decodes agree with what is known, the best first."""
    each = len(start) // len(x)
    x, known = (part.repeat_interleave(each, 0) for part in (x, known))
    place = spread.place(start).clone().requires_grad_()
    adam = torch.optim.Adam([place], lr=RATE)

    def cost() -> Float[Tensor, " N"]:
        wrong = ((system.decode(spread.code(place)) - x) * known).square().flatten(1).sum(1)
        return wrong / ERROR**2 + place.square().sum(1)

    for step in range(STEPS):
        adam.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        adam.zero_grad()
        cost().sum().backward()
        adam.step()
    with torch.no_grad():
        order = cost().view(-1, each).argsort(dim=1)[:, :best]
        return (
            spread.code(place)
            .view(-1, each, place.shape[1])
            .take_along_dim(order[..., None], 1)
            .flatten(0, 1)
        )


def decoded(model: Model, code: Float[Tensor, "N K"], decoder: DecoderName, seed: int) -> Tensor:
    """What is shown for a code."""
    if decoder == "faithful":
        return model.require(Decodes).decode(code)
    draws = Draws(seed=key(seed, "project realize"), round=0, total=len(code), device=str(code.device))
    return model.require(Realizes).realize(code, draws)
