"""A Wasserstein autoencoder: the codes of a batch are pulled, as a set, toward normal numbers.

    x ─► encoder ─► code ─► decoder ─► x'        prior ─► code ─► decoder ─► new example

min |x - D(E(x))|^2 + pull MMD(codes, N(0, 1)): Tolstikhin et al. 2018, arXiv:1711.01558, algorithm 2.
The paper draws new codes from N(0, 1); a Gaussian a class is fitted here, so that a class can be asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jaxtyping import Float, Int
from torch import Tensor

from amalgan import networks
from amalgan.config.parts import Adam, Networks, Prior
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.networks import priors
from amalgan.objectives import latent, reconstruction
from amalgan.systems.base import Phase, System, collect
from amalgan.systems.registry import register


@dataclass(frozen=True, kw_only=True)
class WaeConfig:
    """Autoencoder whose codes are normal as a set."""

    code_size: int = 16
    """Entries of the code."""
    pull: float = 1.0
    """Weight of the discrepancy between the codes of a batch and N(0, 1)."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)

    def resolved(self, spec: DataSpec) -> "WaeConfig":
        """The same with what depends on the data filled in: here nothing does."""
        return self

    def preset(self, name: str) -> "WaeConfig":
        """The same at the size of the preset: here there is one size."""
        return self


@register("wae")
class Wae(System):
    """Encodes, decodes, and generates from a Gaussian a class."""

    Config = WaeConfig
    paper = "Tolstikhin 2018"

    def __init__(self, config: WaeConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.encoder = networks.encoder(config.network, spec, config.code_size)
        self.decoder = networks.decoder(config.network, spec, config.code_size)
        self.prior = priors.build(Prior(kind="gaussian"), config.code_size, len(spec.classes))

    def phases(self) -> Sequence[Phase]:
        owned, adam = ("encoder", "decoder"), self.config.optimizer
        return (Phase(name="wae", updates=owned, loss=self.loss, optimizer=adam, whole_batch=True),)

    def loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(batch.x)
        discrepancy = latent.mmd(code, tick.draws.normal("prior codes", self.config.code_size))
        faithful = reconstruction.l2(self.decoder(code), batch.x).mean()
        return Step({"reconstruction": faithful, "discrepancy": self.config.pull * discrepancy})

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        self.prior.fit(*collect(self.encode, batches), draws)

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return self.prior.sample(label, draws)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(self.sample_code(label, draws))
