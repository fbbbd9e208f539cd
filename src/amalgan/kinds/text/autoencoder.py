"""``autoencoder`` for strings: a code for each, a decoder that writes letter by letter, and a prior on the codes.

    string ─► [mask] ─► encoder ─► code, + noise ─► Writer ─► -log p(string)
                      prior ─► code ──────────────► Writer ─► new string

Codes have a root mean square of 1 and noise in training, which does what a divergence does for a variational one;
with ``variational`` the code is a distribution (Bowman et al. 2016, arXiv:1511.06349).
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.config.systems import AutoencoderConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.kinds.text.networks import StringEncoder, Writer
from amalgan.kinds.text.spelling import letters_of, refuse_settings, spelling_loss, unit
from amalgan.objectives import latent
from amalgan.systems.autoencoder import Autoencoder
from amalgan.systems.base import Phase, prior_phases


class StringAutoencoder(Autoencoder):
    """Encodes and decodes strings, and generates from a prior on the code."""

    paper = "Bowman 2016; Rubenstein 2018, noise instead of a divergence"
    decoder: Writer

    def build_networks(
        self, config: AutoencoderConfig, spec: DataSpec, numbers: int
    ) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, and the decoder that writes letter by letter."""
        refuse_settings(config)
        encoder = StringEncoder(config.network, spec, numbers, unit=not config.variational)
        return encoder, Writer(config.network, spec, self.code_size)

    def phases(self) -> Sequence[Phase]:
        loss = self.variational_loss if self.config.variational else self.plain_loss
        owned, adam = ("encoder", "decoder"), self.config.optimizer
        learn = Phase(name="autoencoder", updates=owned, loss=loss, optimizer=adam)
        return (learn, *prior_phases(self.prior, self.config.prior, self.code_of))

    def spelling(self, code: Float[Tensor, "B K"], batch: Batch, tick: Tick) -> Tensor:
        """Return how unlikely the strings are, told their codes: the mean over them."""
        return spelling_loss(self.decoder, code, batch.x, tick.draws, self.spec).mean()

    def plain_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(self.corrupted(batch.x, tick.draws))
        return Step({"spelling": self.spelling(code, batch, tick)})

    def variational_loss(self, batch: Batch, tick: Tick) -> Step:
        mean, log_variance = self.encoder(self.corrupted(batch.x, tick.draws)).chunk(2, dim=1)
        code = mean + (log_variance / 2).exp() * tick.draws.normal("code", self.code_size)
        kl = latent.kl_standard_normal(mean, log_variance).mean() / letters_of(self.spec)
        return Step({"spelling": self.spelling(code, batch, tick), "divergence": self.config.beta * kl})

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        code = super().sample_code(label, draws)
        return code if self.config.variational else unit(code)
