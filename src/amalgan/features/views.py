"""Damaged views of pictures, which the feature network learns to tell from whole ones.

    pictures ─┬─► blurred, noisy, mixed, faded, collage, pixelated, striped: each kind a part of the rows
              └─► how strong the damage is, in (0, 1]

Every kind is something that generated pictures suffer from. ``mixed`` at full strength is a sum of many pictures with
normal weights: noise with the mean and the covariance of the data. ``faded`` at full strength is the mean picture. To
learn what makes pictures good by ranking damaged ones: Liu, van de Weijer & Bagdanov 2017, arXiv:1707.08347.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

Pictures = Float[Tensor, "B C H W"]
Strength = Float[Tensor, "B 1 1 1"]
Damage = Callable[[Pictures, Strength, Pictures, Generator], Pictures]
"""Pictures, how strong, other pictures of the same data, random numbers ─► damaged pictures."""

WIDEST_BLUR = 0.12
"""Deviation of the strongest blur, as a share of the shorter side."""
FARTHEST_BEND = 0.12
"""Deviation of the strongest displacement, as a share of the side."""
LEAST = 0.15
"""The weakest damage."""
CELLS = 4
"""Squares along a side of a collage, and of what is pixelated."""
SOFTEST = 0.25
"""The strongest blur of a mixture: noise with the covariance of the data may lack its finest detail."""


def blur(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """Blur with a Gaussian whose weights are renormalized at the edges."""
    deviation = WIDEST_BLUR * min(x.shape[2:]) * strength
    down, across = (smoothing(side, deviation) for side in x.shape[2:])
    return down @ x @ across.transpose(2, 3)


def smoothing(side: int, deviation: Strength) -> Float[Tensor, "B 1 S S"]:
    """The matrix of a Gaussian blur along a side."""
    place = torch.arange(side, device=deviation.device)
    weight = torch.exp(-((place[:, None] - place) ** 2) / (2 * deviation**2))
    return weight / weight.sum(3, keepdim=True)


def noisy(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """White noise, at full strength nothing else."""
    noise = 0.6 * torch.randn(x.shape, generator=generator).to(x)
    return (1 - strength**2) * x + strength * noise


def mixed(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """Toward a sum of many pictures with normal weights, at full strength nothing else."""
    softness = torch.rand(strength.shape, generator=generator).clamp(min=0.04).to(x) * SOFTEST
    noise = blur(colored_noise(len(x), among, generator), softness, among, generator)
    return torch.lerp(x, noise, strength.sqrt())


def colored_noise(count: int, among: Pictures, generator: Generator) -> Pictures:
    """Noise with the mean and the covariance of the pictures ``among``."""
    weight = torch.randn(count, len(among), generator=generator).to(among) / len(among) ** 0.5
    mean = among.mean(0)
    return mean + (weight @ (among - mean).flatten(1)).reshape(count, *among.shape[1:])


def faded(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """Toward the mean picture."""
    return torch.lerp(x, among.mean(0, keepdim=True).expand_as(x), strength)


def collage(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """Squares of a grid from another picture, about half of them at full strength."""
    cells = torch.rand(len(x), 1, CELLS, CELLS, generator=generator).to(x) < 0.5 * strength
    other = among[torch.randint(len(among), (len(x),), generator=generator).to(x.device)]
    return torch.where(interpolate(cells.to(x), x.shape[2:]) > 0, other, x)


def pixelated(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """Toward squares of one color."""
    cells = [max(2, side // CELLS) for side in x.shape[2:]]
    return torch.lerp(x, interpolate(interpolate(x, cells, mode="area"), x.shape[2:]), strength)


def striped(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """A pattern of two or four pixels over the picture, as transposed convolutions leave it."""
    period = 2 * torch.randint(1, 3, (len(x), 1, 1, 1), generator=generator).to(x)
    row, column = (torch.arange(side, device=x.device) % period < period / 2 for side in x.shape[2:])
    return x + 0.5 * strength * ((row.transpose(2, 3) ^ column).to(x) * 2 - 1)


def bend(x: Pictures, strength: Strength, among: Pictures, generator: Generator) -> Pictures:
    """Every place moved by a smooth random field: slightly bent pictures stand for those of a good model."""
    coarse = torch.randn(len(x), 2, 5, 5, generator=generator).to(x)
    field = interpolate(coarse, x.shape[2:], mode="bicubic", align_corners=True) * 2 * FARTHEST_BEND
    same = affine_grid(torch.eye(2, 3).to(x).expand(len(x), 2, 3), list(x.shape), align_corners=False)
    moved = same + (field * strength).movedim(1, 3)
    return grid_sample(x, moved, padding_mode="reflection", align_corners=False)


RUINED: tuple[Damage, ...] = (noisy, mixed, faded)
"""Kinds that leave nothing of a picture at full strength; the others count for half."""
KINDS: tuple[Damage, ...] = (blur, noisy, mixed, faded, collage, pixelated, striped)
TURNS = (0, 1, 2, 3, 4, 2, 5, 6)
"""Kinds by turns: ``mixed``, the hardest to tell from photographs, twice as often."""


def damaged(
    x: Pictures, among: Pictures, generator: Generator
) -> tuple[Pictures, Int[Tensor, " B"], Float[Tensor, " B"]]:
    """A damaged view of each picture, as a file would hold it; its kind, from 1; and how bad it is, in (0, 1]."""
    strength = LEAST + (1 - LEAST) * torch.rand(len(x), 1, 1, 1, generator=generator).to(x)
    kind = torch.tensor(TURNS, device=x.device).repeat(len(x) // len(TURNS) + 1)[: len(x)]
    views = torch.empty_like(x)
    for turn, number in enumerate(TURNS[: len(x)]):
        rows = slice(turn, None, len(TURNS))
        views[rows] = KINDS[number](x[rows], strength[rows], among, generator)
    share = torch.tensor([1.0 if damage in RUINED else 0.5 for damage in KINDS], device=x.device)
    return eight_bits(views), kind + 1, strength.flatten() * share[kind]


def eight_bits(x: Pictures) -> Pictures:
    """Within [-1, 1] and in 256 steps, as files hold pictures."""
    return x.clamp(-1, 1).add(1).mul(127.5).round().mul(1 / 127.5).sub(1)
