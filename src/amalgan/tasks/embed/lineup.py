"""Queries and what is most like each, as one picture.

query │ nearest, second, third ...          in frames of their classes' colors, the distance below
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from PIL import Image, ImageDraw
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.core.files import write_changed
from amalgan.core.types import UNLABELED
from amalgan.data import Records, png_bytes
from amalgan.kinds import kind_of, text_of
from amalgan.tasks.embed.map import FAINT, FRAME, INK, PAPER, RULE, Color, color_of, font, thumbnail

SIDE, GAP, CAPTION, MARGIN, APART = 96, 12, 22, 20, 34
"""Pixels: of a picture, between them, below them, around all, and between a query and its neighbors."""
MOST = 24
"""Queries that are shown."""


def lineup(
    target: Path,
    query: Records,
    records: Records,
    row: Int[Tensor, "Q k"],
    distance: Float[Tensor, "Q k"],
) -> bool:
    """Write the first queries beside their nearest ``records`` as a PNG; whether it did not hold that already.

    Raises:
        UsageError: these are no pictures.
    """
    if kind_of(query.spec).refuses("drawing"):
        raise UsageError(
            f"a sheet shows pictures; this model reads {text_of(query.spec)}. Leave out --sheet."
        )
    count, across = min(MOST, len(query)), row.shape[1]
    left = MARGIN + cell() + APART
    size = (
        left + across * (cell() + GAP) - GAP + MARGIN,
        2 * MARGIN + count * (cell() + CAPTION + GAP) - GAP,
    )
    paper = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(paper)
    for line in range(count):
        top = MARGIN + line * (cell() + CAPTION + GAP)
        hang(paper, pen, query, line, (MARGIN, top), "query", INK)
        for place in range(across):
            corner = (left + place * (cell() + GAP), top)
            hang(
                paper,
                pen,
                records,
                int(row[line, place]),
                corner,
                f"{float(distance[line, place]):.3f}",
                FAINT,
            )
    between = left - APART // 2 - GAP // 2
    pen.line((between, MARGIN, between, size[1] - MARGIN), RULE)
    return write_changed(target, png_bytes(np.asarray(paper)))


def cell() -> int:
    """Pixels of a picture with its frame."""
    return SIDE + 2 * FRAME


def hang(
    paper: Image.Image,
    pen: ImageDraw.ImageDraw,
    records: Records,
    row: int,
    corner: tuple[int, int],
    caption: str,
    ink: Color,
) -> None:
    """One picture in the middle of its cell, with a caption."""
    label = int(records.labels[row])
    framed = thumbnail(records, row, SIDE, RULE if label == UNLABELED else color_of(label))
    place = [corner[axis] + (cell() - framed.size[axis]) // 2 for axis in (0, 1)]
    paper.paste(framed, (place[0], place[1]))
    pen.text((corner[0] + cell() / 2, corner[1] + cell() + 4), caption, ink, font(13), anchor="mt")
