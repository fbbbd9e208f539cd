"""Where in a picture the reconstruction is worse than it ever is on normal pictures.

    normals ─► squared error, smoothed ─► mean, deviation of each pixel ─┐
    picture ─► squared error, smoothed ─► how many deviations above ─────┴─► picture │ its decode │ map

An edge is hard to draw anywhere, so a pixel's error counts by what is usual there. Full color is what only one of
twenty normal pictures reaches at any of its pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK
from amalgan.data import Records, grid, to_pixels
from amalgan.data.writing.picture_arrays import in_color
from amalgan.kinds import kind_of, text_of
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.overlay import painted

SMOOTHED = 9
"""Errors are averaged over squares of about this part of a picture's shorter side."""
FULL = 0.95
"""Share of normal pictures that reach full color nowhere."""
SIDE = 112
"""Pixels that a panel is at least wide and high, by repeating."""


@dataclass(frozen=True, eq=False)
class Usual:
    """The error that is usual at each pixel."""

    mean: Float[Tensor, "H W"]
    deviation: Float[Tensor, "H W"]
    full: float
    """Deviations above the mean that are shown in full color."""

    def excess(self, error: Float[Tensor, "B H W"]) -> Float[Tensor, "B H W"]:
        """Deviations above the mean; 0 below it."""
        return ((error - self.mean) / self.deviation).clamp(min=0)


def usual(model: Model, normals: Records) -> Usual:
    """What is usual over held-out normal pictures.

    Raises:
        AbilityError: the model does not reconstruct.
        UsageError: these are no pictures.
    """
    if why := kind_of(model.spec).refuses("heat"):
        raise UsageError(f"{why}; this model reads {text_of(model.spec)}. Leave out --maps.")
    model.require(Encodes)
    model.require(Decodes)
    error = torch.cat([rebuilt(model, batch.x)[1] for batch in normals.batches(CHUNK)])
    deviation = error.std(0, correction=0)
    # Where nothing ever varies, as on an empty border, the picture's mean deviation stands in.
    found = Usual(error.mean(0), (deviation.square() + deviation.mean().square()).sqrt().clamp(min=1e-9), 1.0)
    largest = found.excess(error).flatten(1).max(1).values
    return Usual(found.mean, found.deviation, float(largest.quantile(FULL)) or 1.0)


@torch.no_grad()
def rebuilt(
    model: Model, x: Float[Tensor, "B C H W"]
) -> tuple[Float[Tensor, "B C H W"], Float[Tensor, "B H W"]]:
    """Decodes of a chunk, and the smoothed squared error at each pixel."""
    decoded = model.require(Decodes).decode(model.require(Encodes).encode(x.to(model.device))).cpu()
    error = (decoded - x).square().mean(1, keepdim=True)
    side = max(1, min(x.shape[2:]) // SMOOTHED) // 2 * 2 + 1
    return decoded, avg_pool2d(error, side, 1, side // 2, count_include_pad=False)[:, 0]


def maps(model: Model, records: Records, found: Usual) -> Iterator[NDArray[np.uint8]]:
    """For each picture (H', W', 3): itself, its decode, and where the decode is unusually wrong."""
    for batch in records.batches(CHUNK):
        decoded, error = rebuilt(model, batch.x)
        heat = found.excess(error).numpy()
        for x, again, one in zip(*(to_pixels(t, model.spec) for t in (batch.x, decoded)), heat, strict=True):
            panels = [in_color(x), in_color(again), painted(x, one, found.full)]
            yield grid(np.stack(panels), columns=3, scale=max(1, -(-SIDE // min(x.shape[:2]))))
