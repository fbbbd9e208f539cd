"""Strings as pictures: black letters on white, in lines of at most 32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LINE = 32
"""Letters of a line."""
HIGH, WIDE, EDGE = 13, 7, 3
"""Pixels of a line, of a letter, and around both."""
SIZE = 11


def drawn_strings(texts: Sequence[str], longest: int) -> NDArray[np.uint8]:
    """Pictures of strings, uint8 (N, H, W), all as large as one of ``longest`` letters needs."""
    lines = max(1, -(-longest // LINE))
    width, height = WIDE * min(LINE, max(longest, 4)) + 2 * EDGE, HIGH * lines + 2 * EDGE
    pictures = [one_string(text, width, height) for text in texts]
    return np.stack(pictures) if pictures else np.zeros((0, height, width), np.uint8)


def one_string(text: str, width: int, height: int) -> NDArray[np.uint8]:
    """The picture of one string, (height, width)."""
    picture = Image.new("L", (width, height), 255)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(SIZE)
    for at in range(0, len(text), LINE):
        top = EDGE + HIGH * (at // LINE)
        for place, letter in enumerate(text[at : at + LINE]):
            pen.text((EDGE + WIDE * place + WIDE / 2, top), letter, 0, font, anchor="ma")
    return np.asarray(picture)
