"""Random changes to everything that a critic sees, real or generated, through which gradients pass.

    x ─► color: brightness, saturation, contrast ─► translation ─► cutout ─► x

Zhao et al. 2020, arXiv:2006.10738, with its strengths: brightness by up to half of the unit range, saturation and
contrast up to doubled or taken away, translation by up to an eighth of the side, a hidden rectangle of half of the
height and width, wherever its center falls. What a picture has not, as beyond its edge or in the hidden part, is
mid-gray (0). Every picture draws its own numbers; a critic without them learns few pictures by heart.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.config.parts import Changes
from amalgan.core.randomness import Draws

BRIGHTER = 0.5
MOVED = 1 / 8
HIDDEN = 1 / 2

Pictures = Float[Tensor, "B C H W"]


def change(x: Tensor, changes: Changes, draws: Draws, purpose: str) -> Tensor:
    """``x`` changed at random; ``x`` itself for ``none``.

    Args:
        purpose: tells apart what is drawn for one use from what is drawn for another in the same round.
    """
    for name, step in STEPS.items():
        if name in changes.split("+"):
            x = step(x, draws, f"{purpose} {name}")
    return x


def color(x: Pictures, draws: Draws, purpose: str) -> Pictures:
    """Change brightness, then saturation (of color pictures), then contrast."""
    brightness, saturation, contrast = draws.uniform(purpose, 3, 1, 1, 1).unbind(1)
    x = x + BRIGHTER * (2 * brightness - 1)
    gray = x.mean(1, keepdim=True)
    x = gray + (x - gray) * (2 * saturation)
    middle = x.mean((1, 2, 3), keepdim=True)
    return middle + (x - middle) * (contrast + 0.5)


def translation(x: Pictures, draws: Draws, purpose: str) -> Pictures:
    """Move by whole pixels, down and across."""
    sides = torch.tensor(x.shape[2:], device=x.device)
    most = (MOVED * sides + 0.5).floor()
    down, across = ((2 * most + 1) * draws.uniform(purpose, 2)).floor().sub(most).long().unbind(1)
    row = (torch.arange(x.shape[2], device=x.device) - down[:, None])[:, :, None]
    column = (torch.arange(x.shape[3], device=x.device) - across[:, None])[:, None, :]
    inside = inside_of(row, x.shape[2]) & inside_of(column, x.shape[3])
    picture = torch.arange(len(x), device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[picture, row.clamp(0, x.shape[2] - 1), column.clamp(0, x.shape[3] - 1)]
    return moved.permute(0, 3, 1, 2) * inside[:, None]


def inside_of(position: Tensor, side: int) -> Tensor:
    """Where a position lies within the picture."""
    return (position >= 0) & (position < side)


def cutout(x: Pictures, draws: Draws, purpose: str) -> Pictures:
    """Hide a rectangle, part of which may lie outside."""
    uniform = draws.uniform(purpose, 2).unbind(1)
    down, across = (hidden(side, at) for side, at in zip(x.shape[2:], uniform, strict=True))
    return x * ~(down[:, None, :, None] & across[:, None, None, :])


def hidden(side: int, at: Float[Tensor, " B"]) -> Tensor:
    """Which positions along a side are hidden, (B, side); ``at`` in [0, 1) says where the middle lies."""
    long = int(HIDDEN * side + 0.5)
    start = (at * (side + 1 - long % 2)).floor().long() - long // 2
    position = torch.arange(side, device=at.device) - start[:, None]
    return inside_of(position, long)


STEPS: dict[str, Callable[[Tensor, Draws, str], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}
