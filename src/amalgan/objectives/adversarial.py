"""Adversarial losses, one number per sample for the generator and one for the critic; both minimize.

    real ─► critic ─► real_logit ─┐
                                  ├─► AdversarialLoss.critic(real_logit, fake_logit)      what the critic minimizes
    fake ─► critic ─► fake_logit ─┘   AdversarialLoss.generator(real_logit, fake_logit)   what the generator minimizes

A logit is raw; higher means more real. D of the papers is sigmoid(logit); log D = -softplus(-logit) and
log(1 - D) = -softplus(logit).

    minimax         Goodfellow et al. 2014, arXiv:1406.2661, eq. 1: the generator minimizes log(1 - D(fake))
    nonsaturating   the same, section 3: the generator maximizes log D(fake)
    hinge           Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, eqs. 16, 17
    wasserstein     Arjovsky et al. 2017, arXiv:1701.07875, eq. 2; means nothing without a bound on the slope
    relativistic    Jolicoeur-Martineau 2018, arXiv:1807.00734, paired (RpGAN); with R1 and R2 it is
                    Huang et al. 2024 (R3GAN), arXiv:2501.05441, eq. 2
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu, softplus


class AdversarialLoss(NamedTuple):
    """What each player minimizes, per sample. ``real_logit`` and ``fake_logit`` have one shape, (B,)."""

    critic: Callable[[Tensor, Tensor], Tensor]
    """From ``real_logit, fake_logit`` to the critic's loss (B,)."""
    generator: Callable[[Tensor | None, Tensor], Tensor]
    """From ``real_logit, fake_logit`` to the generator's loss (B,)."""
    needs_real: bool
    """Whether the generator's loss reads ``real_logit``; if not, None will do."""


def classify_critic(real_logit: Float[Tensor, " B"], fake_logit: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """-log D(real) - log(1 - D(fake)), nats; >= 0, 2 log 2 when undecided."""
    return softplus(-real_logit) + softplus(fake_logit)


def minimax_generator(real_logit: Tensor | None, fake_logit: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """log(1 - D(fake)), nats; <= 0. Its gradient vanishes where the critic is sure."""
    return -softplus(fake_logit)


def nonsaturating_generator(
    real_logit: Tensor | None, fake_logit: Float[Tensor, " B"]
) -> Float[Tensor, " B"]:
    """-log D(fake), nats; >= 0."""
    return softplus(-fake_logit)


def hinge_critic(real_logit: Float[Tensor, " B"], fake_logit: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """max(0, 1 - real) + max(0, 1 + fake); >= 0, and 0 beyond the margins."""
    return relu(1 - real_logit) + relu(1 + fake_logit)


def wasserstein_critic(
    real_logit: Float[Tensor, " B"], fake_logit: Float[Tensor, " B"]
) -> Float[Tensor, " B"]:
    """fake - real; unbounded."""
    return fake_logit - real_logit


def raise_logit_generator(real_logit: Tensor | None, fake_logit: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """-fake; unbounded. The generator of the hinge and Wasserstein games."""
    return -fake_logit


def relativistic_critic(
    real_logit: Float[Tensor, " B"], fake_logit: Float[Tensor, " B"]
) -> Float[Tensor, " B"]:
    """-log sigmoid(real - fake), nats; >= 0, log 2 when undecided: each real against one fake."""
    return softplus(fake_logit - real_logit)


def relativistic_generator(real_logit: Tensor | None, fake_logit: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """-log sigmoid(fake - real), nats; >= 0, log 2 when undecided."""
    assert real_logit is not None, "AdversarialLoss.needs_real says so"
    return softplus(real_logit - fake_logit)


LOSSES: dict[str, AdversarialLoss] = {
    "relativistic": AdversarialLoss(relativistic_critic, relativistic_generator, needs_real=True),
    "nonsaturating": AdversarialLoss(classify_critic, nonsaturating_generator, needs_real=False),
    "hinge": AdversarialLoss(hinge_critic, raise_logit_generator, needs_real=False),
    "wasserstein": AdversarialLoss(wasserstein_critic, raise_logit_generator, needs_real=False),
    "minimax": AdversarialLoss(classify_critic, minimax_generator, needs_real=False),
}
"""The games that a configuration can name."""
