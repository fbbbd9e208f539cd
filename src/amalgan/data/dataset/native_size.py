"""Pictures at sizes of their own, one at a time: nothing is scaled, cut, or kept.

source ─► names of all ─► each decoded when its turn comes ─► name, uint8 (C, H, W), or why not
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import shown
from amalgan.core.shards import WHOLE, Shard
from amalgan.core.types import DataSpec
from amalgan.data.dataset.read_arrays import in_bytes
from amalgan.data.decoding.images import decode, fitted, measure
from amalgan.data.decoding.layout import Layout, color_of
from amalgan.data.decoding.ranges import Range
from amalgan.data.readers.labels import is_text
from amalgan.data.readers.resolving import find_source
from amalgan.data.readers.sources import Arrays, Pictures


class Own(NamedTuple):
    """One picture."""

    name: str
    pixels: NDArray[np.uint8] | None
    """(C, H, W); None where it cannot be read."""
    reason: str = ""
    """Why not."""


class OwnSized(NamedTuple):
    """All pictures of some data."""

    names: list[str]
    """Of all, readable or not."""
    pictures: Iterator[Own]
    """In the same order."""


def own_sized(
    data: str | Path, spec: DataSpec, *, follow_links: bool = False, shard: Shard = WHOLE
) -> OwnSized:
    """The names of all pictures of ``data``, in order, and those of a part, in the channels of ``spec``.

    Raises:
        DataError: nothing is there, or it is no pictures.
    """
    source = find_source(data, follow_links=follow_links)
    if isinstance(source, Arrays):
        names = [name for block in source.open().blocks() for name in (*block.names, *block.bad)]
        mine = shard.rows(len(names), 1)
        return OwnSized(names, islice(from_arrays(source, spec), mine.start, mine.stop))
    rows = picture_rows(source)
    mine = shard.rows(len(rows), 1)
    return OwnSized(
        [shown(source.path(row)) for row in rows],
        from_files(source, spec, rows[mine.start : mine.stop]),
    )


def picture_rows(source: Pictures) -> list[int]:
    """The files of ``source`` without the texts among them, such as tables of labels."""
    rows = range(len(source))
    return [row for row in rows if not is_text(source.path(row))] or list(rows)


def from_files(source: Pictures, spec: DataSpec, rows: Sequence[int]) -> Iterator[Own]:
    """Files, decoded one after the other."""
    for row in rows:
        name = shown(source.path(row))
        try:
            data = source.read(row)
            found = measure(data)
            yield Own(name, decode(data, layout(found.height, found.width, spec)).pixels)
        except BadPicture as bad:
            yield Own(name, None, str(bad))


def from_arrays(source: Arrays, spec: DataSpec) -> Iterator[Own]:
    """Rows of arrays of pictures."""
    data = source.open()
    if len(data.shape) == 1:
        raise DataError(f"{source.name} holds {data.shape[0]} numbers an example; this model reads pictures.")
    within = Range(*spec.range) if spec.range else None
    for block in in_bytes(data, within):
        for name, row in zip(block.names, block.values, strict=True):
            yield Own(name, of_image(Image.fromarray(np.squeeze(row)), spec))
        for name, reason in block.bad.items():
            yield Own(name, None, reason)


def of_image(image: Image.Image, spec: DataSpec, numbers: NDArray[Any] | None = None) -> NDArray[np.uint8]:
    """An upright picture in the channels of ``spec``; ``numbers``: what its file holds in more than eight bits."""
    return fitted(image, layout(image.height, image.width, spec), numbers)


def layout(height: int, width: int, spec: DataSpec) -> Layout:
    """What leaves a picture of that size as large as it is."""
    return Layout(
        height=height,
        width=width,
        channels=spec.shape[0],
        background=color_of(spec.background),
        range=Range(*spec.range) if spec.range else None,
    )
