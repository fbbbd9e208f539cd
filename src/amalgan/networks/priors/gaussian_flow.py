"""A flow from normal numbers to codes that begins as one Gaussian a group, trained beside the networks.

    z_t = (1 - t) n + t z,   n normal, z a code:   v(z_t, t | group) = E[z - n | z_t]  (Lipman et al. 2023,
    arXiv:2210.02747, eq. 23), here the sum of

    closed form   what it is where the codes of a group are normal, from their mean m, principal axes and variances v:
                  m + (t v - (1 - t)) / (t^2 v + (1 - t)^2) (z_t - t m), along each axis
    network       the rest, starting at zero

So before its first step the prior is the Gaussians, and every step can only mend it. When codes are drawn, the closed
form is integrated exactly (Lawson 1967) and the network by the method of Adams and Bashforth of second order, which
looks at it once a step: five steps are as near to the exact solution as four of Heun's method, which looks twice.

Guidance (Ho & Salimans 2022, arXiv:2207.12598) moves along v(group) + guidance (v(group) - v(any)): more typical of
the class, less varied. A tenth of the codes in training is of any group, for that.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.randomness import Draws
from amalgan.networks.blocks import one_hot
from amalgan.networks.priors.base import Prior
from amalgan.networks.priors.mixture import covariance_of
from amalgan.networks.priors.velocity import FlatVelocity, MapVelocity

ANY = 0.1
"""Share of the codes in training whose group the network does not see."""
NARROWEST = 1e-4
"""The least variance along an axis, of standardized codes."""
MOST_TOGETHER = 64
"""Up to so many groups, turning a point along the axes of all is faster than gathering those of its own: 5 times for 11
groups and 256 entries on a CPU, as two products of matrices."""

Field = Callable[[Tensor, Tensor], Tensor]
"""From points (B, K) and their time (B, 1) to velocities (B, K)."""


class GaussianFlowPrior(Prior):
    """A learned flow over Gaussians; groups are classes, the last one is any."""

    center: Tensor
    axes: Tensor
    variance: Tensor

    def __init__(
        self,
        code_size: int,
        classes: int,
        *,
        codes: int,
        guidance: float,
        solver_steps: int,
        shape: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__(code_size, classes, codes)
        groups = classes + 1
        self.guidance, self.solver_steps = guidance if classes else 0.0, solver_steps
        self.net = MapVelocity(shape, groups) if shape else FlatVelocity(code_size, groups)
        self.register_buffer("center", torch.zeros(groups, code_size))
        self.register_buffer("axes", torch.eye(code_size).repeat(groups, 1, 1))
        self.register_buffer("variance", torch.ones(groups, code_size))

    @property
    def settled(self) -> bool:
        """The Gaussians are fitted once: what the network learns is the rest."""
        return self.fitted

    def fit_standard(self, code: Tensor, group: Tensor, draws: Draws) -> None:
        any_group = len(self.groups) - 1
        for number in range(len(self.groups)):
            own = code if number == any_group else code[group == number]
            if len(own):
                self.fit_group(number, own.double())

    def fit_group(self, number: int, code: Float[Tensor, "N K"]) -> None:
        """Fit the Gaussian of one group."""
        variance, axes = torch.linalg.eigh(covariance_of(code))
        self.center[number], self.axes[number] = code.mean(0), axes
        self.variance[number] = variance.clamp(min=NARROWEST)

    def matching_loss(
        self, code: Float[Tensor, "B K"], label: Int[Tensor, " B"], draws: Draws
    ) -> Float[Tensor, " B"]:
        """Return the flow-matching objective of each code, a mean over entries."""
        groups = len(self.groups)
        seen = draws.uniform("flow group") >= ANY
        group = torch.where(seen, label % groups, groups - 1)
        code, start = self.scale(code), draws.normal("flow start", self.code_size)
        time = draws.uniform("flow time", 1)
        velocity = self.velocity(torch.lerp(start, code, time), time, group)
        return (velocity - (code - start)).square().mean(1)

    def velocity(self, z: Tensor, time: Float[Tensor, "B 1"], group: Int[Tensor, " B"]) -> Tensor:
        """Return the whole field at points (B, K)."""
        return self.closed_form(z, time, group) + self.net(z, time, group)

    def closed_form(self, z: Tensor, time: Float[Tensor, "B 1"], group: Int[Tensor, " B"]) -> Tensor:
        """Return the field that leads to the Gaussians."""
        variance = self.variance[group]
        gain = (time * variance - (1 - time)) / (time.square() * variance + (1 - time).square())
        return self.center[group] + self.along(z - time * self.center[group], gain, group)

    def along(self, z: Float[Tensor, "B K"], gain: Float[Tensor, "B K"], group: Tensor) -> Tensor:
        """Return ``z`` multiplied by ``gain`` along the axes of its group, in float32."""
        with torch.autocast(z.device.type, enabled=False):
            if len(self.groups) > MOST_TOGETHER:
                axes = self.axes[group]
                turned = torch.einsum("bi,bij->bj", z.float(), axes)
                return torch.einsum("bj,bij->bi", gain.float() * turned, axes)
            own = one_hot(group, len(self.groups)).unsqueeze(2)
            turned = (z.float() @ self.axes.transpose(0, 1).flatten(1)).unflatten(1, self.center.shape)
            return (own * gain.float().unsqueeze(1) * turned).flatten(1) @ self.axes.mT.flatten(0, 1)

    def carried(self, z: Tensor, now: Tensor, then: Tensor, group: Tensor) -> Tensor:
        """Return where the closed form alone leads points from one time to another."""
        center = self.center[group]
        return then * center + self.along(z - now * center, self.widened(now, then, group), group)

    def widened(self, now: Tensor, then: Tensor, group: Tensor) -> Float[Tensor, "B K"]:
        """Return by how much the closed form alone widens differences of points along each axis."""
        width = [(t.square() * self.variance[group] + (1 - t).square()).sqrt() for t in (now, then)]
        return width[1] / width[0]

    def sample_standard(self, group: Tensor, draws: Draws, purpose: str) -> Tensor:
        z, step = draws.normal(purpose, self.code_size), 1 / self.solver_steps
        rest = self.rest_of(group)
        before: Tensor | None = None
        for at in range(self.solver_steps):
            now, then = (torch.full_like(z[:, :1], time * step) for time in (at, at + 1))
            slope = rest(z, now)
            forward = slope if before is None else 1.5 * slope - 0.5 * before
            before = self.along(slope, self.widened(now, then, group), group)
            z = self.carried(z + step * forward, now, then, group)
        return z

    def rest_of(self, group: Int[Tensor, " B"]) -> Field:
        """Return the field without the closed form of the group, guided away from any group."""
        any_group = torch.full_like(group, len(self.groups) - 1)

        def rest(z: Tensor, time: Tensor) -> Tensor:
            own = self.net(z, time, group)
            if not self.guidance:
                return own
            typical = own + self.closed_form(z, time, group) - self.velocity(z, time, any_group)
            return own + self.guidance * typical

        return rest

    def log_density(self, code: Float[Tensor, "B K"]) -> Float[Tensor, " B"]:
        """log p(code) in nats under the Gaussian of all codes; float64."""
        standard, last = self.scale(code).double() - self.center[-1].double(), self.variance[-1].double()
        along = standard @ self.axes[-1].double()
        nats = along.square() / last + last.log() + torch.log(torch.tensor(2 * torch.pi))
        return -nats.sum(1) / 2 - self.scale.deviation.double().log().sum()
