"""What windows are compared in: the shares of time that the answers of random dilated convolutions are high in.

    window (C, T) ─► kernels of nine weights, each in a few channels, dilated up to the window ─► share above a bias

Dempster, Petitjean & Webb 2020, arXiv:1910.13051 (ROCKET), with the one statistic that MiniRocket keeps
(arXiv:2012.08791): no network is taught, so a judge costs nothing, is the same on every machine, and a linear
classifier on its features is about as good as any. Biases are quantiles of the answers to training windows.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv1d

from amalgan.data import Dataset
from amalgan.features.judge import Features

KERNELS, LENGTH, CHANNELS = 96, 9, 4
"""Kernels, their weights, and at most so many channels that one sees."""
SEED = 20
ASKED = 512
"""Training windows that biases are learned from."""


def features(data: Dataset, device: str) -> Features:
    """The features of windows such as those of ``data``."""
    x = data.whole.take(data.whole.spaced(ASKED))
    net = Convolutions(x).to(device).eval()
    return Features(f"random-convolutions{KERNELS}", net, labeled=False)


class Convolutions(nn.Module):
    """Random convolutions with biases that fit ``x``."""

    def __init__(self, x: Float[Tensor, "N C T"]) -> None:
        super().__init__()
        channels, steps = x.shape[1:]
        chance = torch.Generator().manual_seed(SEED)
        self.dilations = dilations(steps, chance)
        weight = torch.randn(KERNELS, channels, LENGTH, generator=chance)
        weight -= weight.mean(2, keepdim=True) * (torch.rand(KERNELS, 1, 1, generator=chance) < 0.5)
        order = torch.rand(KERNELS, channels, generator=chance).argsort(1).argsort(1)
        weight *= (order < CHANNELS)[:, :, None]
        level = torch.rand(KERNELS, generator=chance) * 0.8 + 0.1
        self.weight = nn.Parameter(weight, requires_grad=False)
        answers = self.answers(x).transpose(0, 1).flatten(1)
        chosen = (level * (answers.shape[1] - 1)).long()
        bias = answers.sort(1).values.gather(1, chosen[:, None])
        self.bias = nn.Parameter(bias, requires_grad=False)

    def answers(self, x: Float[Tensor, "B C T"]) -> Float[Tensor, "B K T"]:
        """What each kernel answers at each step; beyond the ends are zeros."""
        found = [
            conv1d(x.float(), self.weight[rows], padding=dilation * (LENGTH // 2), dilation=dilation)
            for dilation, rows in self.dilations
        ]
        return torch.cat(found, 1)

    def forward(self, x: Float[Tensor, "B C T"]) -> Float[Tensor, "B K"]:
        return (self.answers(x) > self.bias).float().mean(2)


def dilations(steps: int, chance: torch.Generator) -> list[tuple[int, slice]]:
    """Dilations, evenly on a logarithmic scale up to one that spans the window, and the kernels that have them."""
    most = max(0.0, math.log2((steps - 1) / (LENGTH - 1)))
    found = sorted(int(2 ** (most * share)) for share in torch.rand(KERNELS, generator=chance).tolist())
    return [
        (dilation, slice(found.index(dilation), found.index(dilation) + found.count(dilation)))
        for dilation in sorted(set(found))
    ]
