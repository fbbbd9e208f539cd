"""Pictures: bytes (C, H, W) in files, floats in [-1, 1] in networks.

storing   bytes and floats, and what is within the range      parts      squares to hide, rectangles to replace
versions  what coding and scaling leave of a picture          judging    SSIM
maps      what holds of all examples that lie on a plane, of sounds too
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.types import DataSpec
from amalgan.kinds.image.maps import Maps
from amalgan.kinds.measures import Likeness
from amalgan.kinds.refusals import CLEANING, R_SQUARED
from amalgan.kinds.registry import register

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from amalgan.config.data import AugmentConfig, DataConfig
    from amalgan.core.shards import Shard
    from amalgan.data.dataset.store import Pixels, Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures, Source

PICTURES = frozenset({".png", ".webp", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".avif"})
LONG = 2
"""How many times as long as the other side a side of a picture may be before an array of fractions may be series."""


@register("image")
class Image(Maps):
    """Pictures, gray or in color."""

    noun, nouns = "picture", "pictures"
    entries = "pixels"
    by_look = True
    takes_any = True
    refused: Mapping[str, str] = {**R_SQUARED, **CLEANING}

    def text(self, spec: DataSpec) -> str:
        channels, height, width = spec.shape
        color = "gray" if channels == 1 else "RGB" if channels == 3 else f"{channels}-channel"
        return f"{height}x{width} {color}"

    def reads(self, found: ArrayData | Pictures) -> bool:
        """Encoded files, and arrays of two axes or more beside that of the examples; long fractions may be series."""
        from amalgan.data.readers.sources import ArrayData

        return not isinstance(found, ArrayData) or (len(found.shape) > 1 and not self.hint(found))

    def hint(self, found: ArrayData | Pictures) -> str:
        """Fractions (H, W), one side of which is more than twice the other."""
        from amalgan.data.readers.sources import ArrayData

        if not isinstance(found, ArrayData) or not found.fractions or len(found.shape) != 2:
            return ""
        height, width = found.shape
        is_long = max(height, width) > LONG * min(height, width)
        return f"gray pictures of {height}x{width} pixels (--kind image)" if is_long else ""

    def read(self, name: str, found: ArrayData | Pictures, request: Request, into: Into) -> Iterator[None]:
        from amalgan.data.dataset.read_arrays import read_arrays
        from amalgan.data.dataset.read_pictures import read_pictures
        from amalgan.data.readers.sources import ArrayData

        if isinstance(found, ArrayData):
            return read_arrays(name, found, request, into)
        return read_pictures(found, request, into)

    def on_demand(
        self,
        source: Source,
        request: Request,
        shard: Shard,
        facts: dict[str, Any],
        origins: NDArray[np.int64],
    ) -> Pixels:
        from amalgan.data.dataset.on_demand import pictures_on_demand

        return pictures_on_demand(source, request, shard, facts, origins)

    def decodes_in_any_order(self, source: Source) -> bool:
        """Files of pictures are decoded one by one; arrays come in blocks."""
        from amalgan.data.readers.sources import Arrays

        return not isinstance(source, Arrays)

    def stored_dtype(self) -> str:
        return "|u1"

    def amount(self, shape: tuple[int, ...]) -> str:
        return f"pictures of {shape[1]}x{shape[2]}"

    def spec_of(self, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
        return DataSpec(
            kind=self.name,
            shape=store.pixels.shape[1:],
            classes=tuple(store.facts["classes"]),
            fit=config.fit,
            background=config.background.lower(),
            range=tuple(store.facts["range"]),
        )

    def from_python(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
        from amalgan.data.dataset.in_memory import picture_rows

        return self.from_stored(picture_rows(x, spec, own_size=own_size), spec)

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        """v / 127.5 - 1."""
        from amalgan.kinds.image import storing

        return storing.from_bytes(values)

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        """uint8 (N, H, W) or (N, H, W, 3)."""
        from amalgan.kinds.image import storing

        return storing.to_bytes(x)

    def packed(self, x: Tensor) -> NDArray[Any]:
        """Bytes (N, C, H, W)."""
        return np.asarray(self.delivered(x).add(1).mul(127.5).round().byte().numpy())

    def unpacked(self, values: NDArray[Any]) -> Tensor:
        from amalgan.kinds.image import storing

        return storing.from_bytes(values)

    def delivered(self, x: Tensor) -> Tensor:
        from amalgan.kinds.image import storing

        return storing.delivered(x)

    def file_ending(self) -> str:
        return ".png"

    def file_bytes(self, stored: NDArray[Any], text: Mapping[str, str] | None, spec: DataSpec) -> bytes:
        from amalgan.data.writing.grids import png_bytes

        return png_bytes(stored, text)

    def known_endings(self) -> frozenset[str]:
        return PICTURES

    def file_facts(self, data: bytes) -> dict[str, Any]:
        """Height, width, and what XMP or text in the file says."""
        from amalgan.data.decoding import images
        from amalgan.data.writing.provenance import origin

        header, provenance = images.measure(data), origin(images.packet(data))
        height, width = header.height, header.width
        return {"size": f"{height}x{width}", "height": height, "width": width, "provenance": provenance}

    def drawn(self, stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
        return stored

    def versions(self, x: Tensor, changed: str) -> dict[str, Tensor]:
        from amalgan.kinds.image.versions import versions

        return versions(x, changed)

    def resolve_augment(self, config: AugmentConfig, spec: DataSpec) -> AugmentConfig:
        """Color pictures are mirrored, gray ones are not: digits and scans would become others."""
        from amalgan.data.transforms.augmentation import filled

        return filled(config, flip=spec.shape[0] == 3)

    def classifier_moves(self, spec: DataSpec) -> AugmentConfig | None:
        from amalgan.features.classifier import MOVED

        return MOVED

    def coarsened(self, x: Tensor, side: int) -> Tensor:
        from torch.nn.functional import avg_pool2d

        factor = min(x.shape[2:]) // side
        return avg_pool2d(x, factor) if factor > 1 else x

    def colors(self, spec: DataSpec) -> int:
        return spec.shape[0]

    def peak(self) -> float | None:
        return 2.0

    def steps(self) -> str:
        return "8 bits"

    def units(self) -> str:
        return "the range [-1, 1]"

    def likenesses(self) -> tuple[Likeness, ...]:
        from amalgan.kinds.image.judging import SSIM

        return (SSIM,)
