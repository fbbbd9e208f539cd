"""``autoencoder`` for strings: a code for each, a decoder that writes letter by letter, and a prior on the codes.

    string ─► [mask] ─► encoder ─► code, + noise ─► Writer ─► -log p(string)
                      prior ─► code ──────────────► Writer ─► new string

Codes have a root mean square of 1 and noise in training, which does what a divergence does for a variational one;
with ``variational`` the code is a distribution (Bowman et al. 2016, arXiv:1511.06349).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan import priors
from amalgan.config.code import natural_code_size
from amalgan.config.systems import AutoencoderConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.kinds import kind_of
from amalgan.kinds.text.networks import StringEncoder, Writer
from amalgan.kinds.text.spelling import letters_of, refuse_settings, spelling_loss, unit
from amalgan.objectives import latent
from amalgan.systems.base import Phase, System, collect, prior_phases


class StringAutoencoder(System):
    """Encodes and decodes strings, and generates from a prior on the code."""

    Config = AutoencoderConfig
    paper = "Bowman 2016; Rubenstein 2018, noise instead of a divergence"

    def __init__(self, config: AutoencoderConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        refuse_settings(config)
        self.code_size = config.code_size or natural_code_size(spec)
        numbers = self.code_size * (2 if config.variational else 1)
        self.encoder = StringEncoder(config.network, spec, numbers, unit=not config.variational)
        self.decoder = Writer(config.network, spec, self.code_size)
        self.prior = priors.build(config.prior, self.code_size, len(spec.classes))

    def phases(self) -> Sequence[Phase]:
        adam, owned = self.config.optimizer, ("encoder", "decoder")
        learn = Phase(name="autoencoder", updates=owned, loss=self.loss, optimizer=adam)
        return (learn, *prior_phases(self.prior, self.config.prior, self.code_of))

    @torch.no_grad()
    def code_of(self, batch: Batch, tick: Tick) -> Float[Tensor, "B K"]:
        """Return the codes of a batch, once a round."""
        return tick.once("code", lambda: self.encode(batch.x))

    def loss(self, batch: Batch, tick: Tick) -> Step:
        config = self.config
        x = kind_of(self.spec).masked(batch.x, config.mask, tick.draws) if config.mask else batch.x
        code = self.encoder(x)
        if not config.variational:
            return Step(
                {"spelling": spelling_loss(self.decoder, code, batch.x, tick.draws, self.spec).mean()}
            )
        mean, log_variance = code.chunk(2, dim=1)
        drawn = mean + (log_variance / 2).exp() * tick.draws.normal("code", self.code_size)
        kl = latent.kl_standard_normal(mean, log_variance).mean() / letters_of(self.spec)
        spelled = spelling_loss(self.decoder, drawn, batch.x, tick.draws, self.spec).mean()
        return Step({"spelling": spelled, "divergence": config.beta * kl})

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        if not self.prior.settled:
            self.prior.fit(*collect(self.encode, batches), draws)

    def ready(self) -> bool:
        return self.prior.fitted

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)[:, : self.code_size]

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        code = self.prior.sample(label, draws)
        return code if self.config.variational else unit(code)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(self.sample_code(label, draws))
