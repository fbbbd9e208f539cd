"""How strange an example is among normal ones, and how well strangeness tells anomalies.

    n normal scores, a score s ─► p = (1 + #{normal >= s}) / (n + 1)        exact, whatever the distribution
    several scores ─► their p-values in the pool of normals and example ─► mean of 1 / p ─► its p-value in that pool
    p-values ─► alarms          each at a rate, or Benjamini-Hochberg for the share of false ones
    normal, anomalous scores ─► AUROC with its interval

Higher scores are stranger. Conformal p-values: Vovk, Gammerman & Shafer 2005; Bates et al. 2023, arXiv:2104.08279: if
an example is as normal as the n, and the score was fixed without seeing either, P(p <= a) <= a, on the average over
draws of the n. Ties count as stranger, which keeps that true.

``joined`` takes the harmonic mean of an example's p-values (Wilson 2019, PNAS 116): it is small when one of them is
very small, whatever the others say, and several small ones need not pay for being several, as the least of them would.
Its law is known for independent p-values, which those of one example are not; here every normal is treated in the pool
as the example is, so the mean's own rank is a p-value, however they depend.

AUROC: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44, by mid-ranks (Sun & Xu 2014), so ties count half; the
interval is symmetric in the logit and stays within [0, 1].
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from amalgan.core.errors import DataError
from amalgan.metrics.statistics import Interval, binomial_interval

BLOCK = 2**20
"""Normals times examples that are held at a time."""
ROUNDING = 1e-9
"""Means that differ by a smaller share are equal."""


class Joined(NamedTuple):
    """What several scores say together."""

    evidence: Float[Tensor, " B"]
    """log of the mean of 1 / p: 0 for what nothing finds strange."""
    p_value: Float[Tensor, " B"]


def p_values(normal: Float[Tensor, " n"], score: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """The p-value of each score, in [1 / (n + 1), 1], float64.

    Raises:
        DataError: there are no normals.
    """
    if not len(normal):
        raise DataError("there are no normal examples to compare with; at least one is needed")
    return (1 + at_least(normal.double(), score.double())) / (len(normal) + 1)


def at_least(normal: Float[Tensor, " n"], score: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """How many of ``normal`` are as high as each score, or higher."""
    below = torch.searchsorted(normal.sort().values, score.contiguous())
    return (len(normal) - below).double()


def joined(normal: Float[Tensor, "n S"], score: Float[Tensor, "B S"]) -> Joined:
    """One p-value an example from S scores of each.

    Raises:
        DataError: there are no normals.
    """
    normal, score = normal.double(), score.double()
    pairs = list(zip(normal.T, score.T, strict=True))
    evidence = torch.stack([1 / p_values(a, b) for a, b in pairs]).mean(0)
    counts = [at_least(a, a) for a, _ in pairs]
    step, found = max(1, BLOCK // len(normal)), torch.empty_like(evidence)
    for start in range(0, len(score), step):
        rows = slice(start, start + step)
        parts = [
            (len(normal) + 1) / (count + (b[rows, None] >= a))
            for (a, b), count in zip(pairs, counts, strict=True)
        ]
        stranger = torch.stack(parts).mean(0) >= evidence[rows, None] * (1 - ROUNDING)
        found[rows] = (1 + stranger.sum(1).double()) / (len(normal) + 1)
    return Joined(evidence.log(), found)


def discoveries(p_value: Float[Tensor, " N"], rate: float) -> Bool[Tensor, " N"]:
    """Alarms of which at most ``rate`` are false on the average (Benjamini & Hochberg 1995, JRSS B 57).

    Conformal p-values that share their normals depend on one another in a way that the rule allows (Bates et al.,
    theorem 2).
    """
    ordered = p_value.sort().values
    allowed = rate * torch.arange(1, len(ordered) + 1, device=ordered.device) / max(1, len(ordered))
    passed = ordered[ordered <= allowed]
    return p_value <= passed[-1] if len(passed) else torch.zeros_like(p_value, dtype=torch.bool)


def auroc(normal: Float[Tensor, " n"], anomalous: Float[Tensor, " m"], level: float = 0.95) -> Interval:
    """The chance that an anomaly scores higher than a normal example, ties counting half.

    Where all pairs are told right the variance is 0, though the truth may be less than 1: the interval is then
    Wilson's for as many independent pairs as the smaller side has examples, which is wide.

    Raises:
        DataError: a side is empty.
    """
    if not len(normal) or not len(anomalous):
        raise DataError(
            f"{len(normal)} normal and {len(anomalous)} anomalous examples; AUROC needs both. Check --anomaly."
        )
    share, variance = delong(normal.double().cpu().numpy(), anomalous.double().cpu().numpy())
    count = len(normal) + len(anomalous)
    if variance <= 0:
        return Interval(share, *certain(share, min(len(normal), len(anomalous)), level), count, level)
    reach = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance) / (share * (1 - share))
    middle = math.log(share / (1 - share))
    low, high = (1 / (1 + math.exp(-(middle + sign * reach))) for sign in (-1, 1))
    return Interval(share, low, high, count, level)


def delong(normal: NDArray[np.float64], anomalous: NDArray[np.float64]) -> tuple[float, float]:
    """AUROC and its variance; 0 where nothing varies or there is but one of a side."""
    ranks = rankdata(np.concatenate([normal, anomalous]))
    above = (ranks[len(normal) :] - rankdata(anomalous)) / len(normal)
    below = 1 - (ranks[: len(normal)] - rankdata(normal)) / len(anomalous)
    share = float(above.mean())
    if min(len(normal), len(anomalous)) < 2 or share in (0.0, 1.0):
        return share, 0.0
    return share, float(above.var(ddof=1) / len(anomalous) + below.var(ddof=1) / len(normal))


def certain(share: float, pairs: int, level: float) -> tuple[float, float]:
    """The range of an AUROC without variance; everything where it is neither 0 nor 1."""
    if share not in (0.0, 1.0):
        return 0.0, 1.0
    found = binomial_interval(round(share * pairs), pairs, level)
    return found.low, found.high
