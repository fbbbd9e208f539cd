"""What is wrong with a picture, made from sound ones: what a restorer learns from and is measured by.

    x ─► denoise  x + level * most noise * N(0, 1)              not clipped, so that its mean stays 0
      ─► inpaint  strokes are missing: 0 where ``known`` is 0
      ─► upscale  bicubic, down by 2 to 4 and up again
      ─► dejpeg   coded as JPEG at quality 5 to 95, and decoded

A level in [0, 1] says how bad it is. Everything is a function of the example and of this round's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from amalgan.config.systems.restoration import TASKS
from amalgan.core.randomness import Draws
from amalgan.data.transforms.corruption import add_noise

STROKES = 8
LONGEST, THICKEST = 0.6, 0.06
"""Of a stroke, in shares of the picture's longer side."""
FACTORS = (2, 3, 4)
QUALITIES = (5, 95)
UNTOLD = -1.0
"""The level of what nobody knows how bad it is."""


class Damaged(NamedTuple):
    """Pictures to be mended, and what is known of what happened to them."""

    x: Float[Tensor, "B C H W"]
    """What is left: in [-1, 1] but for noise; 0 where nothing is known."""
    task: Int[Tensor, " B"]
    """Positions in ``TASKS``."""
    level: Float[Tensor, " B"]
    """How bad it is, in [0, 1]; UNTOLD where that is not known."""
    known: Float[Tensor, "B 1 H W"]
    """1 where ``x`` shows something, 0 in holes."""


def damaged(
    x: Float[Tensor, "B C H W"], tasks: Sequence[str], draws: Draws, *, noise: float, known_level: float
) -> Damaged:
    """Damage pictures, by each of ``tasks`` in turn; say of a share ``known_level`` how badly.

    Args:
        noise: the deviation at level 1, of the [-1, 1] range.
    """
    turn = torch.tensor([TASKS.index(task) for task in tasks], device=x.device)
    task = turn[(draws.positions + draws.round) % len(tasks)]
    level, hidden = draws.uniform("damage.level"), draws.uniform("damage.told") >= known_level
    left, known = x, torch.ones_like(x[:, :1])
    for name in dict.fromkeys(tasks):
        rows = (task == TASKS.index(name)).view(-1, 1, 1, 1)
        if name == "inpaint":
            known = torch.where(rows, 1 - strokes(x, level, draws), known)
        else:
            left = torch.where(rows, FLAWS[name](x, level, draws, noise), left)
    return Damaged(left * known, task, torch.where(hidden, UNTOLD, level), known)


def noisy(x: Tensor, level: Tensor, draws: Draws, noise: float) -> Tensor:
    """With normal noise."""
    return x + (add_noise(x, noise, draws) - x) * level.view(-1, 1, 1, 1)


def smaller(x: Tensor, level: Tensor, draws: Draws, noise: float) -> Tensor:
    """Without the detail that scaling down loses."""
    factor = torch.tensor([FACTORS[int(len(FACTORS) * one)] for one in level.tolist()])
    found = x.clone()
    for one in factor.unique().tolist():
        rows = torch.nonzero(factor == one).flatten().to(x.device)
        found[rows] = larger(shrunk(x[rows], one), x.shape[2:])
    return found


def level_of_factor(factor: int) -> float:
    """A level at which pictures were scaled by ``factor``."""
    return (FACTORS.index(factor) + 0.5) / len(FACTORS)


def blocky(x: Tensor, level: Tensor, draws: Draws, noise: float) -> Tensor:
    """As JPEG leaves it."""
    low, high = QUALITIES
    return torch.cat(
        [
            coded(one[None], round(high + (low - high) * bad))
            for one, bad in zip(x, level.tolist(), strict=True)
        ]
    )


FLAWS: dict[str, Callable[[Tensor, Tensor, Draws, float], Tensor]] = {
    "denoise": noisy,
    "upscale": smaller,
    "dejpeg": blocky,
}


def shrunk(x: Float[Tensor, "B C H W"], factor: int) -> Float[Tensor, "B C h w"]:
    """Scaled down, bicubic (Keys 1981, a = -1/2, as Pillow has it), in 256 steps."""
    size = [max(1, side // factor) for side in x.shape[2:]]
    small = interpolate(x.float(), size, mode="bicubic", antialias=True)
    return small.add(1).mul(127.5).round().clamp(0, 255).div(127.5).sub(1)


def larger(x: Float[Tensor, "B C h w"], size: Sequence[int]) -> Float[Tensor, "B C H W"]:
    """Scaled up to height and width, bicubic."""
    return interpolate(x.float(), list(size), mode="bicubic", antialias=True).clamp(-1, 1)


def coded(x: Float[Tensor, "B C H W"], quality: int) -> Float[Tensor, "B C H W"]:
    """Written as JPEG and read again."""
    pixels = x.detach().float().cpu().add(1).mul(127.5).round().clamp(0, 255).byte().numpy()
    again = np.stack([jpeg(picture, quality) for picture in pixels])
    return torch.from_numpy(again).to(x.device, torch.float32).mul_(1 / 127.5).sub_(1)


def jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """One picture (C, H, W) written as JPEG and read again."""
    gray, file = len(pixels) == 1, BytesIO()
    Image.fromarray(pixels[0] if gray else pixels.transpose(1, 2, 0)).save(file, "JPEG", quality=quality)
    with Image.open(file) as opened:
        found = np.asarray(opened)
    return found[None] if gray else found.transpose(2, 0, 1)


def strokes(x: Tensor, level: Tensor, draws: Draws) -> Float[Tensor, "B 1 H W"]:
    """1 on strokes with round ends, thicker and longer the higher the level."""
    height, width = x.shape[2:]
    side = max(height, width)
    numbers = draws.uniform("damage.strokes", STROKES, 5).to(x.device)
    center = numbers[..., :2] * numbers.new_tensor([width, height])
    angle, bad = numbers[..., 2] * torch.pi, level.view(-1, 1)
    along = torch.stack([angle.cos(), angle.sin()], dim=-1)
    length = numbers[..., 3] * bad * LONGEST * side
    radius = 0.6 + numbers[..., 4] * bad * THICKEST * side
    return near(center, along, length, radius, (height, width)).any(dim=1, keepdim=True).to(x.dtype)


def near(
    center: Tensor, along: Tensor, length: Tensor, radius: Tensor, size: tuple[int, int]
) -> Bool[Tensor, "B S H W"]:
    """Which pixels lie within ``radius`` of each line of that center, direction and length."""
    down, across = (torch.arange(side, device=center.device) + 0.5 for side in size)
    apart = torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1) - center[:, :, None, None]
    place = (apart * along[:, :, None, None]).sum(-1)
    limit = length[:, :, None, None] / 2
    beside = apart - torch.maximum(torch.minimum(place, limit), -limit)[..., None] * along[:, :, None, None]
    return torch.less(beside.norm(dim=-1), radius[:, :, None, None])
