"""One picture out of many: rows of pictures under captions, on white, drawn with Pillow alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from amalgan.core import files
from amalgan.data import png_bytes

WIDTH = 1200
MARGIN = 40
GAP = 8
INK = (28, 32, 40)
PALE = (110, 118, 130)


@dataclass
class Poster:
    """Sections from top to bottom; each is a caption and rows of pictures."""

    sections: list[Image.Image] = field(default_factory=list)

    def title(self, text: str, below: str) -> None:
        """A large line and a small one."""
        band = Image.new("RGB", (WIDTH, 96), "white")
        draw = ImageDraw.Draw(band)
        draw.text((MARGIN, 22), text, INK, ImageFont.load_default(34))
        draw.text((MARGIN, 66), below, PALE, ImageFont.load_default(17))
        self.sections.append(band)

    def rows(self, caption: str, rows: Sequence[Sequence[Image.Image]], *, names: Sequence[str] = ()) -> None:
        """Rows of pictures, each row scaled to the poster's width, with a name above each column."""
        bands = [row_of(row) for row in rows]
        head = caption_band(caption)
        if names:
            bands.insert(0, names_band(names, len(rows[0])))
        section = Image.new("RGB", (WIDTH, head.height + sum(b.height + GAP for b in bands) + 14), "white")
        at = 0
        for band in [head, *bands]:
            section.paste(band, (0, at))
            at += band.height + GAP * (band is not head)
        self.sections.append(section)

    def save(self, target: Path) -> None:
        """Write the poster as a PNG."""
        sheet = Image.new("RGB", (WIDTH, sum(part.height for part in self.sections) + MARGIN), "white")
        at = 0
        for part in self.sections:
            sheet.paste(part, (0, at))
            at += part.height
        files.write_bytes(target, png_bytes(np.asarray(sheet)))


def caption_band(text: str) -> Image.Image:
    """A section's caption; its first sentence is dark."""
    band = Image.new("RGB", (WIDTH, 44), "white")
    first, _, rest = text.partition(" — ")
    draw, font = ImageDraw.Draw(band), ImageFont.load_default(19)
    draw.text((MARGIN, 14), first, INK, font)
    draw.text((MARGIN + draw.textlength(first, font) + 12, 14), rest, PALE, font)
    return band


def names_band(names: Sequence[str], columns: int) -> Image.Image:
    """A name above each column."""
    band = Image.new("RGB", (WIDTH, 22), "white")
    draw, step = ImageDraw.Draw(band), (WIDTH - 2 * MARGIN + GAP) / columns
    for at, name in enumerate(names):
        draw.text(
            (MARGIN + at * step + (step - GAP) / 2, 2), name, PALE, ImageFont.load_default(15), anchor="ma"
        )
    return band


def row_of(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures side by side over the poster's width, small ones drawn smoothly larger."""
    side = (WIDTH - 2 * MARGIN + GAP) // len(pictures) - GAP
    height = max(round(picture.height * side / picture.width) for picture in pictures)
    band = Image.new("RGB", (WIDTH, height), "white")
    for at, picture in enumerate(pictures):
        size = (side, round(picture.height * side / picture.width))
        band.paste(
            picture.convert("RGB").resize(size, Image.Resampling.BICUBIC), (MARGIN + at * (side + GAP), 0)
        )
    return band
