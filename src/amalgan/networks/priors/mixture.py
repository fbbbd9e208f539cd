"""Gaussians, shared out among the classes.

After Ghosh et al. 2020, arXiv:1903.12436, who fit one when training is over for the same reason: an autoencoder's codes
are not normal, so normal ones decode badly.
"""

from __future__ import annotations

import warnings

import torch
from jaxtyping import Bool, Float
from sklearn.covariance import ledoit_wolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor
from torch.distributions import MultivariateNormal

from amalgan.core.randomness import Draws
from amalgan.networks.priors.base import Prior, pick

CODES_PER_PART = 8
"""A Gaussian of K dimensions is fitted to at least this many times K codes; else there are fewer Gaussians."""


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

    def forget(self) -> None:
        """Make every Gaussian standard normal again."""
        self.weight.fill_(1 / self.weight.shape[1])
        self.center.zero_()
        self.factor.copy_(torch.eye(self.code_size).expand_as(self.factor))

    def stored(self) -> dict[str, Tensor]:
        """Centers and factors as rows, of Gaussians alone that something was fitted to."""
        tensors = self.state_dict()
        used = fitted_slots(tensors)
        return tensors | {name: tensors[name][used] for name in ("center", "factor")}

    def restored(self, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        if kept["weight"].shape != self.weight.shape or kept["groups.share"].shape != self.groups.share.shape:
            return kept
        used, size = fitted_slots(kept), self.code_size
        rows = int(used.sum())
        if kept["center"].shape != (rows, size) or kept["factor"].shape != (rows, size, size):
            return kept
        center, factor = torch.zeros(self.center.shape), torch.eye(size).repeat(*used.shape, 1, 1)
        center[used], factor[used] = kept["center"], kept["factor"]
        return kept | {"center": center, "factor": factor}

    def fit_standard(self, code: Tensor, group: Tensor, draws: Draws) -> None:
        seed = int(draws.generator("mixture").initial_seed()) % 2**31
        self.forget()
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


def fitted_slots(tensors: dict[str, Tensor]) -> Bool[Tensor, "groups parts"]:
    """Which Gaussians may ever be drawn from: those of weight in a group that occurs; all, before the first fit."""
    used = (tensors["weight"] > 0) & (tensors["groups.share"] > 0)[:, None]
    return used | (tensors["count"] == 0)


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
