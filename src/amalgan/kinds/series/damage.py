"""Damage to windows: stretches of time that are hidden, or become those of another window; and waves to learn from."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data.transforms.corruption import chosen

CELLS = 16
"""Stretches that a window is divided into; a hidden one is a sixteenth of it."""
SHARE = (0.3, 0.6)
"""Least and greatest share of a window that is another's."""


def hidden(x: Float[Tensor, "B C T"], share: float, draws: Draws) -> Float[Tensor, "B 1 T"]:
    """1 where a stretch is hidden; as many stretches in each window."""
    side = max(1, -(-x.shape[2] // CELLS))
    cells = chosen(-(-x.shape[2] // side), share, draws)
    return cells.repeat_interleave(side, 1)[:, None, : x.shape[2]].to(x.dtype)


def stretches(x: Float[Tensor, "B C T"], draws: Draws) -> Bool[Tensor, "B 1 T"]:
    """One stretch of each window."""
    share = SHARE[0] + (SHARE[1] - SHARE[0]) * draws.uniform("side", 1)
    start = draws.uniform("corner", 1) * (1 - share)
    at = (torch.arange(x.shape[2]) + 0.5) / x.shape[2]
    return ((at >= start) & (at < start + share))[:, None]


def parts(shape: tuple[int, ...]) -> Iterator[Bool[Tensor, "B C T"]]:
    """Masks of stretches of one channel each, half as far apart as they are long."""
    channels, steps = shape
    side = max(2, -(-steps // CELLS))
    starts = torch.arange(-(side // 2), steps, max(1, side // 2))
    time = torch.arange(steps)
    along = (time >= starts[:, None]) & (time < starts[:, None] + side)
    along = along[along.any(1)]
    for channel in range(channels):
        mask = torch.zeros(len(along), channels, steps, dtype=torch.bool)
        mask[:, channel] = along
        yield from mask.split(CHUNK)


def waves(count: int, spec: DataSpec, generator: Generator) -> Float[Tensor, "N C T"]:
    """Sines of one to four turns a window, of chance phase."""
    turns = 1 + 3 * torch.rand(count, spec.shape[0], 1, generator=generator)
    phase = 2 * math.pi * torch.rand(count, spec.shape[0], 1, generator=generator)
    time = torch.linspace(0, 2 * math.pi, spec.shape[1])
    return math.sqrt(2) * torch.sin(turns * time + phase)
