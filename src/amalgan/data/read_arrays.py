"""Copy a source of arrays into a store, block by block, resized where that is asked for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.data.images import fitted
from amalgan.data.layout import Layout, Request, settle
from amalgan.data.ordered import Progress
from amalgan.data.sources import ArrayData, Arrays, Block
from amalgan.data.store import StoreWriter


def read_arrays(source: Arrays, request: Request, folder: Path, progress: Progress | None) -> None:
    """Write the store of ``source`` into ``folder``."""
    data = source.open()
    layout = _layout(data.shape, request)
    shape = layout.shape if layout else data.shape
    skipped: list[tuple[str, str]] = []
    with closing(StoreWriter(folder, shape, data.count)) as writer:
        for block in data.blocks():
            skipped.extend(block.bad.items())
            _append(writer, block, layout)
            if progress is not None:
                progress(writer.count + len(skipped), data.count)
        facts = {"skipped": skipped, "modes": {_mode(data): writer.count}, "classes": list(data.classes)}
        chosen = layout.chosen if layout else f"{shape[0]} numbers an example"
        writer.finish(facts | {"ignored": 0, "chosen": chosen, "names": list(data.names)})


def _layout(shape: tuple[int, ...], request: Request) -> Layout | None:
    """What pictures of ``shape`` become; None for vectors."""
    return settle(request, np.array([shape[:2]]), _gray(shape)) if len(shape) > 1 else None


def _gray(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or shape[2] == 1


def _mode(data: ArrayData) -> str:
    if len(data.shape) == 1:
        return "array of numbers"
    return "gray array" if _gray(data.shape) else "color array"


def _append(writer: StoreWriter, block: Block, layout: Layout | None) -> None:
    count, shape = len(block.values), block.values.shape[1:]
    writer.append(
        block.values if layout is None else _channels_first(block.values, layout),
        labels=block.labels,
        splits=np.full(count, block.split),
        sizes=np.tile(np.array([(*shape, 1)[:2]], np.int32), (count, 1)),
        names=block.names,
    )


def _channels_first(values: NDArray[Any], layout: Layout) -> NDArray[np.uint8]:
    """uint8 (n, H, W) or (n, H, W, C) as (n, C, H, W) of the layout."""
    values = values[..., None] if values.ndim == 3 else values
    if values.shape[1:] == (layout.height, layout.width, layout.channels):
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    rows = [_fitted(row, layout) for row in values]
    return np.stack(rows) if rows else np.zeros((0, *layout.shape), np.uint8)


def _fitted(row: NDArray[Any], layout: Layout) -> NDArray[np.uint8]:
    row = row[..., 0] if row.shape[2] == 1 else row
    return fitted(Image.fromarray(np.ascontiguousarray(row)), layout)
