"""Networks for a velocity field on codes: v(z, t | group), for codes on a map and for flat ones.

    z ─► 3x3 (or linear) ─► + place ─► residual blocks ─► 3x3 (or linear), starting at zero ─► v
    time, group ─► style of every block

The last layer starts at zero, so that an untrained field moves nothing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.networks.blocks import RECTIFIED, Residual, channels_last, one_hot, rectify, scale_weights

WIDTH, HIDDEN, BLOCKS, STYLE = 128, 512, 3, 128
FREQUENCIES = 8
"""Waves that a time is shown as."""


class Moment(nn.Module):
    """From a time in [0, 1] and a group to a style."""

    frequency: Tensor

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.time = scale_weights(nn.Linear(2 * FREQUENCIES, STYLE))
        self.group = nn.Linear(groups, STYLE, bias=False)
        self.register_buffer("frequency", 2.0 ** torch.arange(FREQUENCIES) * torch.pi / 4)

    def forward(self, time: Float[Tensor, "B 1"], group: Int[Tensor, " B"]) -> Float[Tensor, "B S"]:
        angle = time * self.frequency
        waves = torch.cat([angle.sin(), angle.cos()], dim=1)
        return rectify(self.time(waves) + self.group(one_hot(group, self.groups)))


class MapVelocity(nn.Module):
    """For codes of ``shape`` (channels, h, w), by convolutions that know where they are."""

    def __init__(self, shape: tuple[int, int, int], groups: int) -> None:
        super().__init__()
        self.shape = shape
        self.moment = Moment(groups)
        self.first = scale_weights(nn.Conv2d(shape[0], WIDTH, 3, padding=1))
        self.place = nn.Parameter(torch.zeros(1, WIDTH, *shape[1:]))
        self.blocks = nn.ModuleList(Residual(WIDTH, STYLE) for _ in range(BLOCKS))
        self.last = begun_at_zero(nn.Conv2d(WIDTH, shape[0], 3, padding=1))
        channels_last(self)

    def forward(
        self, z: Float[Tensor, "B K"], time: Float[Tensor, "B 1"], group: Int[Tensor, " B"]
    ) -> Float[Tensor, "B K"]:
        style = self.moment(time, group)
        x = self.first(z.unflatten(1, self.shape).contiguous(memory_format=torch.channels_last)) + self.place
        for block in self.blocks:
            x = block(x, style)
        return self.last(rectify(x)).contiguous().flatten(1).float()


class FlatVelocity(nn.Module):
    """For codes of ``size`` numbers, by dense layers."""

    def __init__(self, size: int, groups: int) -> None:
        super().__init__()
        self.moment = Moment(groups)
        self.first = scale_weights(nn.Linear(size, HIDDEN))
        self.styles = nn.ModuleList(scale_weights(nn.Linear(STYLE, HIDDEN), RECTIFIED) for _ in range(BLOCKS))
        self.inner = nn.ModuleList(scale_weights(nn.Linear(HIDDEN, HIDDEN), RECTIFIED) for _ in range(BLOCKS))
        self.outer = nn.ModuleList(begun_at_zero(nn.Linear(HIDDEN, HIDDEN)) for _ in range(BLOCKS))
        self.last = begun_at_zero(nn.Linear(HIDDEN, size))

    def forward(
        self, z: Float[Tensor, "B K"], time: Float[Tensor, "B 1"], group: Int[Tensor, " B"]
    ) -> Float[Tensor, "B K"]:
        style, x = self.moment(time, group), self.first(z)
        for shift, inner, outer in zip(self.styles, self.inner, self.outer, strict=True):
            x = x + outer(rectify(inner(rectify(x)) + shift(style)))
        return self.last(rectify(x)).float()


def begun_at_zero(layer: nn.Module) -> nn.Module:
    """Return ``layer`` with all of its weights zero."""
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    return layer
