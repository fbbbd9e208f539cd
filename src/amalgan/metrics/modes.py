"""How many of the modes of the data occur among generated examples, and how evenly.

    labeled vectors ─► Landmarks ─► the nearest mode of each example, or none: too far ─┐
    pictures ─► what a classifier says of each ─────────────────────────────────────────┴─► modes, divergence

A vector counts for a mode within three standard deviations of it in the plane: Srivastava et al. 2017, VEEGAN,
arXiv:1705.07761, section 5.1. Elsewhere within the distance that holds as large a share of a Gaussian, 98.9 %.
Modes of pictures are classes: Metz et al. 2017, arXiv:1611.02163, section 3.3.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED
from amalgan.metrics.distances import finite
from amalgan.metrics.neighbors import nearest

PLANE = 3.0
"""Deviations within which an example in the plane is near a mode."""
INSIDE = 1 - math.exp(-(PLANE**2) / 2)
"""The share of a Gaussian in the plane that is."""
RIDGE = 1e-3
"""Share of the mean variance that is added to each: where the data never varies, examples may differ a little."""


@dataclass(frozen=True)
class Landmarks:
    """Where the modes are, and how far examples of one stray from it."""

    center: Float[Tensor, "M D"]
    label: Int[Tensor, " M"]
    factor: Float[Tensor, "D D"]
    """The Cholesky factor of the covariance within a mode, taken to be the same in all."""

    @classmethod
    def of(cls, x: Float[Tensor, " N *shape"], label: Int[Tensor, " N"]) -> Landmarks:
        """The modes of labeled examples: the mean of each class.

        Raises:
            DataError: nothing is labeled, or a number is not finite.
        """
        known = label != UNLABELED
        if not known.any():
            raise DataError("no example is labeled, so there are no modes to find; give data with labels")
        points = finite(x[known], "modes")
        names, mode = label[known].unique(return_inverse=True)
        center = torch.zeros(len(names), points.shape[1], dtype=points.dtype).index_add_(0, mode, points)
        center /= mode.bincount()[:, None]
        apart = points - center[mode]
        covariance = apart.T @ apart / max(1, len(points) - len(names))
        ridge = RIDGE * covariance.diagonal().mean().clamp(min=torch.finfo(points.dtype).tiny / RIDGE)
        return cls(center, names, torch.linalg.cholesky(covariance + ridge * torch.eye(len(covariance))))

    def near(self, x: Float[Tensor, " N *shape"]) -> Int[Tensor, " N"]:
        """The label of the mode that each example is near; UNLABELED where none is."""
        points, center = (
            torch.linalg.solve_triangular(self.factor, part.T, upper=False).T
            for part in (finite(x, "modes"), self.center)
        )
        distance, mode = nearest(points, center, 1)
        return self.label[mode[:, 0]].where(distance[:, 0] < reach(points.shape[1]), UNLABELED)


def reach(dimensions: int) -> float:
    """The radius in deviations that holds ``INSIDE`` of a standard normal: 3 in two dimensions."""
    from scipy.stats import chi2  # takes a second to import

    return math.sqrt(chi2.ppf(INSIDE, dimensions))


def modes(said: Int[Tensor, " N"]) -> int:
    """How many modes occur."""
    return len(said[said != UNLABELED].unique())


def divergence(said: Int[Tensor, " N"], label: Int[Tensor, " M"]) -> float:
    """KL(modes of the generated || modes of the data) in nats; >= 0, and 0 only if each occurs as often.

    Infinite where a mode occurs that the data lacks. Of K modes, n real examples have about (K - 1) / 2n by chance.

    Raises:
        DataError: on one side no example has a mode.
    """
    sides = [side[side != UNLABELED] for side in (said, label)]
    if not all(map(len, sides)):
        raise DataError("no example is near a mode, so they cannot be compared with those of the data")
    most = int(max(side.max() for side in sides)) + 1
    made, real = (side.bincount(minlength=most).double() / len(side) for side in sides)
    return float(torch.special.xlogy(made, made / real).nan_to_num(nan=0.0, posinf=math.inf).sum())
