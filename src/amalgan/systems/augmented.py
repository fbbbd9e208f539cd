"""A GAN on pictures and on what an autoencoder makes of their perturbed codes.

    real ─► encoder ─► code ─► perturb ─► decoder ─► a new "real" one

    reals   the critic takes a share of these for real (the article). What the autoencoder cannot draw, the critic
            then has to call real too
    decay   the same, in a share that falls to nothing by the end of training
    both    generated pictures go the same way before the critic sees them, gradients included, so that nothing of
            what is done can leak into them (Zhao et al. 2020, arXiv:2006.10738; Tran et al. 2021, arXiv:2006.05338)

First the autoencoder learns by itself, then beside the GAN, or not any more: what it draws is no better than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan import networks
from amalgan.config.code import natural_code_size
from amalgan.config.systems import AugmentedConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.networks.priors.perturbation import Perturber
from amalgan.objectives import reconstruction
from amalgan.systems import gan_losses
from amalgan.systems.base import Phase, System, collect
from amalgan.systems.conditional_generator import ConditionalGenerator
from amalgan.systems.registry import register

REFITS = 4
"""How often codes are looked over for how they vary, while the GAN plays."""


@register("augmented")
class Augmented(System):
    """Generates from data that an autoencoder augments; encodes and decodes."""

    Config = AugmentedConfig
    paper = "DeVries & Taylor 2017; DiffAugment, Zhao 2020"
    judge = gan_losses.judge

    def __init__(self, config: AugmentedConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.code_size = config.code_size or natural_code_size(spec)
        self.encoder = networks.encoder(config.network, spec, self.code_size, layout=config.code)
        self.decoder = networks.decoder(config.network, spec, self.code_size, layout=config.code)
        self.generator = ConditionalGenerator(config.network, spec, config.noise_size)
        self.critic = networks.critic(config.critic.network, spec, projected=config.critic.projected)
        self.perturber = Perturber(config.perturbation, self.code_size, len(spec.classes))

    def phases(self) -> Sequence[Phase]:
        config, late = self.config, (self.config.start, 1.0)
        learns = (0.0, config.start if config.freeze else 1.0)
        adam, paint, play = config.optimizer, config.generator_optimizer, config.critic.optimizer
        owned = ("encoder", "decoder")
        return (
            Phase(name="autoencoder", updates=owned, loss=self.told_loss, optimizer=adam, during=learns),
            Phase(
                name="generator", updates=("generator",), loss=self.paint_loss, optimizer=paint, during=late
            ),
            Phase(name="critic", updates=("critic",), loss=self.critic_loss, optimizer=play, during=late),
        )

    def boundaries(self) -> Sequence[float]:
        """More than once where the autoencoder goes on: codes drift, and how they vary with them."""
        start, parts = self.config.start, 1 if self.config.freeze else REFITS
        return [start + (1 - start) * part / parts for part in range(parts)]

    def told_loss(self, batch: Batch, tick: Tick) -> Step:
        decoded = self.decoder(self.encoder(batch.x))
        return Step({"reconstruction": reconstruction.l2(decoded, batch.x).mean()})

    def paint_loss(self, batch: Batch, tick: Tick) -> Step:
        fake, real = (
            tick.once("fake", lambda: self.generator(batch.label, tick.draws)),
            self.real(batch, tick),
        )
        critic, config, view = self.critic, self.config.critic, self.view(batch)
        return Step(
            {"adversarial": gan_losses.fool(critic, config, real, fake, batch.label, tick.draws, view).mean()}
        )

    def critic_loss(self, batch: Batch, tick: Tick) -> Step:
        fake = tick.once("fake", lambda: self.generator(batch.label, tick.draws)).detach()
        critic, config, view = self.critic, self.config.critic, self.view(batch)
        return gan_losses.critic_step(critic, config, self.real(batch, tick), fake, batch.label, tick, view)

    def real(self, batch: Batch, tick: Tick) -> Float[Tensor, "B ..."]:
        """What the critic is to take for real."""
        if self.config.policy == "both":
            return batch.x
        left = (1 - tick.progress) / (1 - self.config.start) if self.config.policy == "decay" else 1.0
        return tick.once("real", lambda: self.mixed(batch.x, batch.label, left, tick.draws, "real"))

    def view(self, batch: Batch) -> gan_losses.View:
        """What is done to real and generated pictures alike, on the way to the critic."""
        plain = gan_losses.plain_view(self.critic, self.config.critic)
        if self.config.policy != "both":
            return plain
        return lambda x, draws, whose: plain(self.mixed(x, batch.label, 1.0, draws, whose), draws, whose)

    def mixed(
        self, x: Tensor, label: Tensor, share: float, draws: Draws, purpose: str
    ) -> Float[Tensor, "B ..."]:
        """``x`` with some of its pictures made anew from perturbed codes: ``share`` of those that may be."""
        some = draws.uniform(f"{purpose} perturbed") < share * self.config.share
        made = self.made_anew(x, label, draws, purpose) if some.any() else x
        return torch.where(some.view(-1, *[1] * (x.ndim - 1)), made, x)

    def made_anew(self, x: Tensor, label: Tensor, draws: Draws, purpose: str) -> Float[Tensor, "B ..."]:
        """What the decoder makes of the perturbed codes."""
        return self.critic.shown(self.decoder(self.perturber(self.encoder(x), label, draws, purpose)))

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        code, label = collect(self.encode, batches)
        self.perturber.fit(code, label, draws)
        self.generator.groups.fit(label)

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.generator.generate(label, draws)
