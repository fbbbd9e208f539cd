"""The default networks of series."""

from __future__ import annotations

from torch import nn

from amalgan.config.parts import Networks
from amalgan.core.types import DataSpec
from amalgan.networks.painting import Paints


def encoder(config: Networks, spec: DataSpec, features: int) -> nn.Module | None:
    """From a window to features; None: dense layers."""
    return None


def decoder(config: Networks, spec: DataSpec, features: int, style: int) -> Paints | None:
    """From features to a window; None: dense layers."""
    return None
