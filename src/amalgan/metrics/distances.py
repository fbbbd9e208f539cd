"""Euclidean distances between two sets, in memory that does not grow with their product.

    a (N, D), b (M, D) ─► blocks of rows ─► |a|^2 + |b|^2 - 2ab ─► distances (rows, M), one block at a time

Points are centered first, since the formula cancels when they are far from 0; what is left below rounding
becomes 0, so that a copy is at distance 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Float
from torch import Tensor

from amalgan.core.errors import DataError, UsageError

BLOCK = 2**20
"""Distances held at a time: 8 MiB, which a processor's cache can nearly hold."""
ROUNDING = 1e-12
"""Squared distances below this share of the squared norms are rounding."""


def flatten_checked(a: Tensor, b: Tensor, names: str) -> tuple[Float[Tensor, " N D"], Float[Tensor, " M D"]]:
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


def iterate_blocks(
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
