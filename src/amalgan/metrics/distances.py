"""Euclidean distances between two sets, in memory that does not grow with their product.

    a (N, D), b (M, D) ─► blocks of rows ─► |a|^2 + |b|^2 - 2ab ─► distances (rows, M), one block at a time

Points are centered first, since the formula cancels when they are far from 0; what is left below rounding
becomes 0, so that a copy is at distance 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.errors import DataError, UsageError

BLOCK = 2**20
"""Distances held at a time: 8 MiB, which a processor's cache can nearly hold."""
ROUNDING = 1e-12
"""Squared distances below this share of the squared norms are rounding."""


def checked(a: Tensor, b: Tensor, names: str) -> tuple[Float[Tensor, " N D"], Float[Tensor, " M D"]]:
    """Both sets flattened to float64 vectors.

    Args:
        names: what the sets are, for the message.

    Raises:
        UsageError: their examples differ in size.
        DataError: a set is empty or holds a number that is not finite.
    """
    if a.shape[1:] != b.shape[1:]:
        raise UsageError(
            f"{names}: examples have shapes {tuple(a.shape[1:])} and {tuple(b.shape[1:])}; both must agree"
        )
    return finite(a, names), finite(b, names)


def finite(x: Tensor, names: str) -> Float[Tensor, " N D"]:
    """The set flattened to float64 vectors.

    Raises:
        DataError: it is empty or holds a number that is not finite.
    """
    if not len(x):
        raise DataError(f"{names}: a set is empty; at least one example is needed")
    if not x.isfinite().all():
        bad = int((~x.isfinite().flatten(1).all(1)).sum())
        raise DataError(f"{names}: {bad} of {len(x)} examples hold NaN or infinity. Leave them out.")
    return x.double().flatten(1)


def blocks(
    a: Float[Tensor, " N D"], b: Float[Tensor, " M D"]
) -> Iterator[tuple[slice, Float[Tensor, " R M"]]]:
    """Yield rows of ``a`` and their distances to all of ``b``, block by block."""
    center = b.double().mean(0)
    a, b = a.double() - center, b.double() - center
    norms, rows = b.square().sum(1), max(1, BLOCK // len(b))
    for start in range(0, len(a), rows):
        part = a[start : start + rows]
        scale = part.square().sum(1)[:, None] + norms
        squared = scale - 2 * part @ b.T
        yield slice(start, start + len(part)), squared.where(squared > ROUNDING * scale, 0).sqrt()


def nearest(
    a: Float[Tensor, " N D"], b: Float[Tensor, " M D"], k: int = 1, *, skip_self: bool = False
) -> tuple[Float[Tensor, " N k"], Int[Tensor, " N k"]]:
    """Distances from each of ``a`` to its ``k`` nearest of ``b``, rising, and which of ``b`` they are.

    Args:
        skip_self: ``a`` and ``b`` are one set, and no point counts as its own neighbor.

    Raises:
        UsageError: ``b`` has fewer than ``k`` points to offer.
    """
    if not 1 <= k <= len(b) - skip_self:
        raise UsageError(f"{k} nearest neighbors were asked for among {len(b) - skip_self} points")
    # Filled in place: small results kept between large blocks would fragment the heap to many times its need.
    found = torch.empty(len(a), k, dtype=torch.float64, device=a.device)
    index = torch.empty(len(a), k, dtype=torch.int64, device=a.device)
    for rows, distances in blocks(a, b):
        if skip_self:
            distances[:, rows].fill_diagonal_(torch.inf)
        found[rows], index[rows] = distances.topk(k, largest=False)
    return found, index
