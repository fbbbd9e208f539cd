"""What a code is drawn from when there is no picture to encode.

    codes of the training pictures ─► standardize ─► fit, one group a class ─► sample(label) ─► codes

``MixturePrior``  Gaussians, shared out among the classes (Ghosh et al. 2020, arXiv:1903.12436, fit one after
                  training for the same reason: an autoencoder's codes are not normal, so normal ones decode badly).
``FlowPrior``     a velocity field learned by flow matching (Lipman et al. 2023, arXiv:2210.02747, eq. 23):
                  x_t = (1 - t) x_0 + t x_1, |v(x_t, t) - (x_1 - x_0)|^2, integrated by Heun's method.

Unlabeled codes form a group of their own. UNLABELED asks for any group, as often as it occurs.
"""

from __future__ import annotations

import math
import warnings

import torch
from jaxtyping import Float, Int
from sklearn.covariance import ledoit_wolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from amalgan.config import parts
from amalgan.networks.blocks import one_hot, rectify
from amalgan.streams import Draws

CODES_PER_PART = 8
"""A Gaussian of K dimensions is fitted to at least this many times K codes; else there are fewer Gaussians."""
NARROWEST = 1e-3
"""Entries that vary less than this share of the widest one are scaled as if they varied so much."""
HEUN_STEPS = 16
FLOW_BATCH, FLOW_RATE = 256, 2e-3


def build(config: parts.Prior, code_size: int, classes: int) -> MixturePrior | FlowPrior:
    """The prior that ``config`` describes, not fitted yet: standard normal."""
    if config.kind == "learned":
        return FlowPrior(code_size, classes, steps=config.steps, codes=config.codes)
    count = config.parts if config.kind == "mixture" else 1
    return MixturePrior(code_size, classes, parts=-(-count // max(1, classes)), codes=config.codes)


class Groups(nn.Module):
    """The classes of a data set, and one group more for what is unlabeled: how often each occurs."""

    share: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("share", torch.full((classes + 1,), 1 / (classes + 1)))

    def __len__(self) -> int:
        return len(self.share)

    def fit(self, label: Int[Tensor, " N"]) -> None:
        """Count the labels."""
        self.share.copy_(torch.bincount(label % len(self), minlength=len(self)) / len(label))

    def choose(self, label: Int[Tensor, " B"], draws: Draws, purpose: str) -> Int[Tensor, " B"]:
        """The group to draw from: the label's own; any, by its share, where there is no label or none had it."""
        anything = pick(self.share, draws.uniform(f"{purpose} group"))
        own = label % len(self)
        return torch.where((label < 0) | (self.share[own] == 0), anything, own)


class Scale(nn.Module):
    """Mean and deviation of each entry of the codes."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, code_size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(code_size))
        self.register_buffer("deviation", torch.ones(code_size))

    def fit(self, code: Float[Tensor, "N K"]) -> None:
        """Take them from codes; an entry that hardly varies is not blown up."""
        deviation = code.std(0, correction=0)
        self.mean.copy_(code.mean(0))
        self.deviation.copy_(deviation.clamp(min=max(1e-6, NARROWEST * float(deviation.max()))))

    def forward(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
        """Codes with mean 0 and deviation 1 in each entry over those that it was fitted to."""
        return (code - self.mean) / self.deviation

    def undo(self, standard: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
        """The codes that ``forward`` makes these of."""
        return standard * self.deviation + self.mean


class Prior(nn.Module):
    """What every prior shares: the groups and the scale of the codes."""

    count: Tensor
    """Codes that the last fit saw."""

    def __init__(self, code_size: int, classes: int, codes: int) -> None:
        super().__init__()
        self.codes = codes
        self.groups = Groups(classes)
        self.scale = Scale(code_size)
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @property
    def fitted(self) -> bool:
        """Whether ``fit`` has seen codes."""
        return bool(self.count > 0)

    def fit(self, code: Float[Tensor, "N K"], label: Int[Tensor, " N"], draws: Draws) -> None:
        """Estimate the prior from codes and labels on the CPU; equal codes and draws give equal priors."""
        self.groups.fit(label)
        group = label % len(self.groups)
        picked = spread_picks(group, self.codes, draws.generator("prior picks"))
        self.scale.fit(code)
        self.count.fill_(len(code))
        self.fit_standard(self.scale(code[picked]), group[picked], draws)

    def sample(self, label: Int[Tensor, " B"], draws: Draws, purpose: str = "prior") -> Float[Tensor, "B K"]:
        """One code for each label."""
        return self.scale.undo(
            self.sample_standard(self.groups.choose(label, draws, purpose), draws, purpose)
        )

    def fit_standard(self, code: Tensor, group: Tensor, draws: Draws) -> None:
        """Fit to standardized codes."""
        raise NotImplementedError

    def sample_standard(self, group: Tensor, draws: Draws, purpose: str) -> Tensor:
        """Draw standardized codes."""
        raise NotImplementedError


class MixturePrior(Prior):
    """Gaussians with full covariances, ``parts`` for each group; with one part, a Gaussian a class."""

    weight: Tensor
    center: Tensor
    factor: Tensor

    def __init__(self, code_size: int, classes: int, *, parts: int, codes: int) -> None:
        super().__init__(code_size, classes, codes)
        groups = classes + 1
        self.register_buffer("weight", torch.full((groups, parts), 1 / parts))
        self.register_buffer("center", torch.zeros(groups, parts, code_size))
        self.register_buffer("factor", torch.eye(code_size).repeat(groups, parts, 1, 1))

    def fit_standard(self, code: Tensor, group: Tensor, draws: Draws) -> None:
        seed = int(draws.generator("mixture").initial_seed()) % 2**31
        for number in range(len(self.groups)):
            if (group == number).any():
                weight, center, covariance = gaussians(code[group == number], self.weight.shape[1], seed)
                self.weight[number].zero_()[: len(weight)] = weight
                self.center[number, : len(weight)] = center
                self.factor[number, : len(weight)] = torch.linalg.cholesky(covariance).float()

    def sample_standard(self, group: Tensor, draws: Draws, purpose: str) -> Tensor:
        part = pick(self.weight[group], draws.uniform(f"{purpose} part"))
        normal = draws.normal(purpose, len(self.scale.mean))
        return self.center[group, part] + torch.einsum("bij,bj->bi", self.factor[group, part], normal)

    def log_density(self, code: Float[Tensor, "B K"]) -> Float[Tensor, " B"]:
        """log p(code) in nats, whatever its class: classes count as often as they occur; float64."""
        standard = self.scale(code).double()
        weight = (self.groups.share[:, None] * self.weight).double()
        normals = (
            MultivariateNormal(center.double(), scale_tril=factor.double(), validate_args=False)
            for center, factor in zip(self.center.flatten(0, 1), self.factor.flatten(0, 1), strict=True)
        )
        parts = [
            normal.log_prob(standard) + share.log()
            for normal, share in zip(normals, weight.flatten(), strict=True)
            if share > 0
        ]
        return torch.stack(parts).logsumexp(0) - self.scale.deviation.double().log().sum()


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
            now, then = (torch.full((len(x), 1), time * step, device=x.device) for time in (at, at + 1))
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


def gaussians(code: Tensor, most: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Weights (M,), means (M, K) and covariances (M, K, K), float64, of up to ``most`` Gaussians."""
    count = max(1, min(most, len(code) // (CODES_PER_PART * code.shape[1])))
    points = code.double()
    if count == 1:
        return torch.ones(1), points.mean(0, keepdim=True), covariance_of(points)[None]
    mixture = GaussianMixture(
        count, reg_covar=1e-3, max_iter=40, tol=1e-3, random_state=seed, init_params="k-means++"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a prior stopped at 40 steps is a good prior
        mixture.fit(points.numpy())
    weight, center, covariance = mixture.weights_, mixture.means_, mixture.covariances_
    return torch.from_numpy(weight), torch.from_numpy(center), torch.from_numpy(covariance)


def covariance_of(points: Float[Tensor, "N K"]) -> Float[Tensor, "K K"]:
    """The covariance, shrunk to what so few points can tell (Ledoit & Wolf 2004); one point has nearly none."""
    ridge = 1e-4 * torch.eye(points.shape[1], dtype=points.dtype)
    if len(points) == 1:
        return ridge
    shrunk: Tensor = torch.from_numpy(ledoit_wolf(points.numpy())[0])
    return shrunk + ridge


def spread_picks(group: Int[Tensor, " N"], most: int, generator: torch.Generator) -> Int[Tensor, " M"]:
    """At most ``most`` rows at random, as even over the groups as they allow: a rare class keeps its codes."""
    order = torch.randperm(len(group), generator=generator)
    if len(group) <= most:
        return order
    by_group = order[group[order].argsort(stable=True)]
    start = torch.searchsorted(group[by_group], group[by_group])
    turn = torch.arange(len(group)) - start
    return by_group[turn.argsort(stable=True)[:most]]


def pick(weight: Tensor, uniform: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
    """Indices drawn with probabilities ``weight`` ((M,) or (B, M)) by inverting their running sum, none of weight 0."""
    edges = weight.expand(len(uniform), -1).cumsum(1)
    whole = edges[:, -1:]
    last = (edges < whole).sum(1)
    return torch.minimum((edges <= uniform[:, None] * whole).sum(1), last)
