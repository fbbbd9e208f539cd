"""What patches of normal pictures look like: a bounded memory, and the distance to what it holds.

    patches of normal pictures, an equal number of each, at most 20,000 ─► whitened ─► a core of 2,000 ─► memory
    patch ─► the same ─► distance from its nearest neighbor there

The core is chosen greedily, each time the patch that is farthest from all chosen ones (Sener & Savarese 2018,
arXiv:1708.00489), on random projections to 32 numbers, as PatchCore does (Roth et al. 2022, arXiv:2106.08265,
section 3.2): rare patches stay, and the many that look alike are held once. Features are whitened first, so that the
distance is Mahalanobis's, as in PaDiM (Defard et al. 2020, arXiv:2011.08785): what never varies in normal patches
counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

MOST_CANDIDATES = 20_000
"""Patches among which those that are kept are chosen."""
MOST_KEPT = 2_000
"""Patches that are kept."""
PROJECTED = 32
RIDGE = 0.1
"""Added to each variance of standardized features, so that noise in what hardly varies does not count."""
BLOCK = 4_096
"""Patches that are compared at a time."""


@dataclass(frozen=True, eq=False)
class PatchMemory:
    """Patches of normal pictures."""

    center: Float[Tensor, " D"]
    turn: Float[Tensor, "D D"]
    """From features to whitened ones."""
    kept: Float[Tensor, "M D"]
    """Whitened."""

    @classmethod
    def fit(cls, candidates: Float[Tensor, "N D"], most: int = MOST_KEPT) -> PatchMemory:
        """Keep a core of normal patches, at most ``most``; at least one must be given."""
        center, turn = candidates.mean(0), whitening(candidates)
        white = (candidates - center) @ turn
        return cls(center, turn, white[core_of(projected(white), most)])

    def distance(self, features: Float[Tensor, "N D"]) -> Float[Tensor, " N"]:
        """Return the distance of each patch from the nearest one that is kept, as a root mean square a feature."""
        parts = features.split(BLOCK)
        squared = torch.cat([nearest((part - self.center) @ self.turn, self.kept) for part in parts])
        return (squared / len(self.center)).sqrt()


def whitening(x: Float[Tensor, "N D"]) -> Float[Tensor, "D D"]:
    """Return what makes features uncorrelated and of one variance, nearly."""
    spread = x.std(0, correction=0).clamp(min=1e-4)
    standard = (x - x.mean(0)) / spread
    variance, axes = torch.linalg.eigh(standard.T @ standard / len(x))
    return axes / (variance.clamp(min=0) + RIDGE).sqrt() / spread[:, None]


def nearest(x: Float[Tensor, "N D"], kept: Float[Tensor, "M D"]) -> Float[Tensor, " N"]:
    """Return the squared distance of each row from the nearest of ``kept``."""
    crossed = torch.addmm(kept.square().sum(1) / 2, x, kept.T, alpha=-1)
    return (crossed.min(1).values * 2 + x.square().sum(1)).clamp(min=0)


def projected(x: Float[Tensor, "N D"]) -> Float[Tensor, "N d"]:
    """Return random projections, which keep distances nearly, where there are more than 32 features."""
    if x.shape[1] <= PROJECTED:
        return x
    turn = torch.randn(x.shape[1], PROJECTED, generator=Generator().manual_seed(0))
    return x @ turn / PROJECTED**0.5


def core_of(x: Float[Tensor, "N D"], most: int) -> Int[Tensor, " M"]:
    """Return the rows of a core: the first one, then each time the one that is farthest from all before."""
    return torch.tensor([*farthest_first(x, min(most, len(x)))])


def farthest_first(x: Float[Tensor, "N D"], count: int) -> Iterator[int]:
    """Yield ``count`` rows."""
    row, away = 0, torch.full((len(x),), torch.inf)
    for _ in range(count):
        yield row
        away = torch.minimum(away, (x - x[row]).square().sum(1))
        row = int(away.argmax())
