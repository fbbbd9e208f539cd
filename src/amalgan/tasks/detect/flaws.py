"""Small flaws: the patch of a picture that is least like any patch of normal pictures.

    known normals ─► patches ─► memory
    picture, at its own size ─► tiles ─► patches ─► distance of each from the memory: the picture's map ─► its largest

One score a picture, however many tiles it has: normals are scored the same way, and so a p-value beside them holds for
the largest of as many patches. Roth et al. 2022 (PatchCore), arXiv:2106.08265. Memory holds one picture in bytes, one
tile of features, and at most 20,000 patches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from amalgan.core.errors import UsageError
from amalgan.core.randomness import key
from amalgan.core.types import DataSpec
from amalgan.features.patches import PatchesName, PatchNetwork, Picture, enlarged, grid_of, parts
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.patch_memory import MOST_CANDIDATES, PatchMemory
from amalgan.tasks.detect.patch_networks import patch_network

MOST_KNOWN, FEWEST_KNOWN = 1_000, 5
"""Normal pictures whose patches are learned from."""


@dataclass(frozen=True, eq=False)
class Flaws:
    """What patches of normal pictures look like to a network."""

    network: PatchNetwork
    spec: DataSpec
    memory: PatchMemory

    @classmethod
    def learned(cls, model: Model, name: PatchesName, known: Iterable[Picture], count: int) -> Flaws:
        """Learn it from ``count`` normal pictures uint8 (C, H, W), each at its own size.

        Raises:
            AbilityError: the model has no maps of its own.
            UsageError: there are too few pictures, they are of another kind, or the network is not installed.
        """
        return cls.of(patch_network(model, name), model.spec, known, count)

    @classmethod
    def of(cls, network: PatchNetwork, spec: DataSpec, known: Iterable[Picture], count: int) -> Flaws:
        """Learn the same in the maps of a network; raises UsageError where there are too few pictures."""
        if count < FEWEST_KNOWN:
            raise UsageError(
                f"patches are learned from at least {FEWEST_KNOWN} known normal pictures, and there are {count}. "
                "Give more normals, or leave patches out."
            )
        each = -(-MOST_CANDIDATES // count)
        taken = [drawn(network, picture, spec, each, number) for number, picture in enumerate(known)]
        return cls(network, spec, PatchMemory.fit(torch.cat(taken)))

    def map(self, picture: Picture) -> Float[Tensor, "h w"]:
        """Return the distance of each patch of a picture from the memory."""
        picture = enlarged(picture, self.network.least)
        found = torch.empty(grid_of(self.network, picture))
        for part in parts(self.network, picture, self.spec):
            rows = part.features.flatten(1).T
            found[part.rows, part.columns] = self.memory.distance(rows).reshape(part.features.shape[1:])
        return found

    def scores(self, pictures: Iterable[Picture]) -> Iterator[float]:
        """Yield the largest distance in each picture, one after the other."""
        return (float(self.map(picture).max()) for picture in pictures)

    def column(self, pictures: Iterable[Picture]) -> Float[Tensor, " N"]:
        """Return the same, of all at once."""
        return torch.tensor([*self.scores(pictures)], dtype=torch.float64)


def drawn(
    network: PatchNetwork, picture: Picture, spec: DataSpec, count: int, number: int
) -> Float[Tensor, "n D"]:
    """Return about ``count`` patches of a picture, the same each time, evenly over its tiles."""
    generator = Generator().manual_seed(key(0, "patches", number))
    picture = enlarged(picture, network.least)
    height, width = grid_of(network, picture)
    share = min(1.0, count / (height * width))
    return torch.cat([some(part.features, share, generator) for part in parts(network, picture, spec)])


def some(features: Float[Tensor, "D h w"], share: float, generator: Generator) -> Float[Tensor, "n D"]:
    """Return a share of the patches of a tile."""
    rows = features.flatten(1).T
    return rows[torch.rand(len(rows), generator=generator) < share]
