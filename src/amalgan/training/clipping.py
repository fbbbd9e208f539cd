"""A bound on the gradient of a step, relative to the gradients before it.

    norm of this gradient  >  MOST * usual norm   ─►   scaled down to that

The usual norm is the root of the sum of Adam's second moments: the root mean square of the norms of the last
1 / (1 - beta2) gradients. So the bound needs no state of its own, has no unit, and holds for every loss, size and
precision. Pascanu et al. 2013, arXiv:1211.5063, clip at a constant, which would need another one for each of these.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import Adam

MOST = 2.0
"""What is due every fourth round only, four times as strong (a lazy penalty), exceeds its root mean square by 2."""


@torch.no_grad()
def clip_gradients(adam: Adam) -> None:
    """Scale the gradients of what ``adam`` moves down to twice their usual norm; the first ones stay as they are."""
    known = [
        p for group in adam.param_groups for p in group["params"] if p.grad is not None and adam.state[p]
    ]
    if not known:
        return
    gradients: list[Tensor] = [p.grad for p in known]
    norm = torch.stack(torch._foreach_norm(gradients)).norm()
    factor = MOST * usual_norm(adam, known) / norm.clamp(min=torch.finfo(norm.dtype).tiny)
    torch._foreach_mul_(gradients, factor.clamp(max=1.0))


def usual_norm(adam: Adam, parameters: list[torch.nn.Parameter]) -> Tensor:
    """Return the root mean square of the norms of past gradients, recent ones counting most."""
    slots = [adam.state[p] for p in parameters]
    seen = 1 - adam.param_groups[0]["betas"][1] ** slots[0]["step"]
    squares = torch.stack(torch._foreach_norm([slot["exp_avg_sq"] for slot in slots], 1)).sum()
    return (squares / seen.to(squares.device)).sqrt()
