"""One round of the game between a generator and a critic, for every system that plays it.

    real, label ─┐
                 ├─► critic ─► logits ─► Step for the critic (loss, lazy penalties)  or  loss for the generator
    fake, label ─┘

The default is R3GAN's: a relativistic loss with R1 and R2 (Huang et al. 2024, arXiv:2501.05441), the penalties
applied every few rounds, that many times as strong (Karras et al. 2020, arXiv:1912.04958, section 3.1).
"""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.config.parts import Critic as CriticConfig
from amalgan.networks import Critic
from amalgan.objectives import adversarial, penalties
from amalgan.types import Step, Tick


def critic_step(
    critic: Critic, config: CriticConfig, real: Tensor, fake: Tensor, label: Int[Tensor, " B"], tick: Tick
) -> Step:
    """The critic's terms on real and generated examples (B, ...), which share their labels."""
    fake = delivered(fake)
    real_logit, fake_logit = critic(torch.cat([real, fake]), label.repeat(2)).chunk(2)
    terms = {"adversarial": adversarial.GAMES[config.loss].critic(real_logit, fake_logit).mean()}
    if made_up := penalties.lazy(1.0, config.penalty_every, tick.round):
        found = penalty_terms(critic, config, real, fake, label, tick)
        terms |= {name: made_up * value for name, value in found.items()}
    return Step(terms, notes(real, fake, real_logit, fake_logit))


def fool(
    critic: Critic, config: CriticConfig, real: Tensor, fake: Tensor, label: Int[Tensor, " B"]
) -> Float[Tensor, " B"]:
    """The generator's loss for each generated example; gradients reach it through ``fake`` alone."""
    game, fake = adversarial.GAMES[config.loss], delivered(fake)
    if not game.needs_real:
        return game.generator(None, critic(fake, label))
    with torch.no_grad():
        real_logit = critic(real, label)
    return game.generator(real_logit, critic(fake, label))


class Delivered(torch.autograd.Function):
    """What users get of a generated picture: values beyond [-1, 1] are clamped. A gradient that would carry a
    value further out is dropped, one that brings it back passes: nothing saturates."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(-1, 1)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        outward = ((x < -1) & (slope > 0)) | ((x > 1) & (slope < 0))
        return slope.masked_fill(outward, 0.0)


def delivered(x: Tensor) -> Tensor:
    """Pictures as the critic sees them; vectors have no range."""
    return cast(Tensor, Delivered.apply(x)) if x.ndim == 4 else x  # type: ignore[no-untyped-call]


def penalty_terms(
    critic: Critic, config: CriticConfig, real: Tensor, fake: Tensor, label: Int[Tensor, " B"], tick: Tick
) -> dict[str, Tensor]:
    """The gradient penalties that are switched on, weighted."""
    terms: dict[str, Tensor] = {}
    judge = lambda x: critic(x, label)  # noqa: E731 - the label rides along
    if config.r1:
        terms["r1"] = config.r1 * penalties.r1(judge, real).mean()
    if config.r2:
        terms["r2"] = config.r2 * penalties.r2(judge, fake).mean()
    if config.gradient_penalty:
        mix = tick.draws.uniform("penalty mix", *[1] * (real.ndim - 1))
        penalty = penalties.gradient_penalty(judge, real, fake, mix).mean()
        terms["gradient_penalty"] = config.gradient_penalty * penalty
    return terms


@torch.no_grad()
def notes(real: Tensor, fake: Tensor, real_logit: Tensor, fake_logit: Tensor) -> dict[str, Tensor]:
    """What the watchdog and the plots want to know of a round."""
    told = {
        "critic_right": (real_logit > fake_logit).float().mean(),
        "margin": (real_logit - fake_logit).mean(),
    }
    if len(real) > 1:  # one example of a micro-batch does not vary
        told["variety"] = fake.flatten(1).std(0).mean() / real.flatten(1).std(0).mean().clamp(min=1e-6)
    return told
