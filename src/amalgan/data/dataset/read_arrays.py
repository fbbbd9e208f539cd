"""Copy a source of arrays into a store, block by block, resized where that is asked for."""

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
from amalgan.core.shards import Shard
from amalgan.data.dataset.store_writer import Begin, StoreWriter
from amalgan.data.dataset.survey import Survey
from amalgan.data.decoding.images import Picture, of_image
from amalgan.data.decoding.layout import Layout, Request, settle
from amalgan.data.decoding.ordered import Progress
from amalgan.data.decoding.ranges import Range, Values, choose_range, describe, eight_bits, values_of
from amalgan.data.readers.sources import ArrayData, Arrays, Block

ROUNDING = 1e-4
"""How far floats may lie outside of [0, 1]."""


def read_arrays(
    source: Arrays, request: Request, begin: Begin, shard: Shard, progress: Progress | None
) -> Iterator[None]:
    """Write a part of ``source`` to the store that ``begin`` gives, and yield after every block.

    Raises:
        DataError: the source is unreadable, or holds what no picture does.
    """
    data = source.open()
    scale = scale_of(source.name, data, request)
    layout = layout_of(data, request)
    shape, rows = layout.shape if layout else data.shape, shard.rows(data.count)
    skipped, skipped_at = list[tuple[str, str]](), list[int]()
    with closing(begin(shape, len(rows))) as writer:
        for block, origins, bad in parts_of(data, scale, rows):
            skipped.extend(block.bad.items())
            skipped_at.extend(bad.tolist())
            _append(writer, block, origins, layout)
            if progress is not None:
                progress(writer.count + len(skipped), len(rows))
            yield
        facts = {"skipped": skipped, "modes": {_mode(data): writer.count}, "classes": list(data.classes)}
        chosen = layout.chosen if layout else f"{shape[0]} numbers an example"
        more = {"range": list(scale.range or ()) if scale.kept else [], "told": scale.told}
        names = {"ignored": 0, "chosen": chosen, "names": list(data.names), "skipped_at": skipped_at}
        writer.finish(facts | names | more)


def parts_of(
    data: ArrayData, scale: Scale, rows: range
) -> Iterator[tuple[Block, NDArray[np.int64], NDArray[np.int64]]]:
    """The blocks of ``data`` in bytes, of each what is among ``rows`` of the source, and the rows of good and bad."""
    start = 0
    for block in in_bytes(data, scale.range):
        good, bad = block.origins(start)
        start += len(good) + len(bad)
        if start <= rows.start:
            continue
        inside, left = (within(found, rows) for found in (good, bad))
        names = list(block.bad.items())
        yield (
            replace(
                block,
                values=block.values[inside],
                labels=block.labels[inside],
                names=[block.names[at] for at in inside.tolist()],
                bad=dict(names[at] for at in left.tolist()),
                kept=None,
            ),
            good[inside],
            bad[left],
        )
        if start >= rows.stop:
            return


def within(found: NDArray[np.int64], rows: range) -> NDArray[np.int64]:
    """The places of those that are among ``rows``."""
    return np.flatnonzero((found >= rows.start) & (found < rows.stop))


class Scale(NamedTuple):
    """How the numbers of arrays of pictures become bytes."""

    range: Range | None = None
    kept: bool = False
    """It is of this data, and other data is to be read by it."""
    told: list[str] = []  # noqa: RUF012 - never written to


def scale_of(name: str, data: ArrayData, request: Request) -> Scale:
    """What is black and white in the data; nothing where it holds bytes already, or vectors.

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


def layout_of(data: ArrayData, request: Request) -> Layout | None:
    """What pictures become; None for vectors."""
    if len(data.shape) == 1:
        return None
    seen = Survey.of_arrays(data) if request.channels is None else Survey.nothing()
    return settle(request, np.array([data.shape[:2]]), seen.all_gray, seen.stored_in_color)


def _gray(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or shape[2] == 1


def _mode(data: ArrayData) -> str:
    if len(data.shape) == 1:
        return "array of numbers"
    return "gray array" if _gray(data.shape) else "color array"


def _append(writer: StoreWriter, block: Block, origins: NDArray[np.int64], layout: Layout | None) -> None:
    count, shape = len(block.values), block.values.shape[1:]
    pictures = [] if layout is None else [picture(row, layout) for row in block.values]
    writer.append(
        np.stack([one.pixels for one in pictures]) if pictures else block.values.reshape(-1, *writer.shape),
        labels=block.labels,
        splits=np.full(count, block.split),
        sizes=np.tile(np.array([(*shape, 1)[:2]], np.int32), (count, 1)),
        names=block.names,
        origins=origins,
        contents=None if layout is None else [one.content for one in pictures],
        views=None if layout is None else [one.view for one in pictures],
    )


def picture(row: NDArray[np.uint8], layout: Layout) -> Picture:
    """An array uint8 (H, W) or (H, W, 1 | 3 | 4) as a picture of the layout."""
    row = row[..., 0] if row.shape[2:] == (1,) else row
    return of_image(Image.fromarray(np.ascontiguousarray(row)), layout)
