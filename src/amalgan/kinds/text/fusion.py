"""``fusion`` for strings: an autoencoder and a GAN that play on codes, since no gradient passes through a letter.

    string ─► encoder ─► z ─┬─► Writer ─────────────────────────► x'   faithful
                            └─► generator(z joined with noise) ─► z'' ─► Writer ─► x''   realistic
    prior ─► z ─► generator ─► z'' ─► critic ◄─ codes of real strings

    L = L_spell(x, z) + closeness |z'' - z|^2 + adversarial L_GAN(G, C), each network descending its own share:

    autoencoder   moves encoder and decoder   L_spell of z; in the joint stage that of z'' too, and L_GAN by option
    generator     moves generator             |z'' - z|^2 where z is a string's, and L_GAN
    critic        moves critic                L_GAN and its penalties

The critic judges codes, as in adversarial autoencoders (Makhzani et al. 2015, arXiv:1511.05644) and ARAE (Zhao et al.
2018, arXiv:1706.04223): the generator begins as the identity, and moves codes that the prior draws to where codes of
strings are. With ``encoder all`` the encoder also moves its codes to where drawn ones are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from amalgan.config.code import natural_code_size
from amalgan.config.systems import FusionConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.kinds.text.networks import StringEncoder, Writer
from amalgan.kinds.text.spelling import refuse_settings, spelling_loss, unit
from amalgan.networks import Critic, priors
from amalgan.networks.mlp import DenseDecoder, DenseEncoder
from amalgan.objectives import adversarial
from amalgan.systems import gan_losses
from amalgan.systems.base import Phase, System, collect, prior_phases


class StringFusion(System):
    """Encodes strings, decodes them twice, and generates from codes that a critic takes for real ones."""

    Config = FusionConfig
    paper = "adversarial autoencoders, Makhzani 2015; ARAE, Zhao 2018"

    def __init__(self, config: FusionConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        refuse_settings(config)
        self.code_size = config.code_size or natural_code_size(spec)
        self.encoder = StringEncoder(config.network, spec, self.code_size, unit=True)
        self.decoder = Writer(config.network, spec, self.code_size)
        codes = DataSpec(kind="vector", shape=(self.code_size,))
        self.generator = mover(config, codes)
        seen = DenseEncoder(config.critic.network, codes, Critic.FEATURES)
        self.critic = Critic(seen, classes=len(spec.classes))
        self.prior = priors.build(config.prior, self.code_size, len(spec.classes))
        self.gan_from, self.joint_from = config.stages if config.schedule == "staged" else (0.1, 0.1)

    def phases(self) -> Sequence[Phase]:
        config, late = self.config, (self.gan_from, 1.0)
        early = (0.0, self.gan_from if config.encoder == "frozen" else 1.0)
        owned, often = ("encoder", "decoder"), config.every
        spell, move, judge = self.autoencoder_loss, self.generator_loss, self.critic_loss
        adam, draw, play = config.optimizer, config.generator_optimizer, config.critic.optimizer
        return (
            Phase(name="autoencoder", updates=owned, loss=spell, optimizer=adam, during=early),
            Phase(
                name="generator", updates=("generator",), loss=move, optimizer=draw, during=late, every=often
            ),
            Phase(name="critic", updates=("critic",), loss=judge, optimizer=play, during=late, every=often),
            *prior_phases(self.prior, config.prior, self.codes),
        )

    def boundaries(self) -> Sequence[float]:
        """Often while the GAN plays: codes drift."""
        return [self.gan_from + (1 - self.gan_from) * part / 4 for part in range(4)]

    def autoencoder_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(batch.x)
        tick.once("codes", code.detach)
        terms = {"faithful": spelling_loss(self.decoder, code, batch.x, tick.draws, self.spec).mean()}
        if self.joined(tick):
            moved = self.moved(code, tick.draws)
            spelled = spelling_loss(self.decoder, moved, batch.x, tick.draws, self.spec)
            terms["realistic"] = self.config.closeness * spelled.mean()
            if self.config.encoder == "all":
                terms["adversarial"] = self.config.adversarial * self.blended(code, batch, tick).mean()
        return Step(terms)

    def joined(self, tick: Tick) -> bool:
        """Whether the encoder learns from the realistic decode in this round."""
        late = tick.progress >= self.joint_from and tick.round % self.config.listen_every == 0
        return late and self.config.encoder != "frozen"

    def blended(self, code: Tensor, batch: Batch, tick: Tick) -> Float[Tensor, " B"]:
        """The loss of codes of strings that the critic tells from drawn ones."""
        loss = adversarial.LOSSES[self.config.critic.loss]
        real = self.critic(code, batch.label)
        drawn = self.critic(self.made(batch, tick).detach(), batch.label)
        return loss.generator(real, drawn) if loss.needs_real else loss.generator(None, -real)

    def generator_loss(self, batch: Batch, tick: Tick) -> Step:
        config, made, real = self.config, self.made(batch, tick), self.codes(batch, tick)
        fooled = gan_losses.fool(self.critic, config.critic, real, made, batch.label, tick.draws, as_it_is)
        own = (~self.from_prior(tick)).to(made.device)
        close = ((made - real).square().mean(1) * own).mean()
        return Step(
            {"adversarial": config.adversarial * fooled.mean(), "realistic": config.closeness * close}
        )

    def critic_loss(self, batch: Batch, tick: Tick) -> Step:
        own = tick._replace(round=tick.round // self.config.every)
        real, made = self.codes(batch, tick), self.made(batch, tick).detach()
        return gan_losses.critic_step(self.critic, self.config.critic, real, made, batch.label, own, as_it_is)

    def made(self, batch: Batch, tick: Tick) -> Float[Tensor, "B K"]:
        """This round's moved codes: of codes from the prior, and of codes of strings."""
        return tick.once("made", lambda: self.moved(self.generator_codes(batch, tick), tick.draws))

    @torch.no_grad()
    def generator_codes(self, batch: Batch, tick: Tick) -> Float[Tensor, "B K"]:
        """Return the codes of strings, some replaced by codes from the prior."""
        drawn = self.from_prior(tick).to(batch.x.device)
        return torch.where(drawn[:, None], self.sample_code(batch.label, tick.draws), self.codes(batch, tick))

    def from_prior(self, tick: Tick) -> Bool[Tensor, " B"]:
        """Which rows take their code from the prior: evenly spread over the global batch. On the CPU."""
        share, position = self.config.from_prior * self.prior.fitted, tick.draws.positions.double()
        return ((position + 1) * share).floor() > (position * share).floor()

    @torch.no_grad()
    def codes(self, batch: Batch, tick: Tick) -> Float[Tensor, "B K"]:
        """Return the code of each string, worked out once a round."""
        return tick.once("codes", lambda: self.encoder(batch.x))

    def moved(self, code: Float[Tensor, "B K"], draws: Draws) -> Float[Tensor, "B K"]:
        """z'': codes, moved by the generator."""
        noise = draws.normal("noise", self.config.noise_size)
        return unit(code + self.generator(torch.cat([code, noise], 1)))

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        if not self.prior.settled:
            self.prior.fit(*collect(self.encode, batches), draws)

    def ready(self) -> bool:
        return self.prior.fitted

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def realize(self, code: Float[Tensor, "B K"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decoder(self.moved(code, draws))

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return unit(self.prior.sample(label, draws))

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.realize(self.sample_code(label, draws), draws)


def as_it_is(x: Tensor, draws: Draws, whose: str) -> Tensor:
    """What the critic sees of codes: nothing is changed."""
    return x


def mover(config: FusionConfig, codes: DataSpec) -> DenseDecoder:
    """The generator: what is added to a code, nothing at first."""
    built = DenseDecoder(config.generator_network, codes, codes.shape[0] + config.noise_size)
    nn.init.zeros_(built.last.weight)
    nn.init.zeros_(built.last.bias)
    built.residual = True
    return built
