"""A Parquet table of encoded pictures, as the hub of Hugging Face keeps data sets: read by row groups.

    image: struct {bytes, path}, or bytes ─► pictures, called by the numbers of their rows
    label, split, ... : other columns ─────► their classes and splits, as those of a label file

The library ``pyarrow`` reads it. A row group is decompressed as a whole, so what it declares is bounded before it is;
values that repeat stay one value. The last groups that were read are kept, since rows are asked for nearly in order.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import Any

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import shown
from amalgan.data.readers.extras import first_line, needed
from amalgan.data.readers.folders import MOST_FILE_BYTES
from amalgan.data.readers.sources import Row, file_key
from amalgan.data.readers.strings import StringData, of_parquet

MAGIC = b"PAR1"
IMAGES = ("image", "img", "picture", "photo", "pixels", "bytes", "image_bytes")
"""What a column of pictures is called where there are several of bytes."""
MOST_GROUP = 1 << 30
"""Bytes that a row group of pictures may hold."""
KEPT = 1 << 28
"""Bytes of groups that are kept beside the one in use."""
MOST_COLUMN = 1 << 26
"""Bytes of a column beside the pictures in a row group; a longer one is no column of classes."""


class Parquet:
    """The pictures in a Parquet table."""

    ignored = 0
    around = b""

    def __init__(self, path: Path) -> None:
        self.file, self.name, self.key = path, shown(path.name), f"parquet {file_key(path)}"
        self._library = needed("pyarrow.parquet", "parquet", f"{self.name} is a Parquet table: it")
        self._lock, self._groups = Lock(), OrderedDict[int, Any]()

    @cached_property
    def _opened(self) -> Any:
        with _damage_named(self.name):
            plain = self._library.ParquetFile(self.file)
            self.column, leaf = _pictures(plain, self.name)
            return self._library.ParquetFile(self.file, read_dictionary=[leaf])

    @cached_property
    def ends(self) -> list[int]:
        """The number of rows up to the end of each group."""
        facts = self._opened.metadata
        return list(accumulate(facts.row_group(group).num_rows for group in range(facts.num_row_groups)))

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def path(self, row: int) -> bytes:
        """The number of a row."""
        return b"%08d" % row

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The picture's bytes, or the first ``limit``.

        Raises:
            BadPicture: the row holds none, or its group is damaged or too large.
        """
        group = bisect_right(self.ends, row)
        found = self._group(group)[row - (self.ends[group - 1] if group else 0)].as_py()
        if isinstance(found, dict):
            if not found.get("bytes") and found.get("path"):
                raise BadPicture("holds the path of a picture, not its bytes. Write the bytes into the table")
            found = found.get("bytes")
        if not found:
            raise BadPicture("is empty")
        if len(found) > MOST_FILE_BYTES:
            raise BadPicture(
                f"has {len(found) >> 20} MiB; the most is {MOST_FILE_BYTES >> 20}. Scale it down"
            )
        return bytes(found[:limit])

    def _group(self, group: int) -> Any:
        """The pictures of a row group."""
        with self._lock:
            if group not in self._groups:
                self._groups[group] = self._decompressed(group)
                while len(self._groups) > 1 and sum(one.nbytes for one in self._groups.values()) > KEPT:
                    self._groups.popitem(last=False)
            self._groups.move_to_end(group)
            return self._groups[group]

    def _decompressed(self, group: int) -> Any:
        if (size := _sizes(self._opened.metadata.row_group(group)).get(self.column, 0)) > MOST_GROUP:
            raise BadPicture(
                f"lies in a row group of {size >> 20} MiB; the most is {MOST_GROUP >> 20}. "
                "Write the table with smaller row groups"
            )
        try:
            return self._opened.read_row_group(group, columns=[self.column], use_threads=False).column(0)
        except (OSError, ValueError, MemoryError) as error:
            raise BadPicture(
                f"lies in a damaged row group ({first_line(error)}). Write the table again"
            ) from error

    def strings(self, column: str | None, label: str | None) -> StringData:
        """A column of strings, for those who ask for no pictures."""
        with _damage_named(self.name):
            return of_parquet(self._library.ParquetFile(self.file), self.name, column, label)

    def rows(self) -> list[Row]:
        """The other columns of plain values, classes by their names."""
        opened = self._opened
        names = [
            field.name for field in opened.schema_arrow if field.name != self.column and _is_plain(field.type)
        ]
        groups = (opened.metadata.row_group(group) for group in range(len(self.ends)))
        large = {name for facts in groups for name, size in _sizes(facts).items() if size > MOST_COLUMN}
        with _damage_named(self.name):
            table = opened.read(columns=[name for name in names if name not in large], use_threads=False)
        columns = {name: _named(table[name].to_pylist(), opened, name) for name in table.column_names}
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@contextmanager
def _damage_named(name: str) -> Iterator[None]:
    """Turn what the library raises into an error that names the table."""
    try:
        yield
    except (OSError, ValueError, MemoryError, KeyError) as error:
        raise DataError(
            f"{name} is a damaged Parquet table: {first_line(error)}. Write or download it again."
        ) from error


def _sizes(group: Any) -> dict[str, int]:
    """Bytes that each column of a row group declares, decompressed."""
    found: dict[str, int] = {}
    for at in range(group.num_columns):
        column = group.column(at)
        name = column.path_in_schema.partition(".")[0]
        found[name] = found.get(name, 0) + max(column.total_uncompressed_size, column.total_compressed_size)
    return found


def _pictures(opened: Any, name: str) -> tuple[str, str]:
    """The column of pictures, and where its bytes lie."""
    leaves = {field.name: leaf for field in opened.schema_arrow if (leaf := _leaf(field))}
    called = [one for key in IMAGES for one in leaves if one.lower() == key] or list(leaves)
    if not leaves:
        columns = ", ".join(shown(field.name) for field in opened.schema_arrow) or "none"
        raise DataError(
            f"{name} has no column of pictures; its columns are {columns}. Pictures are encoded files: bytes, or a "
            "struct of bytes and path. Write numbers as a .csv."
        )
    if len(leaves) > 1 and called == list(leaves) and called[0].lower() not in IMAGES:
        raise DataError(
            f"{name} has several columns of bytes: {', '.join(map(shown, leaves))}. Call the pictures image."
        )
    return called[0], leaves[called[0]]


def _leaf(field: Any) -> str | None:
    """Where the bytes of a column lie; None where it holds none."""
    kind = str(field.type)
    if kind in ("binary", "large_binary"):
        return str(field.name)
    inner = {one.name: str(one.type) for one in field.type} if kind.startswith("struct<") else {}
    return f"{field.name}.bytes" if inner.get("bytes") in ("binary", "large_binary") else None


def _is_plain(kind: Any) -> bool:
    """Whether values are numbers or texts."""
    text = str(kind)
    return text.startswith(
        ("int", "uint", "float", "double", "bool", "string", "large_string", "dictionary<values=string")
    )


def _named(values: list[Any], opened: Any, column: str) -> list[Any]:
    """Classes by their names, where the table says them as the library ``datasets`` does."""
    said = (opened.schema_arrow.metadata or {}).get(b"huggingface")
    names = None
    if said is not None:
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            names = json.loads(said)["info"]["features"][column]["names"]
    if not isinstance(names, list):
        return values
    known = range(len(names))
    return [names[value] if isinstance(value, int) and value in known else None for value in values]
