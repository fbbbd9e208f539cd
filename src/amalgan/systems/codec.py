"""An autoencoder trained for what compression is judged by: few bits and a small error, together.

    x ─► encoder ─► / step of the quality ─► nearest whole numbers ─► * step ─► decoder ─► x'
                                                 └─► context ─► bits

    L = |x - x'|^2 + weight bits, a pixel: the decoder sees rounded numbers, gradients passing unchanged; the context
    sees numbers with uniform noise of a step instead (Balle et al. 2018, arXiv:1802.01436; both: Minnen & Singh 2020,
    arXiv:2007.08739). Every quality has steps of its own, sqrt(2) apart at first, and a weight 2 apart (Cui et al.
    2021, arXiv:2003.02012): half of the pictures are taken at the usual one, the others at any.

With a target, the weight is a multiplier that climbs while the target is passed (Lagrange), in a phase of its own.
``any_size``: the code is a map, and training sees patches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan import networks
from amalgan.codec.context_coder import LARGEST
from amalgan.codec.context_model import Context
from amalgan.codec.transform_coder import BIT_WORTH
from amalgan.config.parts import Adam
from amalgan.config.systems import CodecConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.kinds import kind_of
from amalgan.systems.base import Phase, System
from amalgan.systems.registry import register

QUALITIES, USUAL = 8, 5
LEVELS = (*range(QUALITIES), *[USUAL] * QUALITIES)
"""What a picture's quality is drawn from in training."""
BALANCE = Adam(rate=0.01, final=0.1)
WIDEST = math.log(100)
"""How far the weight may go from where it starts."""


@register("codec")
class Codec(System):
    """Compresses: encodes to few bits at a chosen quality, and decodes."""

    Config = CodecConfig
    paper = "Balle 2018; Minnen 2018; Cui 2021"
    usual = USUAL

    def __init__(self, config: CodecConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        config = config.resolved(spec)
        self.code_size = config.code_size or 0
        if config.any_size:
            self.encoder: nn.Module = networks.MapEncoder(config.network, spec.shape[0], self.code_size)
            self.decoder: nn.Module = networks.MapDecoder(config.network, spec.shape[0], self.code_size)
        else:
            self.encoder = networks.encoder(config.network, spec, self.code_size)
            self.decoder = networks.decoder(config.network, spec, self.code_size)
        self.colors = kind_of(spec).colors(spec)
        step = math.sqrt(config.weight * self.colors / BIT_WORTH)
        self.context = Context(self.code_size, QUALITIES, USUAL, step, places=config.any_size)
        self.balance = Balance() if config.psnr or config.bits_per_pixel else None

    def phases(self) -> Sequence[Phase]:
        owned, adam = ("encoder", "decoder", "context"), self.config.optimizer
        codec = Phase(name="codec", updates=owned, loss=self.loss, optimizer=adam)
        if self.balance is None:
            return (codec,)
        return (codec, Phase(name="target", updates=("balance",), loss=self.target_loss, optimizer=BALANCE))

    def loss(self, batch: Batch, tick: Tick) -> Step:
        found = tick.once("costs", lambda: self.costs(batch, tick))
        apart = 2.0 ** (USUAL - found.level)
        scale = apart.rsqrt()  # no quality drowns the others
        rate = self.weight() * (apart * scale * found.bits).mean()
        usual = found.level == USUAL
        notes = {"bits_per_pixel": found.bits[usual].mean(), "error": found.error[usual].mean()}
        settled = {name: note.detach().nan_to_num(0) for name, note in notes.items()}
        return Step({"distortion": (scale * found.error).mean(), "rate": rate}, settled)

    def costs(self, batch: Batch, tick: Tick) -> Costs:
        """What each example costs at a quality drawn for it."""
        x = self.patches(batch.x, tick.draws) if self.config.any_size else batch.x
        level = torch.tensor(LEVELS, device=x.device)[tick.draws.integers("quality", len(LEVELS))]
        step, exact = self.context.step(level), self.map(self.encoder(x))
        exact = exact / step
        noise = tick.draws.uniform("rounding", *exact.shape[1:]) - 0.5
        whole = exact + (exact.round() - exact).detach()
        error = (self.picture(whole * step, x.shape) - x).square().flatten(1).mean(1)
        return Costs(level, error, self.context.bits(exact + noise, level) * self.colors / x[0].numel())

    def patches(self, x: Float[Tensor, "B C H W"], draws: Draws) -> Float[Tensor, "B C h w"]:
        """A part of each picture, anywhere in it."""
        (height, width), side = x.shape[2:], self.config.patch
        top = draws.integers("top", max(1, height - side + 1)).tolist()
        left = draws.integers("left", max(1, width - side + 1)).tolist()
        cut = [one[:, t : t + side, f : f + side] for one, t, f in zip(x, top, left, strict=True)]
        return torch.stack(cut)

    def target_loss(self, batch: Batch, tick: Tick) -> Step:
        """Descends the logarithm of the weight while the target is missed, and climbs it while it is passed."""
        assert self.balance is not None
        found, config = tick.once("costs", lambda: self.costs(batch, tick)), self.config
        missed = (
            found.error.detach() / (4 * 10 ** (-config.psnr / 10)) - 1
            if config.psnr
            else 1 - found.bits.detach() / config.bits_per_pixel
        )
        push, log_weight = ((found.level == USUAL) * missed).mean(), self.balance.log_weight
        outward = (log_weight.detach().abs() > WIDEST) & (log_weight.detach() * push < 0)
        return Step({"target": log_weight * push.masked_fill(outward, 0)})

    def weight(self) -> Tensor | float:
        """Error that is worth a bit a pixel now."""
        if self.balance is None:
            return float(self.config.weight)
        return self.config.weight * self.balance.log_weight.detach().exp()

    def map(self, code: Tensor) -> Float[Tensor, "B K h w"]:
        """A code as a map, of one place where it has none."""
        return code if self.config.any_size else code[:, :, None, None]

    def picture(self, code: Float[Tensor, "B K h w"], shape: Sequence[int]) -> Float[Tensor, "B ..."]:
        """The decode of a map, of the shape that examples have."""
        if not self.config.any_size:
            return self.decoder(code.flatten(1))
        return self.decoder(code)[..., : shape[-2], : shape[-1]]

    @property
    def own_size(self) -> tuple[int, ...]:
        return (*self.spec.shape[1:], networks.CELL) if self.config.any_size else ()

    def quantize(self, x: Float[Tensor, "B ..."], level: int) -> Int[Tensor, "B K h w"]:
        step = self.context.step(torch.tensor([level], device=x.device))
        return whole_numbers(self.map(self.encoder(x)), step)

    def render(
        self, number: Int[Tensor, "B K h w"], level: int, shape: Sequence[int]
    ) -> Float[Tensor, "B ..."]:
        return self.picture(number * self.context.step(torch.tensor([level], device=number.device)), shape)

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        """The code as it is written at the usual quality, with the gradient of the code before it is rounded."""
        step = self.context.step(torch.tensor([USUAL], device=x.device))
        exact = self.map(self.encoder(x))
        written = whole_numbers(exact, step) * step
        return (written + (exact - exact.detach()).nan_to_num(0)).flatten(1)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        places = (
            [-(-side // networks.CELL) for side in self.spec.shape[1:]] if self.config.any_size else [1, 1]
        )
        return self.picture(code.unflatten(1, (self.code_size, *places)), self.spec.shape)


def whole_numbers(exact: Float[Tensor, "B K h w"], step: Tensor) -> Int[Tensor, "B K h w"]:
    """Return what is written of a code in steps of that size."""
    return (exact / step).nan_to_num(0).clamp(-LARGEST, LARGEST).round().long()


class Costs(NamedTuple):
    """Of each example."""

    level: Int[Tensor, " B"]
    error: Float[Tensor, " B"]
    """Squared, an entry."""
    bits: Float[Tensor, " B"]
    """A pixel."""


class Balance(nn.Module):
    """How far the weight has gone."""

    def __init__(self) -> None:
        super().__init__()
        self.log_weight = nn.Parameter(torch.tensor(0.0))
