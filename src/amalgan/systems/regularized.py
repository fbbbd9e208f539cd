"""A GAN whose generator an autoencoder holds.

    real ─► encoder ─► decoder ─► AE(real)                              the autoencoder goes on all the time
    noise, label ─► generator ─► fake ─┬─► critic ─► logit
                                       └─► encoder ─► decoder ─► AE(fake)

    fakes   L = L_GAN + weight |fake - AE(fake)|^2            what the generator makes must be easy to reconstruct
    reals   the critic's features of a real example must tell the example: + weight |real - R(features(real))|^2
            (after Liu et al. 2021, arXiv:2101.04775, section 3.2, whose features are maps of 8 x 8 and 16 x 16)
    noise   the code of a fake must tell the noise it came of: + weight |noise - H(E(fake))|^2
            (after Srivastava et al. 2017, arXiv:1705.07761, section 3, whose encoder learns from fakes alone)

The autoencoder learns from real examples alone, first by itself, then beside the GAN: one that learned from fakes
would agree with whatever the generator makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.code import natural_code_size
from amalgan.config.systems import RegularizedConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.objectives import reconstruction
from amalgan.systems import gan_losses
from amalgan.systems.base import Phase, System
from amalgan.systems.conditional_generator import ConditionalGenerator
from amalgan.systems.registry import register


@register("regularized")
class Regularized(System):
    """Generates, with an autoencoder that regularizes the generator; encodes and decodes."""

    Config = RegularizedConfig
    paper = "FastGAN, Liu 2021; VEEGAN, Srivastava 2017"
    judge = gan_losses.judge

    def __init__(self, config: RegularizedConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.code_size = config.code_size or natural_code_size(spec)
        self.encoder = networks.encoder(config.network, spec, self.code_size, layout=config.code)
        self.decoder = networks.decoder(config.network, spec, self.code_size, layout=config.code)
        self.generator = ConditionalGenerator(config.network, spec, config.noise_size)
        self.critic = networks.critic(config.critic.network, spec, projected=config.critic.projected)
        if config.hold == "reals":
            self.reader: nn.Module = networks.decoder(config.reader_network, spec, self.critic.size)
        if config.hold == "noise":
            self.reader = nn.Linear(self.code_size, config.noise_size)

    def phases(self) -> Sequence[Phase]:
        config, late = self.config, (self.config.start, 1.0)
        adam, paint, play = config.optimizer, config.generator_optimizer, config.critic.optimizer
        owned, made, judge = ("encoder", "decoder"), ["generator"], ["critic"]
        {"fakes": [], "noise": made, "reals": judge}[config.hold].append("reader")
        return (
            Phase(name="autoencoder", updates=owned, loss=self.autoencoder_loss, optimizer=adam),
            Phase(
                name="generator", updates=tuple(made), loss=self.generator_loss, optimizer=paint, during=late
            ),
            Phase(name="critic", updates=tuple(judge), loss=self.critic_loss, optimizer=play, during=late),
        )

    def autoencoder_loss(self, batch: Batch, tick: Tick) -> Step:
        return Step({"reconstruction": reconstruction.l2(self.rebuilt(batch.x), batch.x).mean()})

    def rebuilt(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B ..."]:
        """AE(x)."""
        return self.decoder(self.encoder(x))

    def generator_loss(self, batch: Batch, tick: Tick) -> Step:
        fake = tick.once("fake", lambda: self.generator(batch.label, tick.draws))
        fooled = gan_losses.fool(self.critic, self.config.critic, batch.x, fake, batch.label, tick.draws)
        terms = {"adversarial": fooled.mean()}
        if self.config.hold == "fakes":
            terms["held"] = self.config.weight * reconstruction.l2(self.rebuilt(fake), fake).mean()
        if self.config.hold == "noise":
            noise_estimate = self.reader(self.encoder(fake))
            terms["held"] = (
                self.config.weight
                * reconstruction.l2(noise_estimate, self.generator.noise(tick.draws)).mean()
            )
        return Step(terms)

    def critic_loss(self, batch: Batch, tick: Tick) -> Step:
        fake = tick.once("fake", lambda: self.generator(batch.label, tick.draws)).detach()
        step = gan_losses.critic_step(self.critic, self.config.critic, batch.x, fake, batch.label, tick)
        if self.config.hold != "reals":
            return step
        reconstruction_of_x = self.reader(self.critic.features(batch.x))
        read = self.config.weight * reconstruction.l2(reconstruction_of_x, batch.x).mean()
        return step._replace(terms=step.terms | {"held": read})

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        self.generator.groups.fit(torch.cat([batch.label.cpu() for batch in batches]))

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.generator.generate(label, draws)
