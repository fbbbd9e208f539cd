"""Copy arrays of pictures into a store, block by block, resized where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import DataError
from amalgan.data.dataset.read_rows import parts_of
from amalgan.data.dataset.store_writer import Into, StoreWriter
from amalgan.data.dataset.survey import Survey
from amalgan.data.decoding.images import Picture, of_image
from amalgan.data.decoding.layout import Layout, Request, settle
from amalgan.data.decoding.ranges import Range, Values, choose_range, describe, eight_bits, values_of
from amalgan.data.readers.sources import ArrayData, Block
from amalgan.kinds import kind_named

ROUNDING = 1e-4
"""How far floats may lie outside of [0, 1]."""


def read_arrays(name: str, data: ArrayData, request: Request, into: Into) -> Iterator[None]:
    """Write a part of ``data``, which is called ``name``, ``into`` a store or a catalog; yield after every block.

    Raises:
        DataError: it is unreadable, or holds what no picture does.
    """
    scale = scale_of(name, data, request)
    layout = layout_of(data, request)
    rows = into.shard.rows(data.count)
    skipped, skipped_at = list[tuple[str, str]](), list[int]()
    with closing(into.writer(kind_named("image"), layout.shape, len(rows))) as writer:
        for block, origins, bad in parts_of(in_bytes(data, scale.range), rows):
            skipped.extend(block.bad.items())
            skipped_at.extend(bad.tolist())
            _append(writer, block, origins, layout)
            if into.progress is not None:
                into.progress(writer.count + len(skipped), len(rows))
            yield
        facts = {"skipped": skipped, "modes": {_mode(data): writer.count}, "classes": list(data.classes)}
        more = {"range": list(scale.range or ()) if scale.kept else [], "remarks": scale.remarks}
        names = {"ignored": 0, "chosen": layout.chosen, "names": list(data.names), "skipped_at": skipped_at}
        writer.finish(facts | names | more)


class Scale(NamedTuple):
    """How the numbers of arrays of pictures become bytes."""

    range: Range | None = None
    kept: bool = False
    """It is of this data, and other data is to be read by it."""
    remarks: list[str] = []  # noqa: RUF012 - never written to


def scale_of(name: str, data: ArrayData, request: Request) -> Scale:
    """What is black and white in the data; nothing where it holds bytes already.

    Raises:
        DataError: it holds what no picture does, and no range was asked for.
    """
    if not data.deep or (found := _values_in(data)) is None:
        return Scale()
    plain = Range(0, 255) if found.whole else Range(0, 1)
    is_plain = plain.black - ROUNDING <= found.least and found.greatest <= plain.white + ROUNDING
    if request.range is not None and not (request.is_models_range and is_plain and not data.sixteen):
        return Scale(request.range, True, _beyond(found, request.range))
    if data.sixteen:
        chosen = choose_range(found)
        return Scale(chosen, True, describe(found, chosen))
    if not is_plain:
        kind = "integer" if found.whole else "float"
        raise DataError(
            f"{name} holds {found.least:.4g} to {found.greatest:.4g}; {kind} pictures lie within {plain.black:g} to "
            f"{plain.white:g}. Say what is black and what is white by --range LOW:HIGH, or rescale them."
        )
    return Scale(plain)


def _beyond(found: Values, within: Range) -> list[str]:
    if within.black <= found.least and found.greatest <= within.white:
        return []
    return [
        f"the arrays hold {found.least:g} to {found.greatest:g}; what lies beyond the range {within.text} is cut"
    ]


def _values_in(data: ArrayData) -> Values | None:
    """The least and the greatest number; None where there are no rows."""
    found = [values_of(block.values) for block in data.blocks() if block.values.size]
    return reduce(Values.with_, found) if found else None


def in_bytes(data: ArrayData, within: Range | None) -> Iterator[Block]:
    """The blocks of ``data``, pictures in eight bits."""
    for block in data.blocks():
        if data.deep:
            some = len(block.values) > 0
            values = eight_bits(block.values, within) if some else block.values.astype(np.uint8)
            block = replace(block, values=values)
        yield block


def layout_of(data: ArrayData, request: Request) -> Layout:
    """What pictures become."""
    seen = Survey.of_arrays(data) if request.channels is None else Survey.nothing()
    return settle(request, np.array([data.shape[:2]]), seen.all_gray, seen.stored_in_color)


def _gray(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or shape[2] == 1


def _mode(data: ArrayData) -> str:
    return "gray array" if _gray(data.shape) else "color array"


def _append(writer: StoreWriter, block: Block, origins: NDArray[np.int64], layout: Layout) -> None:
    count, shape = len(block.values), block.values.shape[1:]
    pictures = [picture(row, layout) for row in block.values]
    writer.append(
        np.stack([one.pixels for one in pictures]) if pictures else block.values.reshape(-1, *writer.shape),
        labels=block.labels,
        splits=np.full(count, block.split),
        sizes=np.tile(np.array([shape[:2]], np.int32), (count, 1)),
        names=block.names,
        origins=origins,
        contents=[one.content for one in pictures],
        views=[one.view for one in pictures],
    )


def picture(row: NDArray[np.uint8], layout: Layout) -> Picture:
    """An array uint8 (H, W) or (H, W, 1 | 3 | 4) as a picture of the layout."""
    row = row[..., 0] if row.shape[2:] == (1,) else row
    return of_image(Image.fromarray(np.ascontiguousarray(row)), layout)
