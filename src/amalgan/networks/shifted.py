"""A network that begins as another one of its kind and follows it: that one's weights, held still, plus a difference.

    weights of the base, without gradient ─┐
    difference, starting at zero ──────────┴─► weights ─► network

So what the base has learned is not learned twice, and goes on to be learned; averages of the weights are right too. A
layer that takes more than the base's does (noise beside a code) finds zeros for the rest; one that the base lacks
starts at zero.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Moved(nn.Module):
    """The difference; ``forward`` takes the base first."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.change = network
        with torch.no_grad():
            for weight in network.parameters():
                weight.zero_()

    def forward(self, base: nn.Module, *inputs: Tensor) -> Any:
        held = {name: weight.detach() for name, weight in base.named_parameters()}
        weights = {
            name: change + filled(held[name], change) if name in held else change
            for name, change in self.change.named_parameters()
        }
        return functional_call(self.change, weights, inputs)


def filled(weight: Tensor, like: Tensor) -> Tensor:
    """Return ``weight`` with zeros for the further inputs that ``like`` has, the last ones of axis 1."""
    if weight.shape == like.shape:
        return weight
    wide = torch.zeros_like(like, dtype=weight.dtype)
    wide[:, : weight.shape[1]] = weight
    return wide
