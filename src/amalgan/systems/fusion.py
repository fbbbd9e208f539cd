"""An autoencoder and a GAN on one code: the encoder tells, one decoder is faithful, a generator is realistic.

    x ─► encoder ─► z ─┬─► decoder ───────────────────────► x'   faithful
                       └─► generator(z joined with noise) ─► x''  realistic ─► critic ─► logit
    prior ─► z  (new pictures are x'' of such codes, and so are a share of the pictures that the critic judges)

    L = L_rec(x, x') + closeness L_rec(x, x'') + adversarial L_GAN(G, C, E), each network descending its own share:

    autoencoder   moves encoder and decoder   L_rec(x, x'); in the joint stage L_rec(x, x'') too, and L_GAN by option
    generator     moves generator             L_rec(x, x'') and L_GAN
    critic        moves critic                L_GAN and its penalties

The GAN plays in the last part of training, every few rounds: the autoencoder must not be short of time. What a round
has encoded and painted once, its later phases use again. Where the critic looks through a network taught on ImageNet,
x'' is held near x in what that network sees too (L_rec of features, as in VAE-GAN, Larsen 2015, arXiv:1512.09300).
A pattern that transposed convolutions would lay on every x'' is penalized (``objectives.lattice``).

One decoder cannot serve both terms: perfect realism costs up to 3 dB (Blau & Michaeli 2018, arXiv:1711.06077). Two
decoders on one code need not trade. The generator's weights are the decoder's plus a difference that starts at zero
(``networks.Moved``), so what the autoencoder knows is not learned twice.

Schedule ``staged``: autoencoder; then the GAN on its codes; then everything, the encoder hearing both
reconstructions (and L_GAN by option). ``joint``: everything from the start. Before the prior is first fitted the
generator sees codes of pictures alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.code import natural_code_size
from amalgan.config.systems import FusionConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.networks import ProjectedCritic, priors
from amalgan.objectives import reconstruction
from amalgan.objectives.lattice import lattice
from amalgan.systems import gan_losses
from amalgan.systems.base import Phase, System, collect, held_still, prior_phases
from amalgan.systems.registry import register


@register("fusion")
class Fusion(System):
    """Encodes, decodes twice (faithful and realistic), and generates."""

    Config = FusionConfig
    paper = "VAE-GAN, Larsen 2015; two decoders on one code"
    judge = gan_losses.judge

    def __init__(self, config: FusionConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.code_size = config.code_size or natural_code_size(spec)
        self.encoder = networks.encoder(config.network, spec, self.code_size, layout=config.code)
        self.decoder = networks.decoder(config.network, spec, self.code_size, layout=config.code)
        self.generator = self.build_generator()
        self.critic = networks.critic(config.critic.network, spec, projected=config.critic.projected)
        shape = networks.map_shape(config.network, spec, self.code_size, config.code)
        self.prior = priors.build(config.prior, self.code_size, len(spec.classes), shape=shape)
        self.scale = priors.Scale(self.code_size)
        self.gan_from, self.joint_from = config.stages if config.schedule == "staged" else (0.0, 0.0)

    def build_generator(self) -> nn.Module:
        """Return what paints x'': a decoder whose weights move away from the faithful one's, or one of its own."""
        config, modulate = self.config, self.config.join == "modulate"
        built = networks.decoder(
            config.network if config.start == "decoder" else config.generator_network,
            self.spec,
            self.code_size,
            extra=0 if modulate else config.noise_size,
            style=config.noise_size if modulate else 0,
            zero=config.start != "nothing",
            layout=config.code,
        )
        return networks.Moved(built) if config.start == "decoder" else built

    def phases(self) -> Sequence[Phase]:
        config, late = self.config, (self.gan_from, 1.0)
        early = (0.0, self.gan_from if config.encoder == "frozen" and self.gan_from else 1.0)
        rebuild, judge, paint = self.autoencoder_loss, self.critic_loss, self.generator_loss
        adam, play, draw = config.optimizer, config.critic.optimizer, config.generator_optimizer
        owned, often = ("encoder", "decoder"), config.every
        return (
            Phase(name="autoencoder", updates=owned, loss=rebuild, optimizer=adam, during=early),
            Phase(
                name="generator", updates=("generator",), loss=paint, optimizer=draw, during=late, every=often
            ),
            Phase(name="critic", updates=("critic",), loss=judge, optimizer=play, during=late, every=often),
            *prior_phases(self.prior, config.prior, self.codes),
        )

    def boundaries(self) -> Sequence[float]:
        """Often while the GAN plays: codes drift, and a prior of yesterday's codes is no prior of today's."""
        first = self.gan_from or 0.1
        often = {first + (1 - first) * part / 4 for part in range(4)} | {self.joint_from or first}
        return sorted(often | {phase.during[0] for phase in self.phases() if phase.name == "prior"})

    def autoencoder_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(batch.x)
        tick.once("codes", code.detach)
        terms = {"faithful": self.distance(self.decoder(code), batch.x).mean()}
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
            fooled = gan_losses.fool(
                self.critic, self.config.critic, batch.x, painted, batch.label, tick.draws
            )
            terms["adversarial"] = self.config.adversarial * fooled.mean()
        return terms

    def generator_loss(self, batch: Batch, tick: Tick) -> Step:
        config, painted = self.config, self.painted(batch, tick)
        view_once = self.critic_view(tick)
        fooled = gan_losses.fool(
            self.critic, config.critic, batch.x, painted, batch.label, tick.draws, view_once
        )
        encoded = (~self.from_prior(tick) / max(1 - self.prior_share(tick), 1e-6)).to(painted.device)
        close = (self.distance(painted, batch.x) * encoded).mean()
        terms = {"adversarial": config.adversarial * fooled.mean(), "realistic": config.closeness * close}
        if config.code == "map" and config.lattice:
            terms["lattice"] = config.lattice * lattice(painted, batch.x).mean()
        if config.critic.projected and config.perceptual:
            alike = (self.perceived(painted, batch.x, tick) * encoded).mean()
            terms["perceptual"] = config.perceptual * alike
        return Step(terms)

    def perceived(self, painted: Tensor, x: Tensor, tick: Tick) -> Float[Tensor, " B"]:
        """L_rec of each example in what the critic's backbone sees."""
        project, view_once = cast(ProjectedCritic, self.critic).project, self.critic_view(tick)
        if self.config.critic.augment != "none":  # the two were changed by different random numbers
            return project.apart(project(painted), project(x))
        return project.apart(view_once(painted, tick.draws, "fake"), view_once(x, tick.draws, "real"))

    def critic_loss(self, batch: Batch, tick: Tick) -> Step:
        fake, own = self.painted(batch, tick).detach(), tick._replace(round=tick.round // self.config.every)
        view = self.critic_view(tick, still=True)
        return gan_losses.critic_step(self.critic, self.config.critic, batch.x, fake, batch.label, own, view)

    def critic_view(self, tick: Tick, *, still: bool = False) -> gan_losses.View:
        """Return the critic's view of this round's examples, which are looked at once; ``still`` cuts gradients off."""
        plain = gan_losses.plain_view(self.critic, self.config.critic)

        def view(x: Tensor, draws: Draws, whose: str) -> Tensor:
            found = tick.once(f"seen {whose}", lambda: plain(x, draws, whose))
            return found.detach() if still else found

        return view

    def painted(self, batch: Batch, tick: Tick) -> Float[Tensor, "B ..."]:
        """This round's realistic decodes, some of codes of pictures, the others of codes from the prior."""
        return tick.once("painted", lambda: self.realize(self.generator_codes(batch, tick), tick.draws))

    def distance(self, decoded: Tensor, x: Tensor) -> Float[Tensor, " B"]:
        """L_rec of each example."""
        return reconstruction.RECONSTRUCTIONS[self.config.reconstruction](decoded, x)

    @torch.no_grad()
    def generator_codes(self, batch: Batch, tick: Tick) -> Float[Tensor, "B K"]:
        """Return the codes that the generator paints: those of pictures, some replaced by codes from the prior."""
        code = self.codes(batch, tick)
        drawn = self.from_prior(tick).nonzero()[:, 0].to(code.device)
        if not len(drawn):
            return code
        code = code.clone()
        code[drawn] = self.prior.sample(batch.label[drawn], tick.draws.some(drawn))
        return code

    @torch.no_grad()
    def codes(self, batch: Batch, tick: Tick) -> Float[Tensor, "B K"]:
        """Return the code of each example, worked out once a round."""
        return tick.once("codes", lambda: self.encoder(batch.x))

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
        noise = draws.normal("noise", self.config.noise_size)
        if self.config.start == "decoder":
            return self.generator(self.decoder, *self.joined_with(code, noise))
        painted = self.generator(*self.joined_with(self.scale(code), noise))
        return painted + held_still(self.decoder, code) if self.config.start == "faithful" else painted

    def joined_with(self, code: Tensor, noise: Tensor) -> tuple[Tensor, ...]:
        """Return what the generator takes: one vector of both, or the noise as its style."""
        return (code, noise) if self.config.join == "modulate" else (torch.cat([code, noise], dim=1),)

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return self.prior.sample(label, draws)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.realize(self.sample_code(label, draws), draws)
