"""One round of the game between a generator and a critic, for every system that plays it.

    real, label ─┐
                 ├─► view ─► critic ─► logits ─► Step for the critic (loss, lazy penalties), loss for the generator
    fake, label ─┘

The default is R3GAN's: a relativistic loss with R1 and R2 (Huang et al. 2024, arXiv:2501.05441), the penalties
applied every few rounds, that many times as strong (Karras et al. 2020, arXiv:1912.04958, section 3.1).

A view is what is done to an example before the critic sees it: random changes, and the projection of a critic that
judges projections. What is done to generated ones must be done to real ones too, and be differentiable, or the
generator learns to make it (Zhao et al. 2020, arXiv:2006.10738, section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.config.parts import Critic as CriticConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Step, Tick
from amalgan.data.transforms import differentiable
from amalgan.networks import Critic, ProjectedCritic
from amalgan.objectives import adversarial, penalties

View = Callable[[Tensor, Draws, str], Tensor]
"""From examples (B, ...), this round's numbers and whose they are (``real``, ``fake``) to what the critic sees."""


class Plays(Protocol):
    """A system whose critic looks at examples."""

    critic: Critic


def judge(system: Plays, x: Float[Tensor, "B ..."], label: Int[Tensor, " B"] | None) -> Float[Tensor, " B"]:
    """Return the critic's logits (``abilities.Judges``); a system that plays the game takes it as a method."""
    return system.critic.likeliest(x) if label is None else system.critic(x, label)


def critic_step(
    critic: Critic,
    config: CriticConfig,
    real: Tensor,
    fake: Tensor,
    label: Int[Tensor, " B"],
    tick: Tick,
    view: View | None = None,
) -> Step:
    """The critic's terms on real and generated examples (B, ...), which share their labels."""
    fake, view = critic.shown(fake), view or plain_view(critic, config)
    seen_real, seen_fake = view(real, tick.draws, "real"), view(fake, tick.draws, "fake")
    real_logit, fake_logit = critic(torch.cat([seen_real, seen_fake]), label.repeat(2)).chunk(2)
    terms = {"adversarial": adversarial.LOSSES[config.loss].critic(real_logit, fake_logit).mean()}
    if not config.projected and (made_up := penalties.lazy(1.0, config.penalty_every, tick.round)):
        found = penalty_terms(critic, config, seen_real, seen_fake, label, tick)
        terms |= {name: made_up * value for name, value in found.items()}
    return Step(terms, notes(real, fake, real_logit, fake_logit))


def fool(
    critic: Critic,
    config: CriticConfig,
    real: Tensor,
    fake: Tensor,
    label: Int[Tensor, " B"],
    draws: Draws,
    view: View | None = None,
) -> Float[Tensor, " B"]:
    """The generator's loss for each generated example; gradients reach it through ``fake`` alone."""
    loss, view = adversarial.LOSSES[config.loss], view or plain_view(critic, config)
    fake_logit = critic(view(critic.shown(fake), draws, "fake"), label)
    if not loss.needs_real:
        return loss.generator(None, fake_logit)
    with torch.no_grad():
        real_logit = critic(view(real, draws, "real"), label)
    return loss.generator(real_logit, fake_logit)


def plain_view(critic: Critic, config: CriticConfig) -> View:
    """The random changes that the configuration asks for, and what the critic's backbone sees of the outcome."""
    look = critic.project if isinstance(critic, ProjectedCritic) else nn.Identity()
    return lambda x, draws, whose: look(differentiable.change(x, config.augment, draws, whose))


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
    diagnostics = {
        "critic_right": (real_logit > fake_logit).float().mean(),
        "margin": (real_logit - fake_logit).mean(),
    }
    if len(real) > 1:  # one example of a micro-batch does not vary
        diagnostics["variety"] = fake.flatten(1).std(0).mean() / real.flatten(1).std(0).mean().clamp(min=1e-6)
    return diagnostics
