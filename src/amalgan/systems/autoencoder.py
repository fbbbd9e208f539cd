"""An autoencoder, plain, denoising or variational, that can also generate.

    example ─► [corrupt] ─► encoder ─► code ─► decoder ─► x'            prior ─► code ─► decoder ─► new example

min |x - D(E(x))|^2 (Hinton & Salakhutdinov 2006). Denoising (Vincent et al. 2008): the encoder sees a corrupted x.
Variational (Kingma & Welling 2013, arXiv:1312.6114): the code is drawn from N(mean, exp(log_variance)); the loss is
-log p(x | code) + beta KL(q(code | x) || N(0, 1)) in nats over the entries of an example, with one learned
deviation for all pixels (Rybkin et al. 2021, arXiv:2006.13202) and beta as in Higgins et al. 2017. The prior is
fitted to the codes after training, or learns a flow to them beside the networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.code import natural_code_size
from amalgan.config.systems import AutoencoderConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.data.transforms.corruption import add_noise
from amalgan.kinds import kind_of
from amalgan.networks import priors
from amalgan.objectives import latent, reconstruction
from amalgan.systems.base import Phase, System, collect, prior_phases
from amalgan.systems.registry import register


@register("autoencoder")
class Autoencoder(System):
    """Encodes, decodes, and generates from a prior on the code."""

    Config = AutoencoderConfig
    paper = "Hinton & Salakhutdinov 2006; Vincent 2008; Kingma & Welling 2013"

    def __init__(self, config: AutoencoderConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.code_size = config.code_size or natural_code_size(spec)
        numbers = self.code_size * (2 if config.variational else 1)
        self.encoder, self.decoder = self.build_networks(config, spec, numbers)
        self.likelihood = Likelihood()
        shape = networks.map_shape(config.network, spec, self.code_size, config.code)
        self.prior = priors.build(config.prior, self.code_size, len(spec.classes), shape=shape)

    def build_networks(
        self, config: AutoencoderConfig, spec: DataSpec, numbers: int
    ) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, which gives ``numbers`` an example, and the decoder."""
        encoder = networks.encoder(config.network, spec, numbers, layout=config.code)
        return encoder, networks.decoder(config.network, spec, self.code_size, layout=config.code)

    def phases(self) -> Sequence[Phase]:
        loss = self.variational_loss if self.config.variational else self.plain_loss
        owned = ("encoder", "decoder", *["likelihood"] * self.config.variational)
        learn = Phase(name="autoencoder", updates=owned, loss=loss, optimizer=self.config.optimizer)
        return (learn, *prior_phases(self.prior, self.config.prior, self.code_of))

    @torch.no_grad()
    def code_of(self, batch: Batch, tick: Tick) -> Float[Tensor, "B K"]:
        """Return the codes of a batch, once a round."""
        return tick.once("code", lambda: self.encode(batch.x))

    def plain_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(self.corrupted(batch.x, tick.draws))
        if not (self.config.denoise or self.config.mask):
            tick.once("code", code.detach)
        decoded = self.decoder(code)
        distance = reconstruction.RECONSTRUCTIONS[self.config.reconstruction]
        return Step({"reconstruction": distance(decoded, batch.x).mean()})

    def variational_loss(self, batch: Batch, tick: Tick) -> Step:
        mean, log_variance = self.encoder(self.corrupted(batch.x, tick.draws)).chunk(2, dim=1)
        code = mean + (log_variance / 2).exp() * tick.draws.normal("code", self.code_size)
        nll = reconstruction.gaussian_nll(batch.x, self.decoder(code), self.likelihood.log_deviation)
        kl = latent.kl_standard_normal(mean, log_variance)
        per_entry = 1 / self.spec.size  # keeps the rate's meaning the same for every picture size
        return Step(
            {"likelihood": nll.mean() * per_entry, "divergence": self.config.beta * kl.mean() * per_entry},
            {"kl_nats": kl.mean().detach(), "deviation": self.likelihood.log_deviation.detach().exp()},
        )

    def corrupted(self, x: Tensor, draws: Draws) -> Tensor:
        """What the encoder sees in training."""
        x = kind_of(self.spec).masked(x, self.config.mask, draws) if self.config.mask else x
        return add_noise(x, self.config.denoise, draws) if self.config.denoise else x

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
        return self.prior.sample(label, draws)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(self.sample_code(label, draws))


class Likelihood(nn.Module):
    """One learned deviation for every entry of an example."""

    def __init__(self) -> None:
        super().__init__()
        self.log_deviation = nn.Parameter(torch.tensor(-1.0))
