"""The picture of a model card: what the model makes, or else what it makes of test pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.core.randomness import generators_kept
from amalgan.data import Dataset, drawn, grid, png_bytes
from amalgan.data.writing.grids import visible_scale
from amalgan.data.writing.provenance import provenance
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Generates
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate
from amalgan.tasks.reconstruct import reconstruct

ACROSS, PICTURES, SIDE = 8, 32, 96
"""Pictures in a row, pictures in all, and pixels of each side at most."""


def sheet_of(model: Model, data: Dataset | None) -> tuple[bytes, str] | None:
    """Return a PNG file and what it shows: new pictures, else test pictures above what becomes of them.

    None for examples that cannot be drawn, and where the model makes nothing without data.
    """
    if kind_of(model.spec).refuses("drawing"):
        return None
    if isinstance(model.system, Generates):
        return draw_generated(model, PICTURES), "New pictures of the model, drawn at random"
    if (
        data is not None
        and len(data.test)
        and isinstance(model.system, Encodes)
        and isinstance(model.system, Decodes)
    ):
        return rebuilt(model, data), "Test pictures above what the model rebuilds them to"
    return None


@generators_kept()
@torch.no_grad()
def draw_generated(model: Model, count: int) -> bytes:
    """Return ``count`` new pictures, those of seed 0, as a PNG file."""
    return sheet_png(model, drawn(torch.cat(list(generate(model, count))), model.spec))


@generators_kept()
@torch.no_grad()
def rebuilt(model: Model, data: Dataset) -> bytes:
    """Return test pictures above their reconstructions as a PNG file."""
    chosen = data.test.select(data.test.spaced(ACROSS))
    x = torch.cat([chosen.take(slice(None)), *reconstruct(model, chosen)])
    return sheet_png(model, drawn(x, model.spec))


def sheet_png(model: Model, pixels: NDArray[np.uint8]) -> bytes:
    """Return pictures (N, H, W) or (N, H, W, 3) as one PNG file, which says what made them."""
    step = max(1, -(-max(pixels.shape[1:3]) // SIDE))
    sheet = grid(pixels[:, ::step, ::step], columns=ACROSS, scale=visible_scale(pixels))
    return png_bytes(sheet, provenance(model.digest, seed=0))
