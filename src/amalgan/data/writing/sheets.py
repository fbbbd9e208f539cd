"""Tables as text for spreadsheets, in which nothing that came from outside can act."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from amalgan.core.file_names import shown

FORMULA = ("=", "+", "-", "@")
"""A cell that begins so is a formula to a spreadsheet."""


def sheet(lines: Iterable[Sequence[Any]]) -> str:
    """CSV, a line a row; texts are made harmless, numbers stay as they are."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([in_cell(value) for value in line] for line in lines)
    return text.getvalue()


def in_table(value: float | str) -> str:
    """A number with nine digits, which give back every float32; text as ``in_cell`` has it."""
    return str(in_cell(value)) if isinstance(value, str) else f"{value:.9g}"


def in_cell(value: Any) -> Any:
    """Text as a table's cell: without control characters, and without what a spreadsheet would run."""
    if not isinstance(value, str):
        return value
    text = value if value.isprintable() else shown(value)
    return f"'{text}" if text.startswith(FORMULA) else text
