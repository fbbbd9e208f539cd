"""Strings out of texts and tables: lines of .txt files, a column of .csv, .tsv and Parquet.

    a.txt: a line each  ─┐                                          ┌─► String: text, class, split, name
    table: a column     ─┴─► StringData: how many, which classes ───┘       read twice: to count, then to store

Blank lines and empty cells are no strings. What is no UTF-8 is read as Latin-1. Control characters become spaces.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import shown
from amalgan.core.types import ANY
from amalgan.data.readers.path_labels import Places
from amalgan.data.readers.sources import Pictures

ENDING = b".txt"
COLUMNS = ("text", "string", "smiles", "sentence", "message", "content", "line", "name", "title")
"""What a column of strings is called where there are several."""
LABELS = ("label", "labels", "class")


class String(NamedTuple):
    """One string, as a source has it."""

    text: str
    label: str
    """Empty where it has none."""
    split: int
    name: str


@dataclass(frozen=True)
class StringData:
    """Strings that can be read several times, in one order."""

    strings: Callable[[], Iterator[String]]
    bad: Callable[[], Iterator[tuple[str, str]]] = lambda: iter(())
    """Names of what could not be read, and why."""
    names: tuple[str, ...] = ()
    """Of the column they are from."""


@runtime_checkable
class HoldsStrings(Protocol):
    """A source whose columns of strings can be read."""

    def strings(self, column: str | None, label: str | None) -> StringData: ...


def of_texts(source: Pictures) -> StringData:
    """The lines of the text files of a source; folders are classes and splits."""
    places = Places.of_examples(source)
    several = len(source) > 1
    read: dict[str, str] = {}

    def lines() -> Iterator[String]:
        for row in range(len(source)):
            path = source.path(row)
            split, label = places.place(path)
            try:
                found = decoded(source.read(row)).splitlines()
            except BadPicture as bad:
                read[shown(path)] = str(bad)
                continue
            start = f"{shown(path)}:" if several else ""
            for number, line in enumerate(found, 1):
                if text := cleaned(line):
                    yield String(text, label or "", split, f"{start}{number:06d}")

    return StringData(lines, lambda: iter(read.items()))


def of_table(rows: Callable[[], Iterator[tuple[str, str, str]]], names: tuple[str, ...] = ()) -> StringData:
    """The cells of a column: text, class, and the name of its row."""

    def strings() -> Iterator[String]:
        for cell, label, name in rows():
            if text := cleaned(cell):
                yield String(text, label.strip(), ANY, name)

    return StringData(strings, names=names)


def are_texts(source: Pictures) -> bool:
    """Whether every file of a source is a text."""
    return len(source) > 0 and all(source.path(row).lower().endswith(ENDING) for row in range(len(source)))


def decoded(data: bytes) -> str:
    """UTF-8, or Latin-1 where it is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def cleaned(text: str) -> str:
    """The string without spaces around it, and with spaces for control characters and line breaks."""
    if text.isprintable():
        return text.strip()
    plain = (" " if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs") else one for one in text)
    return "".join(plain).strip()


def chosen_column(
    name: str, columns: Sequence[str], numeric: Callable[[str], bool], asked: str | None, label: str | None
) -> str:
    """The column of strings: the one asked for, the one so called, or the only one that is no numbers.

    Raises:
        DataError: there is none, or several that are called otherwise.
    """
    if asked is not None:
        if asked not in columns:
            raise DataError(f"{name} has no column {shown(asked)!r}; it has {listed(columns)}.")
        return asked
    found = [one for one in columns if one != label and not numeric(one)]
    called = [one for key in COLUMNS for one in found if one.lower() == key] or found
    if not found:
        raise DataError(f"{name} has no column of strings; its columns are {listed(columns)}.")
    if len(found) > 1 and called is found:
        raise DataError(
            f"{name} has several columns of strings: {listed(found)}. Say which by --text-column."
        )
    return called[0]


def label_column(columns: Iterable[str], asked: str | None) -> str | None:
    """The column of classes: the one asked for, or one that is called so."""
    return asked if asked is not None else next((one for one in columns if one.lower() in LABELS), None)


def listed(names: Iterable[str]) -> str:
    """Names as a message has them."""
    return ", ".join(map(shown, names)) or "none"


def count_strings(data: StringData) -> tuple[int, list[str]]:
    """How many strings there are, and their classes in order."""
    classes: Counter[str] = Counter(string.label for string in data.strings())
    total = sum(classes.values())
    del classes[""]
    return total, sorted(classes)


def of_csv(path: Path, column: str | None, label: str | None) -> StringData:
    """A column of a .csv or .tsv file with a header."""
    from amalgan.data.readers.tables import header_of, rows_of

    name, header = shown(path.name), header_of(path)
    marked = label_column(header, label)
    first = next((cells for _, cells in rows_of(path)), [])
    numbers = {one for one, cell in zip(header, first, strict=False) if _is_number(cell)}
    chosen = chosen_column(name, header, numbers.__contains__, column, marked)
    at, mark = header.index(chosen), header.index(marked) if marked in header else None

    def rows() -> Iterator[tuple[str, str, str]]:
        for line, cells in rows_of(path):
            if len(cells) == len(header):
                yield cells[at], "" if mark is None else cells[mark], f"{line:06d}"

    return of_table(rows, (chosen,))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def of_parquet(opened: Any, name: str, column: str | None, label: str | None) -> StringData:
    """A column of an opened Parquet table, read a group of rows at a time."""
    columns = [field.name for field in opened.schema_arrow]
    texts = {field.name for field in opened.schema_arrow if "string" in str(field.type)}
    marked = label_column(columns, label)
    chosen = chosen_column(name, columns, lambda one: one not in texts, column, marked)
    wanted = [chosen, *([marked] if marked in columns and marked != chosen else [])]

    def rows() -> Iterator[tuple[str, str, str]]:
        row = 0
        for batch in opened.iter_batches(columns=wanted):
            table = batch.to_pydict()
            labels = table.get(marked) or [""] * len(table[chosen])
            for cell, mark in zip(table[chosen], labels, strict=True):
                yield str(cell or ""), "" if mark is None else str(mark), f"{row:08d}"
                row += 1

    return of_table(rows, (chosen,))
