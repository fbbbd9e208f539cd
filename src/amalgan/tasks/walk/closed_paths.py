"""Closed, smooth walks, and random numbers that take one.

    stations s_0, s_1, ... s_(S-1) ─► frames: s_0 ╌╌► s_1 ╌╌► ... ╌╌► s_0      two stations: there and back
    Draws ─► Course: the rows of a batch are the frames of one walk ─► any system that generates ─► a film

From one station to the next a walk keeps to the great circle through both: direction and length turn evenly, so what
lies between two normal draws is as long as they are, while the straight line's middle is shorter by the root of two and
means nothing to a network that saw only normal draws (White 2016, arXiv:1609.04468). Each stretch starts and ends
at rest (a raised cosine), so the whole walk, its closing included, has a continuous speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn.functional import normalize

from amalgan.core.errors import UsageError
from amalgan.core.randomness import Draws

PARALLEL = 1e-3
"""Directions whose angle is nearer to 0 or 180 degrees than this (in radians) fix no great circle: the line serves."""


def loop(stations: Float[Tensor, "S K"], frames: int) -> Float[Tensor, "T K"]:
    """``frames`` places on a closed walk through all ``stations``, the first at the first station.

    Every station is one of the places; after the last one the walk comes back to the first.

    Raises:
        UsageError: fewer frames than stations.
    """
    if frames < len(stations):
        raise UsageError(f"{frames} frames for a walk through {len(stations)} stations; it needs as many")
    starts = torch.arange(len(stations) + 1) * frames // len(stations)
    frame = torch.arange(frames)
    leg = torch.searchsorted(starts, frame, right=True) - 1
    share = (frame - starts[leg]) / (starts[leg + 1] - starts[leg])
    return great_circle(stations[leg], stations[(leg + 1) % len(stations)], eased(share).to(stations))


def eased(share: Float[Tensor, " T"]) -> Float[Tensor, " T"]:
    """Shares in [0, 1] of a way that starts and ends at rest."""
    return (1 - (math.pi * share).cos()) / 2


def great_circle(
    first: Float[Tensor, "T K"], last: Float[Tensor, "T K"], share: Float[Tensor, " T"]
) -> Float[Tensor, "T K"]:
    """The points at ``share`` of the way from ``first`` to ``last``: direction by angle, length in proportion."""
    share = share[:, None]
    a, b = normalize(first, dim=1), normalize(last, dim=1)
    angle = (
        2 * torch.atan2((a - b).norm(dim=1), (a + b).norm(dim=1))[:, None]
    )  # exact near 0 and near 180 degrees
    turned = ((1 - share) * angle).sin() * a + (share * angle).sin() * b
    near, far = first.norm(dim=1, keepdim=True), last.norm(dim=1, keepdim=True)
    straight = (angle < PARALLEL) | (angle > math.pi - PARALLEL) | (near * far == 0)
    circle = torch.lerp(near, far, share) * turned / angle.sin()
    return torch.where(straight, torch.lerp(first, last, share), circle)


@dataclass(frozen=True, kw_only=True)
class Course(Draws):
    """Draws whose rows are the ``total`` frames of one closed walk.

    Normal numbers go through as many keyed draws as there are ``stations``: those that ``Draws`` of the same seed and
    round has in its first rows. All other numbers, which choose rather than shape, stand still. With one station
    the normal ones stand still too.
    """

    stations: int

    def normal(self, purpose: str, *shape: int) -> Tensor:
        keyed = torch.randn(self.stations, *shape, generator=super().generator(purpose))
        flowing = loop(keyed.reshape(self.stations, -1), self.total).reshape(self.total, *shape)
        return self._ours(self.temperature * flowing)

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        held = torch.rand(1, *shape, generator=super().generator(purpose))
        return self._ours(held.expand(self.total, *shape))

    def integers(self, purpose: str, below: int, *shape: int) -> Tensor:
        held = torch.randint(below, (1, *shape), generator=super().generator(purpose))
        return self._ours(held.expand(self.total, *shape))

    def generator(self, purpose: str) -> Generator:
        """Refused: numbers from a bare generator would jump from frame to frame.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"this system takes {purpose!r} from a bare generator, which no walk can pass through. "
            "Let it use draws.normal."
        )
