"""Sheets of examples, as PNG within the page.

pixels uint8 (N, H, W[, 3]) ─► a sheet at their own size, one transparent pixel between ─► data: URI

The page scales a sheet by a whole number without smoothing, so that every pixel is seen as it is.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from amalgan.data.writing.picture_arrays import are_gray

GAP = 1
SIDE = 48
"""Pixels of the screen that a picture should be wide, about,"""
FULL = 1060
"""a sheet at most, where it has the page to itself,"""
ROW = 960
"""and a row, which has a word beside it."""


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows."""

    uri: str
    alt: str
    width: int
    """Of the file, in pixels."""
    height: int
    times: int
    """How many pixels of the screen one pixel takes."""


def sheet(pixels: NDArray[Any], alt: str, *, across: int, most: int) -> Sheet:
    """At most ``most`` pictures in full rows that are ``across`` pixels of the screen wide."""
    columns = min(len(pixels), most, count_across(pixels, across))
    rows = min(len(pixels), most) // columns
    return of_rows([pixels[row * columns : (row + 1) * columns] for row in range(rows)], alt)


def row(pixels: NDArray[Any], alt: str, *, most: int) -> Sheet:
    """The first pictures side by side, as many as stand beside a word."""
    return of_rows([pixels[: min(most, count_across(pixels, ROW))]], alt)


def count_across(pixels: NDArray[Any], across: int) -> int:
    """How many pictures stand side by side on so many pixels of the screen; at least one."""
    return max(1, (across // scale_of(pixels) + GAP) // (pixels.shape[2] + GAP))


def scale_of(pixels: NDArray[Any]) -> int:
    """The whole number that brings pictures nearest to their width on the screen."""
    return max(1, int(SIDE / pixels.shape[2] + 0.5))


def of_rows(rows: Sequence[NDArray[Any]], alt: str) -> Sheet:
    """Given rows of pictures, which all are of one size; ``alt`` follows their number."""
    height, width = rows[0].shape[1:3]
    columns = max(map(len, rows))
    size = (columns * (width + GAP) - GAP, len(rows) * (height + GAP) - GAP)
    paper = Image.new("LA" if are_gray(rows[0]) else "RGBA", size)
    for down, line in enumerate(rows):
        for right, picture in enumerate(line):
            paper.paste(Image.fromarray(picture), (right * (width + GAP), down * (height + GAP)))
    return Sheet(png_uri(paper), f"{sum(map(len, rows))} {alt}", *size, scale_of(rows[0]))


def png_uri(image: Image.Image) -> str:
    """The picture as a ``data:`` URI."""
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(stream.getvalue()).decode()}"
