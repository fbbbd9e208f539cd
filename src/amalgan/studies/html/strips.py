"""Rows of pictures under a line of words, both scaled together by the page.

rows of pixels (N, H, W[, 3]), a word for each column ─► Strip: a sheet, and where each word stands above it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from amalgan.studies.html.pictures import GAP, Sheet, of_rows

LINE = 18
"""Height of the words, in pixels of the screen."""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A sheet with its words."""

    sheet: Sheet
    words: list[tuple[float, str]]
    """Where the middle of each stands, in pixels of the screen, and what it says."""
    line: int = LINE

    @property
    def width(self) -> int:
        """Of both, in pixels of the screen."""
        return self.sheet.width * self.sheet.times


def strip(rows: Sequence[NDArray[Any]], words: Sequence[str], alt: str) -> Strip:
    """Rows of as many pictures as there are words; ``alt`` follows their number."""
    sheet = of_rows(rows, alt)
    step = (rows[0].shape[2] + GAP) * sheet.times
    places = [(column + 0.5) * step - GAP * sheet.times / 2 for column in range(len(words))]
    return Strip(sheet=sheet, words=list(zip(places, words, strict=True)))
