"""A generator that is told a class: noise and class ─► example. What every system with a plain GAN in it shares."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.parts import Networks
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.kinds import kind_of
from amalgan.networks.blocks import one_hot
from amalgan.networks.priors import Groups


class ConditionalGenerator(nn.Module):
    """A generator conditioned on the class: the network, and how often each class occurs."""

    def __init__(self, config: Networks, spec: DataSpec, noise_size: int) -> None:
        super().__init__()
        self.noise_size, self.classes = noise_size, len(spec.classes)
        self.network = networks.decoder(config, spec, noise_size + self.classes)
        with torch.no_grad():
            self.network.last.weight.mul_(kind_of(spec).varied())  # type: ignore[operator,union-attr]
        self.groups = Groups(self.classes)

    def noise(self, draws: Draws) -> Float[Tensor, "B N"]:
        """What tells this round's examples of a class apart."""
        return draws.normal("noise", self.noise_size)

    def forward(self, group: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        """One example for each class; beyond the last class, and below the first, for none."""
        return self.network(torch.cat([self.noise(draws), one_hot(group, self.classes)], dim=1))

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        """One example for each label; UNLABELED, or a class that never occurred, asks for any."""
        return self(self.groups.choose(label, draws, "label"), draws)
