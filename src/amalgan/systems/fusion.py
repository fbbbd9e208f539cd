"""An autoencoder and a GAN on one code: the encoder tells, one decoder is faithful, a generator is realistic.

    x ─► encoder ─► z ─┬─► decoder ─────────────────────────► x'   faithful
                       ├─► generator(z joined with noise) ─┐
                       └─► decoder, held still ────────────┴─► x''  realistic ─► critic ─► logit
    prior ─► z  (new pictures are x'' of such codes, and so are a share of the pictures that the critic judges)

    L = L_rec(x, x') + closeness L_rec(x, x'') + adversarial L_GAN(G, C, E), each network descending its own share:

    autoencoder   moves encoder and decoder   L_rec(x, x'); in the joint stage L_rec(x, x'') too, and L_GAN by option
    generator     moves generator             L_rec(x, x'') and L_GAN
    critic        moves critic                L_GAN and its penalties

The GAN is slimmer than the autoencoder and plays every few rounds: it has a residual to paint, and the autoencoder
must not be short of time. What a round has encoded, decoded and painted once, its later phases use again.

One decoder cannot serve both terms: perfect realism costs up to 3 dB (Blau & Michaeli 2018, arXiv:1711.06077). Two
decoders on one code need not trade. The generator starts from the faithful decode and learns only the residual
(its last layer starts at zero), so what the autoencoder knows is not learned twice.

Schedule ``staged``: autoencoder; then the GAN on its codes; then everything, the encoder hearing both
reconstructions (and L_GAN by option). ``joint``: everything from the start. Before the prior is first fitted the
generator sees codes of pictures alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from amalgan import networks, priors
from amalgan.config.code import natural_code_size
from amalgan.config.systems import FusionConfig
from amalgan.objectives import reconstruction
from amalgan.registry import register
from amalgan.streams import Draws
from amalgan.systems import game
from amalgan.systems.base import Phase, System, collect, held_still, prior_phases
from amalgan.types import Batch, DataSpec, Step, Tick


@register("fusion")
class Fusion(System):
    """Encodes, decodes twice (faithful and realistic), and generates."""

    Config = FusionConfig
    paper = "VAE-GAN, Larsen 2015; two decoders on one code"

    def __init__(self, config: FusionConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.code_size = config.code_size or natural_code_size(spec)
        modulate = config.join == "modulate"
        self.encoder = networks.encoder(config.network, spec, self.code_size, layout=config.code)
        self.decoder = networks.decoder(config.network, spec, self.code_size, layout=config.code)
        style, zero = config.noise_size if modulate else 0, config.start == "faithful"
        self.generator = networks.decoder(
            config.generator_network,
            spec,
            self.code_size,
            extra=0 if modulate else config.noise_size,
            style=style,
            zero=zero,
            layout=config.code,
        )
        self.critic = networks.critic(config.critic.network, spec)
        shape = networks.map_shape(config.network, spec, self.code_size, config.code)
        self.prior = priors.build(config.prior, self.code_size, len(spec.classes), shape=shape)
        self.scale = priors.Scale(self.code_size)
        self.gan_from, self.joint_from = config.stages if config.schedule == "staged" else (0.0, 0.0)

    def phases(self) -> Sequence[Phase]:
        config, late = self.config, (self.gan_from, 1.0)
        early = (0.0, self.gan_from if config.encoder == "frozen" and self.gan_from else 1.0)
        told, judge, paint = self.autoencoder_loss, self.critic_loss, self.generator_loss
        adam, play, draw = config.optimizer, config.critic.optimizer, config.generator_optimizer
        owned, often = ("encoder", "decoder"), config.every
        return (
            Phase(name="autoencoder", updates=owned, loss=told, optimizer=adam, during=early),
            Phase(
                name="generator", updates=("generator",), loss=paint, optimizer=draw, during=late, every=often
            ),
            Phase(name="critic", updates=("critic",), loss=judge, optimizer=play, during=late, every=often),
            *prior_phases(self.prior, config.prior, lambda batch, tick: self.known(batch, tick)[0]),
        )

    def boundaries(self) -> Sequence[float]:
        """Often while the GAN plays: codes drift, and a prior of yesterday's codes is no prior of today's."""
        first = self.gan_from or 0.1
        often = {first + (1 - first) * part / 4 for part in range(4)} | {self.joint_from or first}
        return sorted(often | {phase.during[0] for phase in self.phases() if phase.name == "prior"})

    def autoencoder_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(batch.x)
        decoded = self.decoder(code)
        tick.once("told", lambda: (code.detach(), decoded.detach()))
        terms = {"faithful": self.distance(decoded, batch.x).mean()}
        if self.joined(tick):
            terms |= self.joint_terms(batch, code, tick)
        return Step(terms)

    def joined(self, tick: Tick) -> bool:
        """Whether the encoder hears of the realistic decode in this round."""
        late = tick.progress >= self.joint_from and tick.round % self.config.listen_every == 0
        return late and self.config.encoder != "frozen"

    def joint_terms(self, batch: Batch, code: Tensor, tick: Tick) -> dict[str, Tensor]:
        """What the encoder hears of the realistic decode."""
        painted = self.realize(code, tick.draws)
        terms = {"realistic": self.config.closeness * self.distance(painted, batch.x).mean()}
        if self.config.encoder == "all":
            fooled = game.fool(self.critic, self.config.critic, batch.x, painted, batch.label, tick.draws)
            terms["adversarial"] = self.config.adversarial * fooled.mean()
        return terms

    def generator_loss(self, batch: Batch, tick: Tick) -> Step:
        painted = self.painted(batch, tick)
        fooled = game.fool(self.critic, self.config.critic, batch.x, painted, batch.label, tick.draws)
        encoded = ~self.from_prior(tick) / max(1 - self.prior_share(tick), 1e-6)
        close = self.distance(painted, batch.x) * encoded.to(painted.device)
        adversarial, realistic = self.config.adversarial * fooled.mean(), self.config.closeness * close.mean()
        return Step({"adversarial": adversarial, "realistic": realistic})

    def critic_loss(self, batch: Batch, tick: Tick) -> Step:
        fake, own = self.painted(batch, tick).detach(), tick._replace(round=tick.round // self.config.every)
        return game.critic_step(self.critic, self.config.critic, batch.x, fake, batch.label, own)

    def painted(self, batch: Batch, tick: Tick) -> Float[Tensor, "B ..."]:
        """This round's realistic decodes, some of codes of pictures, the others of codes from the prior."""
        return tick.once("painted", lambda: self.paint(*self.told(batch, tick), tick.draws))

    def distance(self, decoded: Tensor, x: Tensor) -> Float[Tensor, " B"]:
        """L_rec of each example."""
        return reconstruction.RECONSTRUCTIONS[self.config.reconstruction](decoded, x)

    @torch.no_grad()
    def told(self, batch: Batch, tick: Tick) -> tuple[Tensor, Tensor]:
        """What the generator is told: codes, some of them from the prior, and the faithful decode of each."""
        code, start = self.known(batch, tick)
        drawn = self.from_prior(tick).nonzero()[:, 0].to(code.device)
        if not len(drawn):
            return code, start
        new = self.prior.sample(batch.label, tick.draws)[drawn]
        code, start = code.clone(), start.clone()
        code[drawn], start[drawn] = new, self.decoder(new)
        return code, start

    @torch.no_grad()
    def known(self, batch: Batch, tick: Tick) -> tuple[Tensor, Tensor]:
        """Return code and faithful decode of each example, once a round."""
        return tick.once("told", lambda: self.told_of(batch.x))

    def told_of(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Code and faithful decode."""
        code = self.encoder(x)
        return code, self.decoder(code)

    def prior_share(self, tick: Tick) -> float:
        """Share of the codes that come from the prior: none before it is first fitted."""
        return self.config.from_prior if tick.progress >= self.boundaries()[0] else 0.0

    def from_prior(self, tick: Tick) -> Bool[Tensor, " B"]:
        """Which rows of the batch take their code from the prior: evenly spread over the global batch. On the CPU."""
        share, position = self.prior_share(tick), tick.draws.positions.double()
        return ((position + 1) * share).floor() > (position * share).floor()

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        if self.prior.settled:
            return
        code, label = collect(self.encode, batches)
        if not self.prior.fitted:  # once: what the generator is told must go on to mean what it has learned
            self.scale.fit(code)
        self.prior.fit(code, label, draws)

    def ready(self) -> bool:
        return self.prior.fitted

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def realize(self, code: Float[Tensor, "B K"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.paint(code, held_still(self.decoder, code), draws)

    def paint(self, code: Tensor, start: Tensor, draws: Draws) -> Float[Tensor, "B ..."]:
        """x'' of a code whose faithful decode is ``start``."""
        noise = draws.normal("noise", self.config.noise_size)
        known = self.scale(code)
        if self.config.join == "modulate":
            painted = self.generator(known, noise)
        else:
            painted = self.generator(torch.cat([known, noise], dim=1))
        return painted + start if self.config.start == "faithful" else painted

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return self.prior.sample(label, draws)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.realize(self.sample_code(label, draws), draws)
