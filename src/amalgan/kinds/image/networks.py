"""The default networks of pictures: convolutions; on a grid over the picture where the code is a map."""

from __future__ import annotations

from torch import nn

from amalgan.config.code import Layout, grid_of
from amalgan.config.parts import Networks
from amalgan.core.types import DataSpec
from amalgan.networks.code_map import CodeMapDecoder, CodeMapEncoder
from amalgan.networks.conv import ConvDecoder, ConvEncoder
from amalgan.networks.painting import Paints


def encoder(config: Networks, spec: DataSpec, features: int, layout: Layout | None) -> nn.Module:
    """From a picture to features."""
    if layout == "map":
        grid = grid_of(spec)
        return CodeMapEncoder(config, grid, spec.shape[0], features // grid.cells)
    return ConvEncoder(config, spec, features)


def decoder(
    config: Networks, spec: DataSpec, features: int, extra: int, style: int, layout: Layout | None
) -> Paints:
    """From features to a picture."""
    if layout == "map":
        grid = grid_of(spec)
        channels = features // grid.cells
        return CodeMapDecoder(config, grid, spec.shape, channels, extra=extra, style=style)
    return ConvDecoder(config, spec, features + extra, style)
