"""An autoencoder whose code has finitely many values, so that its length in bits is known exactly.

    example ─► encoder ─► tanh ─► nearest of L levels ─► code ─► decoder ─► x'       prior ─► code ─► decoder ─► new

min |x - D(Q(E(x)))|^2, gradients passing the rounding Q unchanged: finite scalar quantization, Mentzer et al. 2023,
arXiv:2309.15505. A code of K entries takes K log2 L bits as it is, and fewer under the prior that is fitted to the
codes of the training examples (``discrete.LevelPrior``), from which new codes are drawn too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from jaxtyping import Float, Int
from torch import Tensor

from amalgan import networks
from amalgan.config.code import natural_code_size
from amalgan.config.systems import QuantizedConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.networks.priors import rounded
from amalgan.objectives import reconstruction
from amalgan.systems.base import Phase, System, collect
from amalgan.systems.registry import register


@register("quantized")
class Quantized(System):
    """Encodes to few bits, decodes, and generates from a prior on the discrete codes."""

    Config = QuantizedConfig
    paper = "FSQ, Mentzer 2023"

    def __init__(self, config: QuantizedConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.code_size = config.code_size or natural_code_size(spec)
        self.encoder = networks.encoder(config.network, spec, self.code_size, layout=config.code)
        self.decoder = networks.decoder(config.network, spec, self.code_size, layout=config.code)
        sizes = {"parts": config.parts, "codes": config.codes}
        self.prior = rounded.LevelPrior(self.code_size, config.levels, len(spec.classes), **sizes)

    def phases(self) -> Sequence[Phase]:
        owned, adam = ("encoder", "decoder"), self.config.optimizer
        return (Phase(name="autoencoder", updates=owned, loss=self.loss, optimizer=adam),)

    def loss(self, batch: Batch, tick: Tick) -> Step:
        distance = reconstruction.RECONSTRUCTIONS[self.config.reconstruction]
        decoded = self.decoder(self.encode(batch.x))
        return Step({"reconstruction": distance(decoded, batch.x).mean()})

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        self.prior.fit(*collect(self.encode, batches), draws)

    def ready(self) -> bool:
        return self.prior.fitted

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return rounded.round_tanh(self.encoder(x), self.config.levels)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    @property
    def levels(self) -> int:
        return self.config.levels

    @property
    def most_bits(self) -> float:
        return self.code_size * math.log2(self.config.levels)

    def bits(self, code: Float[Tensor, "B K"]) -> Float[Tensor, " B"]:
        return self.prior.bits(code)

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return self.prior.sample(label, draws)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(self.sample_code(label, draws))
