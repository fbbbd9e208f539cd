"""Flaws of the pictures of records, each decoded at its own size when its turn comes.

known ─► memory          records ─► picture ─► score, a row each      those with an alarm ─► picture │ its map
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from amalgan.data import Records
from amalgan.data.dataset.full_size import FullSize, Picture
from amalgan.data.writing.grids import grid
from amalgan.data.writing.picture_arrays import in_color
from amalgan.features.patches import PatchesName
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.flaws import MOST_KNOWN, Flaws
from amalgan.tasks.detect.heat import FULL
from amalgan.tasks.detect.normals import Sides
from amalgan.tasks.explore.overlay import painted


@dataclass(frozen=True, eq=False)
class FlawsOf:
    """What is learned of normal patches, and where pictures are decoded from."""

    flaws: Flaws
    judged: FullSize
    normals: FullSize

    @classmethod
    def learned(
        cls, model: Model, name: PatchesName, sides: Sides, judged: FullSize, normals: FullSize
    ) -> FlawsOf:
        """Learn from at most 1,000 of the known normals, spread evenly; raises as ``Flaws.learned`` does."""
        assert sides.known is not None
        known = sides.known.select(sides.known.spaced(MOST_KNOWN))
        return cls(Flaws.learned(model, name, normals.of(known), len(known)), judged, normals)

    @property
    def name(self) -> str:
        """That of the network: the same on every machine that has it."""
        return self.flaws.network.name

    def normal_column(self, normal: Records) -> Float[Tensor, " n"]:
        """Return the scores of normals."""
        return self.flaws.column(self.normals.of(normal))

    def scores(self, judged: Records) -> Iterator[float]:
        """Yield the scores of those judged."""
        return self.flaws.scores(self.judged.of(judged))

    def maps(self, judged: Records, normal: Float[Tensor, " n"]) -> Iterator[NDArray[np.uint8]]:
        """Yield each picture (H, 2 W, 3) beside the map of its patches.

        Args:
            normal: scores of normals. Nothing is painted below the least of them; full color is what only one in twenty
                reaches anywhere.
        """
        least, full = float(normal.min()), float(normal.quantile(FULL))
        for picture in self.judged.of(judged):
            heat = (resized(self.flaws.map(picture), picture) - least).clamp(min=0).numpy()
            yield beside(picture, heat, full - least or 1.0)


def resized(heat: Float[Tensor, "h w"], picture: Picture) -> Float[Tensor, "H W"]:
    """Return a map at the size of its picture."""
    return interpolate(heat[None, None], picture.shape[1:], mode="bilinear", align_corners=False)[0, 0]


def beside(picture: Picture, heat: NDArray[np.float32], full: float) -> NDArray[np.uint8]:
    """A picture, and its map over it."""
    shown = picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)
    return grid(np.stack([in_color(shown), painted(shown, heat, full)]), columns=2)


def why_uncalibrated(judged: Records, normal: Records) -> str:
    """Return a note where some picture has more pixels, and so more patches, than all normal ones; else nothing."""
    sizes = [records.store.sizes[records.index].prod(1) for records in (judged, normal)]
    larger = int((sizes[0] > sizes[1].max(initial=0)).sum())
    return (
        f"{larger:,} of {len(judged):,} pictures are larger than every normal one. The largest of more patches "
        "is larger by chance, so their p-values are too small. Give normals of that size."
        if larger
        else ""
    )
