"""What keeps a critic from becoming too steep, one number per sample.

    critic, x ─► slope = d critic(x) / dx ─► |slope|^2 / 2        r1 at real, r2 at generated examples
                                          └► (|slope| - 1)^2      gradient_penalty, between the two

R1, R2: Mescheder et al. 2018, arXiv:1801.04406, eqs. 9, 10. Gradient penalty: Gulrajani et al. 2017,
arXiv:1704.00028, eq. 3. Lazy: Karras et al. 2020, arXiv:1912.04958, appendix B. Their weights are the
system's.

Examples count as constants: a penalty moves the critic, never what made the example. The critic must treat
each example on its own (no batch normalization), since the logits are summed before they are differentiated.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Critic = Callable[[Tensor], Tensor]
"""From examples (B, ...) to raw logits (B,); a conditional critic is closed over its labels."""


def slope(critic: Critic, x: Float[Tensor, " B *shape"]) -> Float[Tensor, " B *shape"]:
    """Derivative of each logit by its example, which can be differentiated by the critic's parameters."""
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0]


def squared_slope(critic: Critic, x: Float[Tensor, " B *shape"]) -> Float[Tensor, " B"]:
    """|d critic(x) / dx|^2, summed over entries, per sample; >= 0."""
    return slope(critic, x).square().flatten(1).sum(1)


def r1(critic: Critic, real: Float[Tensor, " B *shape"]) -> Float[Tensor, " B"]:
    """Half the squared slope at real examples, per sample; >= 0."""
    return squared_slope(critic, real) / 2


def r2(critic: Critic, fake: Float[Tensor, " B *shape"]) -> Float[Tensor, " B"]:
    """Half the squared slope at generated examples, per sample; >= 0."""
    return squared_slope(critic, fake) / 2


def gradient_penalty(
    critic: Critic,
    real: Float[Tensor, " B *shape"],
    fake: Float[Tensor, " B *shape"],
    mix: Float[Tensor, " B *ones"],
) -> Float[Tensor, " B"]:
    """(|slope| - 1)^2 at mix * real + (1 - mix) * fake, per sample; >= 0.

    Args:
        mix: uniform numbers in [0, 1), one a sample, (B, 1, ...) with as many axes as ``real``.
    """
    steepness = slope(critic, mix * real + (1 - mix) * fake).flatten(1)
    # vector_norm has derivative 0 at 0, where a square root would make NaN: a fresh critic may be flat.
    norm: Tensor = torch.linalg.vector_norm(steepness, dim=1)
    return (norm - 1).square()


def lazy(weight: float, every: int, round: int) -> float:
    """The weight of a penalty in this round: ``every`` times ``weight`` in every so many rounds, else 0."""
    return weight * every if round % every == 0 else 0.0
