"""A generative adversarial network: the plain partner in every comparison.

    noise, label ─► generator ─► fake ─┐
                                       ├─► critic ─► logit
    real, label ───────────────────────┘

Goodfellow et al. 2014, arXiv:1406.2661, with the losses and penalties of ``gan_losses``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan import networks
from amalgan.config.systems import GanConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.systems import gan_losses
from amalgan.systems.base import Phase, System
from amalgan.systems.conditional_generator import ConditionalGenerator
from amalgan.systems.registry import register


@register("gan")
class Gan(System):
    """Generates; has no encoder."""

    Config = GanConfig
    paper = "Goodfellow 2014; R3GAN, Huang 2024"
    judge = gan_losses.judge

    def __init__(self, config: GanConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.generator = ConditionalGenerator(config.network, spec, config.noise_size)
        self.critic = networks.critic(config.critic.network, spec, projected=config.critic.projected)

    def phases(self) -> Sequence[Phase]:
        critic, generator = self.config.critic.optimizer, self.config.optimizer
        return (
            Phase(name="generator", updates=("generator",), loss=self.generator_loss, optimizer=generator),
            Phase(name="critic", updates=("critic",), loss=self.critic_loss, optimizer=critic),
        )

    def generator_loss(self, batch: Batch, tick: Tick) -> Step:
        fake = tick.once("fake", lambda: self.generator(batch.label, tick.draws))
        fooled = gan_losses.fool(self.critic, self.config.critic, batch.x, fake, batch.label, tick.draws)
        return Step({"adversarial": fooled.mean()})

    def critic_loss(self, batch: Batch, tick: Tick) -> Step:
        fake = tick.once("fake", lambda: self.generator(batch.label, tick.draws)).detach()
        return gan_losses.critic_step(self.critic, self.config.critic, batch.x, fake, batch.label, tick)

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        self.generator.groups.fit(torch.cat([batch.label.cpu() for batch in batches]))

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.generator.generate(label, draws)
