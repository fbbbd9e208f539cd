"""A velocity field learned by flow matching (Lipman et al. 2023, arXiv:2210.02747, eq. 23).

x_t = (1 - t) x_0 + t x_1, |v(x_t, t) - (x_1 - x_0)|^2, integrated by Heun's method.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.core.randomness import Draws
from amalgan.networks.blocks import one_hot, rectify
from amalgan.networks.priors.base import Prior

HEUN_STEPS = 16
FLOW_BATCH, FLOW_RATE = 256, 2e-3


class FlowPrior(Prior):
    """A learned transport from a standard normal to the codes, told the group."""

    def __init__(self, code_size: int, classes: int, *, steps: int, codes: int) -> None:
        super().__init__(code_size, classes, codes)
        self.steps = steps
        self.velocity = Velocity(code_size, classes + 1)

    def fit_standard(self, code: Tensor, group: Tensor, draws: Draws) -> None:
        generator = draws.generator("flow")
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(generator.initial_seed())
            velocity = Velocity(code.shape[1], len(self.groups))
            descend(velocity, code, group, self.steps, generator)
        self.velocity.load_state_dict(velocity.state_dict())

    def sample_standard(self, group: Tensor, draws: Draws, purpose: str) -> Tensor:
        x = draws.normal(purpose, len(self.scale.mean))
        step = 1 / HEUN_STEPS
        for at in range(HEUN_STEPS):
            now, then = (torch.full((x.shape[0], 1), time * step, device=x.device) for time in (at, at + 1))
            slope = self.velocity(x, now, group)
            ahead = self.velocity(x + step * slope, then, group)
            x = x + step / 2 * (slope + ahead)
        return x


class Velocity(nn.Module):
    """v(x, t | group): a dense residual network."""

    frequency: Tensor

    def __init__(self, code_size: int, groups: int, hidden: int = 384, layers: int = 3) -> None:
        super().__init__()
        self.enter = nn.Linear(code_size + 8 + groups, hidden)
        self.hidden = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers))
        self.leave = nn.Linear(hidden, code_size)
        self.register_buffer("frequency", torch.tensor([1.0, 2.0, 4.0, 8.0]) * torch.pi / 2)
        self.groups = groups
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(
        self, x: Float[Tensor, "B K"], time: Float[Tensor, "B 1"], group: Int[Tensor, " B"]
    ) -> Float[Tensor, "B K"]:
        angle = time * self.frequency
        h = self.enter(torch.cat([x, angle.sin(), angle.cos(), one_hot(group, self.groups)], dim=1))
        for layer in self.hidden:
            h = h + layer(rectify(h))
        return self.leave(rectify(h))

    def matching_loss(self, code: Tensor, group: Tensor, generator: torch.Generator) -> Tensor:
        """The flow-matching objective on one batch, a mean over entries."""
        start = torch.randn(code.shape, generator=generator)
        time = torch.rand(len(code), 1, generator=generator)
        error = self(torch.lerp(start, code, time), time, group) - (code - start)
        return error.square().mean()


def descend(velocity: Velocity, code: Tensor, group: Tensor, steps: int, generator: torch.Generator) -> None:
    """Fit ``velocity`` to codes by flow matching."""
    adam = torch.optim.AdamW(velocity.parameters(), lr=FLOW_RATE, betas=(0.9, 0.99), fused=True)
    warm = max(1, steps // 20)
    for step in range(steps):
        cosine = (1 + math.cos(math.pi * step / steps)) / 2
        adam.param_groups[0]["lr"] = FLOW_RATE * min(1, (step + 1) / warm) * cosine
        rows = torch.randint(len(code), (FLOW_BATCH,), generator=generator)
        adam.zero_grad()
        velocity.matching_loss(code[rows], group[rows], generator).backward()
        adam.step()
