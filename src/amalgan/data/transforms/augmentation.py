"""Random changes to training pictures, differentiable, from keyed numbers.

    x ─► mirror, shift, turn, scale: one resampling of the plane ─► brightness, contrast, saturation ─► x

A mirror alone moves pixels without resampling. Edges are continued by reflection. Every picture of the batch
draws its own numbers. Geometry in pixels: output (u, v) about the center shows input  R(angle) (u, v) / zoom
+ shift.
"""

from __future__ import annotations

from dataclasses import replace
from math import pi

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from amalgan.config.data import AugmentConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.kinds import kind_of

LUMA = (0.299, 0.587, 0.114)


def resolve_augment(config: AugmentConfig, spec: DataSpec) -> AugmentConfig:
    """The same with every ``None`` filled in: mirror color pictures, leave gray ones and vectors as they are.

    Raises:
        ConfigError: a change for pictures is asked of vectors.
    """
    return kind_of(spec).resolve_augment(config, spec)


def filled(config: AugmentConfig, *, flip: bool) -> AugmentConfig:
    """The same with every ``None`` off, but for ``flip``."""
    return replace(
        config,
        flip=flip if config.flip is None else config.flip,
        shift=config.shift or 0.0,
        rotate=config.rotate or 0.0,
        zoom=config.zoom or 0.0,
        color=config.color or 0.0,
    )


OFF = AugmentConfig(flip=False, shift=0.0, rotate=0.0, zoom=0.0, color=0.0)
"""Nothing is changed."""


def describe_augment(config: AugmentConfig) -> str:
    """One line to print: ``mirrored, shifted by up to 12 %``, or ``none``."""
    parts = (
        (config.flip, "mirrored"),
        (config.shift, f"shifted by up to {config.shift or 0:.0%}"),
        (config.rotate, f"turned by up to {config.rotate or 0:g} degrees"),
        (config.zoom, f"scaled by up to {config.zoom or 0:.0%}"),
        (config.color, f"color changed by up to {config.color or 0:.0%}"),
    )
    return ", ".join(text for on, text in parts if on) or "none"


def augment(x: Float[Tensor, "B ..."], config: AugmentConfig, draws: Draws) -> Float[Tensor, "B ..."]:
    """Change pictures at random; ``x`` itself where nothing is on."""
    if config.shift or config.rotate or config.zoom:
        x = _resampled(x, config, draws)
    elif config.flip:
        x = torch.where(_mirrored(draws).view(-1, 1, 1, 1), x.flip(3), x)
    return _colored(x, config.color, draws) if config.color else x


def _mirrored(draws: Draws) -> Tensor:
    return draws.uniform("augment.flip") < 0.5


def _resampled(x: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    plane = _plane(config, draws, aspect=x.shape[3] / x.shape[2])
    grid = functional.affine_grid(plane, list(x.shape), align_corners=False).to(x.dtype)
    return functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def _plane(config: AugmentConfig, draws: Draws, aspect: float) -> Tensor:
    """Where each output point looks, in coordinates that run from -1 to 1 on both sides: (rows, 2, 3)."""
    angle = _signed(draws, "rotate") * ((config.rotate or 0.0) * pi / 180)
    scale = (1 + (config.zoom or 0.0)) ** -_signed(draws, "zoom")
    mirror = torch.where(_mirrored(draws), -1.0, 1.0) if config.flip else torch.ones_like(angle)
    shift = (_signed(draws, "shift", 2) * 2 * (config.shift or 0.0)).unbind(1)
    cos, sin = angle.cos() * scale, angle.sin() * scale
    across = torch.stack([cos * mirror, -sin / aspect, shift[0]], dim=1)
    down = torch.stack([sin * aspect * mirror, cos, shift[1]], dim=1)
    return torch.stack([across, down], dim=1)


def _signed(draws: Draws, purpose: str, *shape: int) -> Tensor:
    """Uniform numbers in [-1, 1)."""
    return draws.uniform(f"augment.{purpose}", *shape) * 2 - 1


def _colored(x: Tensor, strength: float, draws: Draws) -> Tensor:
    brightness, contrast, saturation = (
        (_signed(draws, purpose) * strength).view(-1, 1, 1, 1)
        for purpose in ("brightness", "contrast", "saturation")
    )
    x = x + brightness
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    x = mean + (x - mean) * (1 + contrast)
    if x.shape[1] != 3:
        return x
    gray = (x * x.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    return gray + (x - gray) * (1 + saturation)
