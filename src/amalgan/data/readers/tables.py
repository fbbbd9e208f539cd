"""Tables of numbers in .csv and .tsv files, read row by row: the whole table is never in memory.

    height,weight,label      the header, if its cells are not all numbers: names of the entries
    1.82,79.5,a              a row is a vector; a column called label or class holds its class, empty if unlabeled
    1.67,,b                  left out, and named with line and column: every cell must be a finite number

Cells stand between commas, semicolons or tabs, whichever the first line has most of. A row is called by its line.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.core.file_names import shown
from amalgan.core.types import ANY, UNLABELED
from amalgan.data.readers.sources import ArrayData, Arrays, Block, file_key
from amalgan.data.readers.strings import of_csv

ENDINGS = (".csv", ".tsv")
BETWEEN = ",;\t"
LABELS = ("label", "labels", "class")
BLOCK, BLOCK_CELLS = 8192, 1 << 22
"""Rows, and cells, that are held at a time."""
LONGEST_LINE = 1 << 26
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 40
"""Characters of a cell that a message quotes."""


@dataclass(frozen=True)
class Table:
    """A table whose first line was read."""

    path: Path
    between: str
    header: tuple[str, ...]
    """As many as there are columns; empty texts where the file has no header."""
    start: int
    """Lines before the first row."""
    label: int | None
    """The column of classes."""

    @property
    def columns(self) -> list[int]:
        """Those that hold numbers."""
        return [at for at in range(len(self.header)) if at != self.label]

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called; nothing where the file does not say."""
        return tuple(shown(self.header[at]) for at in self.columns) if self.start else ()


def find(path: Path) -> Arrays:
    """The source of a table."""
    return Arrays(name=shown(path.name), key=f"table\n{file_key(path)}", open=lambda: _open(path))


def _open(path: Path) -> ArrayData:
    table = _begun(path)
    if not table.columns:
        raise DataError(f"{shown(path.name)} has no column of numbers; a row is a vector of at least one.")
    count, classes = 0, set[str]()
    for _, cells in _rows(table):
        count += 1
        if table.label is not None and len(cells) == len(table.header):
            classes.add(cells[table.label].strip())
    ordered = tuple(sorted(classes - {""}, key=_as_people_count))
    return ArrayData(
        count=count,
        shape=(len(table.columns),),
        classes=tuple(map(shown, ordered)),
        blocks=lambda: _blocks(table, ordered),
        names=table.names,
        strings=partial(of_csv, path) if table.start else None,
    )


def header_of(path: Path) -> list[str]:
    """The cells of the first line."""
    return list(_begun(path).header)


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row below the first line that is not blank."""
    return _rows(_begun(path))


def _begun(path: Path) -> Table:
    """The table of a file, by its first line."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline(LONGEST_LINE)
    if len(first) == LONGEST_LINE:
        raise DataError(
            f"the first line of {shown(path.name)} has more than {LONGEST_LINE:,} characters; a table has at most so "
            "many. Is it a table of numbers?"
        )
    between = max(BETWEEN, key=first.count)
    header = [cell.strip() for _, cells in _read(path, [first], between) for cell in cells]
    if not header:
        raise DataError(f"{shown(path.name)} is empty; a table begins with a header or a row of numbers.")
    if all(isinstance(_number(cell), float) for cell in header):
        return Table(path, between, ("",) * len(header), 0, None)
    _check_header(shown(path.name), header)
    label = next((at for at, name in enumerate(header) if name.lower() in LABELS), None)
    return Table(path, between, tuple(header), 1, label)


def _check_header(name: str, header: list[str]) -> None:
    if twice := sorted({column for column, times in Counter(header).items() if times > 1} - {""}):
        raise DataError(f"{name} has two columns {shown(twice[0])!r}; names must differ.")
    if "" in header:
        raise DataError(
            f"column {header.index('') + 1} of {name} has no name; "
            "name it, or leave it out if it only numbers the rows."
        )


def _rows(table: Table) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row that is not blank."""
    with table.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = _read(table.path, file, table.between)
        yield from ((line, cells) for line, cells in islice(lines, table.start, None) if cells)


def _read(path: Path, lines: Iterable[str], between: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=between)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(
            f"{shown(path.name)}, line {reader.line_num}: {error}. Save it as a table of numbers."
        ) from error


def _blocks(table: Table, classes: tuple[str, ...]) -> Iterator[Block]:
    number_of = {name: number for number, name in enumerate(classes)}
    rows = _rows(table)
    while part := list(islice(rows, max(1, min(BLOCK, BLOCK_CELLS // len(table.header))))):
        good, labels, names, bad = list[NDArray[np.float32]](), list[int](), list[str](), dict[str, str]()
        kept = np.ones(len(part), bool)
        for row, (line, cells) in enumerate(part):
            values = _vector(table, cells)
            if isinstance(values, str):
                bad[f"line {line}"], kept[row] = values, False
                continue
            label = "" if table.label is None else cells[table.label].strip()
            good.append(values)
            labels.append(number_of.get(label, UNLABELED))
            names.append(f"{line:06d}")
        values = np.stack(good) if good else np.zeros((0, len(table.columns)), np.float32)
        yield Block(
            values=values, labels=np.array(labels, np.int64), split=ANY, names=names, bad=bad, kept=kept
        )


def _vector(table: Table, cells: list[str]) -> NDArray[np.float32] | str:
    """The numbers of a row, or what is wrong with it."""
    if len(cells) != len(table.header):
        return f"has {len(cells)} cells; the first line has {len(table.header)}"
    found = [_number(cells[at].strip()) for at in table.columns]
    for at, value in zip(table.columns, found, strict=True):
        if isinstance(value, str):
            return (
                f"column {shown(table.header[at])!r} {value}" if table.start else f"column {at + 1} {value}"
            )
    return np.array(found, np.float32)


def _number(cell: str) -> float | str:
    """A cell as a number, or what it is instead."""
    if not cell:
        return "is empty"
    try:
        value = float(cell) if "_" not in cell else None
    except ValueError:
        value = None
    if value is None:
        return f"holds {shown(cell[:SHOWN])!r}, which is no number"
    if not -LARGEST <= value <= LARGEST:
        return f"holds {shown(cell[:SHOWN])!r}, which is not finite"
    return value


def _as_people_count(name: str) -> tuple[int, float, str]:
    """Numbers first, in their order."""
    value = _number(name)
    return (0, value, name) if isinstance(value, float) else (1, 0.0, name)
