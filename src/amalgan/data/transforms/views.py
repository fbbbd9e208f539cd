"""Another view of an example that shows the same thing, for a classifier to see through.

    picture ─► mirror (by option) ─► affine map and smooth bend: one resampling ─► noise ─► squares hidden
    vector  ─────────────────────────────────────────────────────────────────────► noise ─► entries hidden

Nothing is assumed of what a picture shows; whether a mirrored one shows the same is for the user to say. The bend is
a coarse field of shifts, drawn anew for every picture (elastic distortion, Simard, Steinkraus & Platt 2003). Edges are
continued. Numbers are keyed, so a view is a function of seed, round and position.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from amalgan.config.parts import Views
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data.transforms.corruption import add_noise
from amalgan.kinds import kind_of

KNOTS = 4
"""The bend is drawn at so many points along each side, and smooth between."""


def view(x: Float[Tensor, "B ..."], config: Views, draws: Draws, spec: DataSpec) -> Float[Tensor, "B ..."]:
    """Each example, changed at random as far as ``config`` allows."""
    kind = kind_of(spec)
    x = kind.view(x, config, draws)
    x = add_noise(x, config.noise, draws) if config.noise else x
    return kind.masked(x, config.hide, draws) if config.hide else x


def bent(x: Float[Tensor, "B C H W"], config: Views, draws: Draws) -> Float[Tensor, "B C H W"]:
    """Each picture, looked up along a bent plane."""
    plane = torch.cat([linear(config, draws), 2 * config.shift * signed(draws, "shift", 2, 1)], dim=2)
    grid = functional.affine_grid(plane, list(x.shape), align_corners=False)
    knots = config.bend * signed(draws, "bend", 2, KNOTS, KNOTS)
    bend = functional.interpolate(knots, x.shape[2:], mode="bicubic", align_corners=True)
    grid = (grid + bend.permute(0, 2, 3, 1)).to(x.dtype)
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def linear(config: Views, draws: Draws) -> Float[Tensor, "B 2 2"]:
    """Turns, slants and scales a little: the identity, each entry moved by up to ``stretch``; perhaps mirrored."""
    found = torch.eye(2, device=draws.device) + config.stretch * signed(draws, "stretch", 2, 2)
    mirror = (draws.uniform("view.flip") < 0.5) & config.flip
    return torch.where(mirror.view(-1, 1, 1), found * found.new_tensor([-1.0, 1.0]), found)


def signed(draws: Draws, purpose: str, *shape: int) -> Tensor:
    """Uniform numbers in [-1, 1)."""
    return draws.uniform(f"view.{purpose}", *shape) * 2 - 1
