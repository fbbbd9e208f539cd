"""The three roles a network can play, for pictures of any shape from 8 x 8 and for vectors.

    encoder   example ─► features (B, F)
    decoder   features (B, F) [, style (B, S)] ─► example        also a GAN's generator
    critic    example [, label] ─► logit (B,)

Systems ask for a role; what it is built of follows from the data: convolutions for pictures, dense layers for
vectors (and for pictures with ``dense``, as the source articles have it).
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from amalgan.config.parts import Networks
from amalgan.networks.conv import ConvDecoder, ConvEncoder
from amalgan.networks.critic import Critic
from amalgan.networks.maps import CELL, MapDecoder, MapEncoder
from amalgan.networks.mlp import DenseDecoder, DenseEncoder
from amalgan.types import DataSpec

__all__ = ["CELL", "Critic", "MapDecoder", "MapEncoder", "begin_at", "critic", "decoder", "encoder"]


def encoder(config: Networks, spec: DataSpec, features: int) -> nn.Module:
    """A network from an example to ``features`` numbers."""
    dense = config.dense or spec.kind == "vector"
    return DenseEncoder(config, spec, features) if dense else ConvEncoder(config, spec, features)


def decoder(
    config: Networks, spec: DataSpec, features: int, *, style: int = 0, zero: bool = False
) -> nn.Module:
    """A network from ``features`` numbers to an example.

    Args:
        style: numbers that scale and shift the hidden channels instead of entering at the bottom.
        zero: let the last layer start at zero, so that the output does too (a residual).
    """
    dense = config.dense or spec.kind == "vector"
    built = (
        DenseDecoder(config, spec, features, style) if dense else ConvDecoder(config, spec, features, style)
    )
    if zero:
        nn.init.zeros_(built.last.weight)
        nn.init.zeros_(built.last.bias)  # type: ignore[arg-type]
    built.residual = zero
    return built


def begin_at(network: nn.Module, mean: Float[Tensor, ...]) -> None:
    """Let every decoder in ``network`` that paints whole examples begin at the mean one, as far as a bias can.

    Else the first rounds learn little but how bright pictures are: a bias moves no faster than the learning rate.
    """
    for part in network.modules():
        if isinstance(part, ConvDecoder | DenseDecoder) and not part.residual:
            part.begin_at(mean)


def critic(config: Networks, spec: DataSpec) -> Critic:
    """A network from an example, and its label if the data has classes, to a logit."""
    return Critic(encoder(config, spec, Critic.FEATURES), classes=len(spec.classes))
