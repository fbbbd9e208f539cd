"""Nearest neighbors, exact: the one place where they are looked for.

    a (N, D), b (M, D) ─► centered ─┬─ on a CPU ──────────► scikit-learn's brute force, float64 ─┐
                                    └─ on an accelerator ─► blocks of torch, float64 ────────────┤
    k nearest ◄─ sorted, equal ones by row ◄─ sums of squared differences, float64 ◄─ candidates ◄┘

The last step makes distances exact where the product of matrices cancels: copies are at distance 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.metrics.distances import finite, iterate_blocks

QUERIES = 8192
"""Points whose neighbors are looked for at a time."""
REFINED = 2**22
"""Numbers of candidates that are held at a time."""


def nearest(
    a: Float[Tensor, " N D"], b: Float[Tensor, " M D"], k: int = 1, *, skip_self: bool = False
) -> tuple[Float[Tensor, " N k"], Int[Tensor, " N k"]]:
    """Distances from each of ``a`` to its ``k`` nearest of ``b``, rising, and which of ``b`` they are.

    Args:
        skip_self: ``a`` and ``b`` are one set, and no point counts as its own neighbor.

    Raises:
        UsageError: ``b`` has fewer than ``k`` points to offer.
        DataError: a set is empty or holds a number that is not finite.
    """
    if not 1 <= k <= len(b) - skip_self:
        raise UsageError(f"{k} nearest neighbors were asked for among {len(b) - skip_self} points")
    found = torch.empty(len(a), k, dtype=torch.float64, device=a.device)
    index = torch.empty(len(a), k, dtype=torch.int64, device=a.device)
    if not len(a):
        return found, index
    one = a is b
    b = finite(b, "points")
    a, center = b if one else finite(a, "points"), b.mean(0)
    b = b - center
    b = b.detach()
    a = b if one else (a - center).detach()
    own = torch.arange(len(a), device=a.device) if skip_self else None
    for rows, candidates in all_candidates(a, b, k + skip_self):
        found[rows], index[rows] = refined(a, b, candidates, k, rows, own)
    return found, index


def all_candidates(
    a: Float[Tensor, " N D"], b: Float[Tensor, " M D"], k: int
) -> Iterator[tuple[Int[Tensor, " R"], Int[Tensor, "R c"]]]:
    """Yield rows of ``a``, and points of ``b`` among which their ``k`` nearest are."""
    if a.device.type != "cpu":
        yield from by_blocks(a, b, k)
        return
    with threadpool_limits(torch.get_num_threads()):
        yield from by_sklearn(a, b, k)


def by_sklearn(
    a: Float[Tensor, " N D"], b: Float[Tensor, " M D"], k: int
) -> Iterator[tuple[Int[Tensor, " R"], Int[Tensor, "R k"]]]:
    """Yield rows of ``a`` and their nearest of ``b``."""
    from sklearn.neighbors import NearestNeighbors  # scikit-learn takes a second to import

    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(b.numpy())
    for part in torch.arange(len(a)).split(QUERIES):
        yield part, torch.from_numpy(search.kneighbors(a[part].numpy(), return_distance=False))


def by_blocks(
    a: Float[Tensor, " N D"], b: Float[Tensor, " M D"], k: int
) -> Iterator[tuple[Int[Tensor, " R"], Int[Tensor, "R k"]]]:
    """Yield rows of ``a`` and their nearest of ``b``, on the device of both."""
    for part, distances in iterate_blocks(a, b):
        rows = torch.arange(part.start, part.stop, device=a.device)
        yield rows, distances.topk(k, largest=False).indices


def refined(
    a: Float[Tensor, " N D"],
    b: Float[Tensor, " M D"],
    candidates: Int[Tensor, "R c"],
    k: int,
    rows: Int[Tensor, " R"],
    own: Int[Tensor, " N"] | None,
) -> tuple[Float[Tensor, "R k"], Int[Tensor, "R k"]]:
    """Return exact distances to the nearest among ``candidates``, rising, equal ones by row, and which they are."""
    candidates = candidates.sort(1).values
    distance = exact(a[rows], b, candidates)
    if own is not None:
        distance[candidates == own[rows, None]] = torch.inf
    nearer, place = distance.sort(stable=True, dim=1)
    return nearer[:, :k], candidates.gather(1, place[:, :k])


def exact(
    a: Float[Tensor, "R D"], b: Float[Tensor, " M D"], candidates: Int[Tensor, "R c"]
) -> Float[Tensor, "R c"]:
    """Return the distance from each of ``a`` to each of its candidates."""
    step = max(1, REFINED // max(1, candidates.shape[1] * b.shape[1]))
    parts = zip(a.split(step), candidates.split(step), strict=True)
    return torch.cat([(b[index] - one[:, None]).square().sum(2).sqrt() for one, index in parts])
