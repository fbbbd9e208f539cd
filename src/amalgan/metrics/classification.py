"""How good the probabilities of a classifier are.

    probabilities, labels ─┬─► log_loss            -log of what was given to the true class, nats
                           └─► calibration_error   how far confidence is from accuracy
                                                   (Guo et al. 2017, arXiv:1706.04599, eq. 3)

Examples whose label is UNLABELED are left out.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED

BINS = 15
LEAST_PROBABILITY = 1e-12
"""A probability below it counts as it: one certain mistake does not make the mean infinite."""


def correct(probability: Float[Tensor, "N K"], label: Int[Tensor, " N"]) -> int:
    """How many labeled examples have their class as the likeliest one."""
    probability, label = _labeled(probability, label)
    return int((probability.argmax(1) == label).sum())


def log_loss(probability: Float[Tensor, "N K"], label: Int[Tensor, " N"]) -> float:
    """Mean of -log p(label), nats; 0 is best, log K is what knowing nothing gives.

    Raises:
        DataError: nothing is labeled.
    """
    probability, label = _labeled(probability, label)
    return float(-probability.gather(1, label[:, None]).clamp_min(LEAST_PROBABILITY).log().mean())


def calibration_error(
    probability: Float[Tensor, "N K"], label: Int[Tensor, " N"], *, bins: int = BINS
) -> float:
    """Expected calibration error, in [0, 1]: mean of |accuracy - confidence| over equal bins of confidence.

    Each bin counts as often as examples fall into it.

    Raises:
        DataError: nothing is labeled.
    """
    probability, label = _labeled(probability, label)
    confidence, predicted = probability.max(1)
    place = (confidence * bins).ceil().long().sub(1).clamp(0, bins - 1)
    excess = torch.zeros(bins, dtype=torch.float64, device=place.device)
    excess.index_add_(0, place, (predicted == label).double() - confidence)
    return float(excess.abs().sum() / len(label))


def _labeled(probability: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """The labeled rows, in float64."""
    known = label != UNLABELED
    if not known.any():
        raise DataError("no example is labeled; how right a classifier is needs labels")
    return probability[known].double(), label[known]
