"""Tables of text and numbers out and in again, as .npz or .parquet, a block of rows at a time.

name, Column ─┬─► x.npz       an array each; the stamp is the archive's comment
              └─► x.parquet   a column each, rows of numbers as lists of one length; the stamp is in the schema
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import FileError, UsageError
from amalgan.core.file_names import describe_ending
from amalgan.core.files import inode, replacing
from amalgan.data.writing.npz import UNNAMED, Column, stamp_of, write_npz

GROUP_ROWS = 8192
"""Rows of Parquet that are made ready at a time."""
STAMP = b"amalgan"
ENDINGS = (".npz", ".parquet")


def check_columns_out(target: Path, what: str) -> None:
    """Refuse what columns cannot be written to.

    Raises:
        UsageError: another ending, or Parquet without pyarrow.
    """
    if target.suffix.lower() not in ENDINGS:
        raise UsageError(f"{target} {describe_ending(target)}; {what} go to .npz or .parquet.")
    if target.suffix.lower() == ".parquet" and find_spec("pyarrow") is None:
        raise UsageError(
            f"{target} needs pyarrow, which is not installed. Run: pip install 'amalgan[parquet]', or write an .npz."
        )


def write_columns(target: Path, columns: Mapping[str, Column], stamp: str = UNNAMED) -> bool:
    """Write ``columns``, which have as many rows each; whether ``target`` did not hold just that already.

    Raises:
        FileError: the file cannot be written.
    """
    if target.suffix.lower() == ".npz":
        return write_npz(target, columns, stamp)
    return write_parquet(target, columns, stamp)


def write_parquet(target: Path, columns: Mapping[str, Column], stamp: str) -> bool:
    """The same as Parquet."""
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    fields = [(name, arrow_type(arrow, column)) for name, column in columns.items()]
    schema = arrow.schema(fields, {STAMP: stamp.encode()})
    before = inode(target)
    with (
        replacing(target, unless_same=True) as part,
        parquet.ParquetWriter(str(part), schema) as file,
    ):
        groups = [regrouped(column.blocks, GROUP_ROWS) for column in columns.values()]
        for blocks in zip(*groups, strict=True):
            arrays = [
                arrow_array(arrow, block, kind) for block, (_, kind) in zip(blocks, fields, strict=True)
            ]
            file.write_table(arrow.table(arrays, schema))
    return inode(target) != before


def arrow_type(arrow: Any, column: Column) -> Any:
    """What a column is in Parquet: text, numbers, or lists of numbers of one length."""
    dtype = np.dtype(column.dtype)
    if dtype.kind == "U":
        return arrow.string()
    plain = arrow.from_numpy_dtype(dtype)
    return arrow.list_(plain, column.shape[1]) if len(column.shape) == 2 else plain


def arrow_array(arrow: Any, block: NDArray[Any], kind: Any) -> Any:
    """Some rows of a column."""
    if block.ndim == 2:
        return arrow.FixedSizeListArray.from_arrays(arrow.array(block.reshape(-1)), block.shape[1])
    return arrow.array(block.tolist() if block.dtype.kind == "U" else block, kind)


def regrouped(blocks: Iterable[NDArray[Any]], rows: int) -> Iterator[NDArray[Any]]:
    """The same rows, ``rows`` at a time."""
    held: list[NDArray[Any]] = []
    for block in blocks:
        held.append(block)
        while sum(map(len, held)) >= rows:
            whole = np.concatenate(held)
            yield whole[:rows]
            held = [whole[rows:]]
    if sum(map(len, held)):
        yield np.concatenate(held)


@dataclass(frozen=True, eq=False)
class Table:
    """Columns that were read."""

    columns: dict[str, NDArray[Any]]
    stamp: str

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0


def stamp_at(place: Path) -> str:
    """The stamp of a file of columns; nothing where there is none, or no such file."""
    return stamp_of(place) if place.suffix.lower() == ".npz" else parquet_stamp(place)


def read_columns(place: Path, names: Sequence[str] | None = None) -> Table:
    """What ``write_columns`` wrote, or the columns of these ``names``.

    Raises:
        FileError: it is no such file, or damaged.
    """
    try:
        if place.suffix.lower() == ".npz":
            with np.load(place, allow_pickle=False) as found:
                return Table({name: found[name] for name in names or found.files}, stamp_of(place))
        return read_parquet(place, names)
    except (OSError, ValueError, KeyError, EOFError, ImportError) as error:
        raise FileError(f"cannot read {place}: {error}. Give a file that amalgan has written.") from error


def read_parquet(place: Path, names: Sequence[str] | None) -> Table:
    """The same of Parquet."""
    table = import_module("pyarrow.parquet").read_table(str(place), columns=names and [*names])
    stamp = (table.schema.metadata or {}).get(STAMP, b"").decode(errors="replace")
    return Table({name: values_of(table[name]) for name in table.column_names}, stamp)


def values_of(column: Any) -> NDArray[Any]:
    """A column of Parquet as an array."""
    kind = str(column.type)
    if kind.startswith("string"):
        return np.array(column.to_pylist(), np.str_)
    if kind.startswith("fixed_size_list"):
        flat = [chunk.flatten().to_numpy() for chunk in column.chunks]
        empty = np.zeros(0, column.type.value_type.to_pandas_dtype())
        return np.concatenate([empty, *flat]).reshape(-1, column.type.list_size)
    return np.asarray(column.to_numpy())


def parquet_stamp(place: Path) -> str:
    """The stamp of a Parquet file; nothing where there is none, or no such file."""
    with suppress(OSError, ValueError, ImportError):
        found = import_module("pyarrow.parquet").read_schema(str(place)).metadata or {}
        return str(found.get(STAMP, b"").decode(errors="replace"))
    return ""
