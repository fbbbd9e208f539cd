"""A label file given as the data: the pictures that it names, with what it says of them.

    labels.csv: file,label ─► paths from its own folder ─► pictures, and their rows

Files outside of that folder are read where links that leave a folder are, since a list is made of links. A picture that
is named and not there is bad, as one that cannot be decoded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from amalgan.core.errors import DataError
from amalgan.core.file_names import shown
from amalgan.data.decoding.formats import is_picture
from amalgan.data.readers.folders import Folder
from amalgan.data.readers.label_tables import csv_rows, file_column
from amalgan.data.readers.labels import MOST_BYTES
from amalgan.data.readers.sources import Row, file_key

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt")
BEGINNING = 1 << 16
"""Bytes that say whether a file names pictures."""


class Listing:
    """The pictures that a label file names."""

    ignored = 0

    def __init__(self, path: Path, folder: Folder, said: dict[bytes, Row]) -> None:
        self.name, self.key = shown(path.name), f"listing {file_key(path)} {folder.key}"
        self._folder, self._said = folder, said

    def __len__(self) -> int:
        return len(self._folder)

    def path(self, row: int) -> bytes:
        """Path from the folder that all of them lie in."""
        return self._folder.path(row)

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The picture's bytes, or the first ``limit``.

        Raises:
            BadPicture: it is not there, no regular file, or too large.
        """
        return self._folder.read(row, limit)

    def rows(self) -> list[Row]:
        """What the label file says of each picture."""
        return [self._said[self.path(row)] for row in range(len(self))]


def find(path: Path, *, follow_links: bool = False) -> Listing | None:
    """The pictures that a label file names; None where it does not speak of pictures.

    Raises:
        DataError: it is too large or damaged, none of its pictures is there, or some lie elsewhere.
    """
    if path.suffix.lower() not in ENDINGS or _rows(path, BEGINNING) is None:
        return None
    if path.stat().st_size > MOST_BYTES:
        raise DataError(
            f"{shown(path.name)} has more than {MOST_BYTES >> 20} MiB, the most of a label file. Split it."
        )
    column, rows = _rows(path, MOST_BYTES) or ("", [])
    own = os.path.realpath(path.parent)
    places = [os.path.join(own, str(row[column]).strip().replace("\\", "/")) for row in rows]
    resolved = cache(os.path.realpath)
    places = [os.path.join(resolved(os.path.dirname(place)), os.path.basename(place)) for place in places]
    if not any(map(os.path.exists, places)):
        raise DataError(
            f"{shown(path.name)} names {len(places):,} pictures, and none is there, as {shown(str(rows[0][column]))}. "
            "Names are paths from the folder of the label file; move it there."
        )
    root = _root(path, own, places, follow_links)
    said: dict[bytes, Row] = {}
    for place, row in zip(places, rows, strict=True):
        rest = {name: value for name, value in row.items() if name != column}
        said.setdefault(os.fsencode(os.path.relpath(place, root)), rest)
    return Listing(path, Folder(Path(root), said, follow_links=follow_links), said)


def _root(path: Path, own: str, places: list[str], follow_links: bool) -> str:
    """The folder that all of them lie in."""
    outside = [place for place in places if os.path.commonpath([own, place]) != own]
    if outside and not follow_links:
        raise DataError(
            f"{shown(path.name)} names {len(outside):,} files outside of its folder, as {shown(outside[0])}. "
            "Put it where the pictures are, or give --follow-links."
        )
    return os.path.commonpath([own, *map(os.path.dirname, places)]) if outside else own


def _rows(path: Path, most: int) -> tuple[str, list[Row]] | None:
    """The column that names pictures, and the rows that have it."""
    with path.open("rb") as file:
        data = file.read(most + 1)
    whole = len(data) <= most
    text = (data if whole else data[: data.rfind(b"\n") + 1]).decode("utf-8-sig", "replace")
    try:
        rows = _parsed(path, text)
    except (ValueError, RecursionError) as error:
        if not whole or path.suffix.lower() == ".txt":
            return None
        raise DataError(f"{shown(path.name)} is damaged: {shown(str(error))}. Write it again.") from error
    column = file_column(rows, _is_picture)
    return None if column is None else (column, [row for row in rows if row.get(column)])


def _parsed(path: Path, text: str) -> list[Row]:
    ending = path.suffix.lower()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if ending in (".jsonl", ".ndjson"):
        rows = map(json.loads, lines)
        return [row for row in rows if isinstance(row, dict)]
    if ending == ".txt":
        return list(_of_lines(lines))
    return csv_rows(text, _is_picture)


def _of_lines(lines: list[str]) -> Iterator[Row]:
    """A name a line, or a name and its class; names may hold spaces."""
    alone = all(map(_is_picture, lines))
    for line in lines:
        if alone:
            yield {"file": line}
        else:
            file, label = [*line.rsplit(maxsplit=1), ""][:2]
            yield {"file": file, "label": label}


def _is_picture(name: str) -> bool:
    return is_picture(name.encode("utf-8", "replace"))
