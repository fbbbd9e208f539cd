"""Pictures of a view at their own size, decoded one at a time: nothing is scaled or cut, and nothing is kept.

records, fitted to a model's size ─► where each is from ─► the same source again ─► uint8 (C, H, W), as large as it is
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.core.shards import WHOLE, Shard
from amalgan.core.types import DataSpec
from amalgan.data.dataset.native_size import of_image
from amalgan.data.dataset.on_demand import FromArrays, decoded
from amalgan.data.dataset.reading import source_of
from amalgan.data.dataset.records import Records
from amalgan.data.decoding.layout import Request
from amalgan.data.readers.sources import Arrays, Pictures, Source

Picture = NDArray[np.uint8]
"""(C, H, W), in the channels of a model."""


class FullSize:
    """The pictures of some data that are asked for by their row of its store."""

    def __init__(self, data: str | Path, config: DataConfig, like: DataSpec, shard: Shard = WHOLE) -> None:
        """List ``data`` again; nothing is decoded yet.

        Args:
            like: what the model reads, whose channels pictures get.
            shard: the part of the data whose catalog the rows are of.

        Raises:
            DataError: nothing readable is there.
        """
        self.source, self.request = source_of(data, config, like)
        self.like, self.shard = like, shard

    def of(self, records: Records) -> Iterator[Picture]:
        """Yield every picture of ``records``, in their order.

        Raises:
            FileError: a file cannot be read any more.
        """
        one = reader(self.source, self.request, self.shard, records, self.like)
        return (one(int(row)) for row in records.index)


def reader(
    source: Source, request: Request, shard: Shard, records: Records, like: DataSpec
) -> Callable[[int], Picture]:
    """Return what decodes a row of the store that ``records`` are of."""
    if isinstance(source, Arrays):
        return UnscaledArrays(source, request, shard, len(records.store), like).picture
    return lambda row: of_file(source, int(records.store.origins[row]), like)


def of_file(source: Pictures, row: int, like: DataSpec) -> Picture:
    """One file, upright."""
    return decoded(source, row, lambda image, numbers: of_image(image, like, numbers))


class UnscaledArrays(FromArrays):
    """Pictures of arrays, as large as they are; going back begins at the first."""

    def __init__(self, source: Arrays, request: Request, shard: Shard, count: int, like: DataSpec) -> None:
        super().__init__(source, request, shard, count)
        self.like = like

    def picture(self, row: int) -> Picture:
        """Decode one row."""
        return self.one(self._row(row))

    def one(self, value: NDArray[Any]) -> Picture:
        row = value[..., 0] if value.shape[2:] == (1,) else value
        return of_image(Image.fromarray(np.ascontiguousarray(row)), self.like)
