"""The three roles a network can play, for pictures of any shape from 8 x 8 and for vectors.

    encoder   example ─► features (B, F)
    decoder   features (B, F) [, style (B, S)] ─► example        also a GAN's generator
    critic    example [, label] ─► logit (B,)

Systems ask for a role; what it is built of is for the kind of data to say: convolutions for pictures, dense layers for
vectors (and for anything with ``dense``, as the source articles have it). The features of an encoder and its decoder
may lie on a grid over the picture (``layout="map"``).
"""

from __future__ import annotations

from typing import Any, cast

from jaxtyping import Float
from torch import Tensor, nn

from amalgan.config.code import Layout, grid_of
from amalgan.config.parts import Networks
from amalgan.core.types import DataSpec
from amalgan.kinds import kind_of
from amalgan.networks.any_size import CELL, MapDecoder, MapEncoder
from amalgan.networks.critic import Critic
from amalgan.networks.mlp import DenseDecoder, DenseEncoder
from amalgan.networks.painting import Paints
from amalgan.networks.projected import ProjectedCritic
from amalgan.networks.shifted import Moved

__all__ = [
    "CELL",
    "Critic",
    "MapDecoder",
    "MapEncoder",
    "Moved",
    "Paints",
    "ProjectedCritic",
    "begin_at",
    "critic",
    "decoder",
    "encoder",
    "map_shape",
]


def encoder(config: Networks, spec: DataSpec, features: int, *, layout: Layout | None = None) -> nn.Module:
    """Return a network from an example to ``features`` numbers, which lie on the picture's grid where layout is map."""
    own = None if config.dense else kind_of(spec).encoder(config, spec, features, layout)
    return own or DenseEncoder(config, spec, features)


def decoder(
    config: Networks,
    spec: DataSpec,
    features: int,
    *,
    extra: int = 0,
    style: int = 0,
    zero: bool = False,
    layout: Layout | None = None,
) -> Paints:
    """Return a network from ``features + extra`` numbers to an example.

    Args:
        extra: numbers behind the features that lie on no grid, as noise.
        style: numbers that scale and shift the hidden channels instead of entering at the bottom.
        zero: let the last layer start at zero, so that the output does too (a residual).
        layout: as that of the encoder.
    """
    own = None if config.dense else kind_of(spec).decoder(config, spec, features, extra, style, layout)
    built: Any = own or DenseDecoder(config, spec, features + extra, style)
    if zero:
        nn.init.zeros_(built.last.weight)
        nn.init.zeros_(built.last.bias)
    built.residual = zero
    return cast(Paints, built)


def map_shape(
    config: Networks, spec: DataSpec, features: int, layout: Layout | None
) -> tuple[int, int, int] | None:
    """Return channels, height and width of the map that so many features lie on; None where they are flat."""
    if layout != "map" or config.dense or kind_of(spec).refuses("code_map"):
        return None
    grid = grid_of(spec)
    return (features // grid.cells, *grid.shape)


def begin_at(network: nn.Module, mean: Float[Tensor, ...]) -> None:
    """Let every decoder in ``network`` that paints whole examples begin at the mean one, as far as a bias can.

    Else the first rounds learn little but how bright pictures are: a bias moves no faster than the learning rate.
    """
    for part in network.modules():
        if isinstance(part, Paints) and not part.residual:
            part.begin_at(mean)


def critic(config: Networks, spec: DataSpec, *, projected: bool = False) -> Critic:
    """Return a network from an example, and its label if the data has classes, to a logit.

    Args:
        projected: let it judge pictures by what a network taught on ImageNet sees in them; ``config`` is then unused.
    """
    if projected:
        return ProjectedCritic(spec.shape, len(spec.classes), shown=kind_of(spec).shown_to_critic)
    seen = encoder(config, spec, Critic.FEATURES)
    return Critic(seen, classes=len(spec.classes), shown=kind_of(spec).shown_to_critic)
