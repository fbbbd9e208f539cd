"""What is like what, by codes: the nearest of a query, and groups of near-duplicates.

    codes ─► each entry in its deviations ─┬─► distance to a query ─► the nearest
                                           └─► distance to the nearest / to the 20th nearest = ratio ─► groups

A distance is a root mean square over entries, so that 0 is the same code and sqrt(2) is what two codes drawn at random
have on the average.

Near-duplicates. How near is near differs from place to place, so the distance to the nearest is measured against that
to the 20th nearest. Where nothing was copied and codes lie evenly around, the ratio r of the two has the distribution
P(r <= t) = 1 - (1 - t^m)^19, m the dimension in which they lie (the nearest 19 are uniform in the ball of the 20th).
m is the one whose lower quarter is that of the ratios found: a few copies among many pictures hardly move it, and many
make it smaller, so that less is called a copy, not more. The threshold is the t below which chance alone brings
``expected`` pictures in a set of that size. Pictures of equal pixels are joined whatever their codes. Groups are what
is connected. One of more than 20 near-duplicates (not of equal pixels) has no 20th outside itself and may be missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.metrics.neighbors import nearest

SCALE_OF = 20
"""Which neighbor's distance is the measure."""
QUARTER = 0.25
EXPECTED = 0.1
"""Pictures that chance alone would call near-duplicates, in all of the data."""
NARROWEST = 1e-12
LEAST, MOST_DIMENSION = 0.5, 200.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Space:
    """Codes as they are compared: every entry in its deviations."""

    code: Float[Tensor, "N K"]
    spread: Float[Tensor, " K"]

    @classmethod
    def of(cls, code: NDArray[np.float32]) -> Space:
        """The space that ``code`` (N, K) spans."""
        found = torch.from_numpy(code).double()
        spread = found.std(0, correction=0).clamp(min=NARROWEST) * found.shape[1] ** 0.5
        return cls(code=found / spread, spread=spread)

    def nearest(
        self, query: NDArray[np.float32], count: int
    ) -> tuple[Float[Tensor, "Q k"], Int[Tensor, "Q k"]]:
        """Distances from each of ``query`` (Q, K) to the nearest ``count`` codes, rising, and their rows.

        Raises:
            UsageError: there are not so many.
        """
        return nearest(torch.from_numpy(query).double() / self.spread, self.code, count)


@dataclass(frozen=True, eq=False, kw_only=True)
class Duplicates:
    """Groups of pictures that are nearly, or exactly, the same."""

    group: NDArray[np.int64]
    """(N,) number of the group, from 0; -1 for what has no duplicate."""
    distance: NDArray[np.float64]
    """(N,) to the nearest other picture."""
    exact: NDArray[np.bool_]
    """(N,) whether another picture has the same pixels."""
    threshold: float
    """The ratio of the distances to the nearest and to the 20th below which two are near-duplicates."""
    dimension: float
    """That the codes seem to lie in."""

    @property
    def groups(self) -> int:
        """How many there are."""
        return int(self.group.max(initial=-1)) + 1

    def lines(self, name: NDArray[Any], label: NDArray[Any]) -> Iterator[list[str | int | float]]:
        """A table: the head, then a row for every picture of a group, group by group."""
        yield ["group", "name", "label", "distance", "equal"]
        for row in np.argsort(self.group, kind="stable")[(self.group < 0).sum() :]:
            equal, apart = "yes" if self.exact[row] else "no", float(f"{self.distance[row]:.6g}")
            yield [int(self.group[row]), str(name[row]), str(label[row]), apart, equal]


def duplicates(
    code: NDArray[np.float32], contents: NDArray[np.uint64], *, expected: float = EXPECTED
) -> Duplicates:
    """Groups of near-duplicates among codes (N, K) of pictures with hashed ``contents`` (N, 2).

    Pictures of equal pixels count once when distances are measured.

    Raises:
        UsageError: fewer than 40 different pictures, which tell nothing of what is near.
    """
    keys, first, content = np.unique(contents, axis=0, return_index=True, return_inverse=True)
    if len(keys) < 2 * SCALE_OF:
        raise UsageError(
            f"{len(keys)} different pictures are too few to tell near-duplicates; at least {2 * SCALE_OF} are needed"
        )
    space = Space.of(code[first])
    distance, row = nearest(space.code, space.code, SCALE_OF, skip_self=True)
    ratio = (distance / distance[:, -1:].clamp(min=NARROWEST)).numpy()
    dimension = dimension_of(ratio[:, 0])
    threshold = chance_ratio(expected / len(keys), dimension)
    near = close(distance.numpy(), row.numpy(), threshold)
    joined = connected(len(keys), near)[content.reshape(-1)]
    sizes = np.bincount(joined)
    exact = np.bincount(content.reshape(-1))[content.reshape(-1)] > 1
    return Duplicates(
        group=numbered(joined, sizes[joined] > 1),
        distance=np.where(exact, 0.0, distance[:, 0].numpy()[content.reshape(-1)]),
        exact=exact,
        threshold=threshold,
        dimension=dimension,
    )


def close(
    distance: NDArray[np.float64], row: NDArray[np.int64], threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs that are near by the measure of both."""
    own, other = distance[:, -1:], distance[:, -1][row]
    at, which = np.nonzero(distance <= threshold * np.minimum(own, other))
    return at, row[at, which]


def connected(count: int, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]) -> NDArray[np.int64]:
    """To which set of connected ones each belongs."""
    graph = coo_array((np.ones(len(pairs[0])), pairs), shape=(count, count))
    found: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


def numbered(joined: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Groups that are ``chosen``, numbered as they come; -1 for the others."""
    found = np.full(len(joined), -1)
    _, first, inverse = np.unique(joined[chosen], return_index=True, return_inverse=True)
    found[chosen] = first.argsort().argsort()[inverse]
    return found


def dimension_of(ratio: NDArray[np.float64]) -> float:
    """The m for which a quarter of even ratios lies below the lower quarter of ``ratio``."""
    low = float(np.clip(np.quantile(ratio, QUARTER), NARROWEST, 1 - 1e-9))
    return float(np.clip(np.log(share_within(QUARTER)) / np.log(low), LEAST, MOST_DIMENSION))


def chance_ratio(chance: float, dimension: float) -> float:
    """The t with P(r <= t) = ``chance``."""
    return float(share_within(chance) ** (1 / dimension))


def share_within(chance: float) -> float:
    """The share of the 20th's ball that is empty of the other 19 but with that chance."""
    return float(-np.expm1(np.log1p(-chance) / (SCALE_OF - 1)))
