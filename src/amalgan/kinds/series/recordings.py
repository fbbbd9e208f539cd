"""Recordings: long tables and arrays of steps, read as streams.

    time (s), pressure (kPa), flow, label      a row a step; a column may hold the time, one the class, and one, called
    0.00, 101.2, 3.1, rest                     series or recording, which of several recordings the row is of
    0.01, , 3.0, rest                          an empty cell, or one that is no number, is missing: NaN

.csv .tsv .txt ─► Table ─┐
.parquet ──────► Table ─┼─► Rows, 8,192 at a time: values float32 (n, C), time float64 (n,) in seconds, class, series
.npy (T, C) or (T,) ────┘
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import TextIOWrapper
from itertools import islice
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.data.readers.extras import first_line, needed
from amalgan.data.readers.tables import LABELS

BLOCK = 8192
"""Rows that are held at a time."""
ASKED = 256
"""Rows by which a column of text is told from one of numbers."""
TIMES, SERIES = ("time", "timestamp", "datetime", "date", "t"), ("series", "recording")
UNIT = re.compile(r"\s*(.*?)\s*[(\[]([^)\]]*)[)\]]\s*")
BETWEEN = ",;\t"
ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".npy")
Open = Callable[[], IO[bytes]]


class Rows(NamedTuple):
    """Some steps that follow one another."""

    values: NDArray[np.float32]
    """(n, C); NaN where one is missing."""
    time: NDArray[np.float64] | None
    """(n,), in the unit of the table, or in seconds for dates; NaN where it is unreadable."""
    label: list[str] | None
    series: list[str] | None


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the columns of a table are."""

    columns: tuple[str, ...]
    channels: tuple[int, ...]
    time: int | None = None
    label: int | None = None
    series: int | None = None
    text: tuple[str, ...] = ()
    """Columns of text, which are left out."""
    named: bool = True
    dates: bool = False
    """The time is a date."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the channels, without units; empty where the file has no header."""
        return tuple(shown(parted(self.columns[at])[0]) for at in self.channels) if self.named else ()

    @property
    def units(self) -> list[str]:
        """Of the channels."""
        return [shown(parted(self.columns[at])[1]) for at in self.channels]

    @property
    def time_unit(self) -> str:
        """Of the time; seconds where the table does not say."""
        return "" if self.time is None else shown(parted(self.columns[self.time])[1]) or "s"


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A file of steps, its first lines read."""

    name: str
    form: Form
    rows: Callable[[], Iterator[Rows]]
    split: int = 0
    label: str | None = None


def parted(column: str) -> tuple[str, str]:
    """Name and unit of a column."""
    found = UNIT.fullmatch(column)
    return (found[1], found[2]) if found else (column.strip(), "")


def recording(name: str, ending: str, open_file: Open, time_column: str | None) -> Recording:
    """The recording in a file.

    Raises:
        BadPicture: it is damaged, or holds no channel of numbers.
    """
    try:
        if ending == ".npy":
            return of_array(name, np.load(open_file(), allow_pickle=False))
        if ending == ".parquet":
            return of_parquet(name, open_file, time_column)
        return of_text(name, open_file, time_column)
    except (OSError, ValueError, csv.Error) as error:
        raise BadPicture(f"is no readable recording: {first_line(error)}. Save it again") from error


def of_array(name: str, values: NDArray[Any]) -> Recording:
    """Steps (T, C) or (T,) in memory."""
    if values.dtype.kind not in "buif" or len(values.shape) not in (1, 2):
        raise BadPicture(
            f"holds {values.dtype} of shape {values.shape}; a recording is numbers, (T, C) or (T,)"
        )
    steps = values.reshape(len(values), -1)

    def rows() -> Iterator[Rows]:
        for start in range(0, len(steps), BLOCK):
            yield Rows(finite_or_nan(steps[start : start + BLOCK]), None, None, None)

    channels = tuple(range(steps.shape[1]))
    return Recording(
        name=name, form=Form(columns=("",) * len(channels), channels=channels, named=False), rows=rows
    )


def of_text(name: str, open_file: Open, time_column: str | None) -> Recording:
    """A table of text."""
    with open_file() as file:
        first, second = (file.readline(1 << 20).decode("utf-8-sig", "replace") for _ in range(2))
    between = separator(first, second)

    def lines(skip: int) -> Iterator[list[str]]:
        with open_file() as raw, TextIOWrapper(raw, "utf-8-sig", "replace", newline="") as text:
            cells = csv.reader(text, delimiter=between) if between else (line.split() for line in text)
            yield from islice((row for row in cells if row), skip, None)

    head = next(lines(0), [])
    is_named = any(np.isnan(number(cell)) and cell.strip() for cell in head)
    columns = tuple(cell.strip() for cell in head) if is_named else ("",) * len(head)
    sample = list(islice(lines(int(is_named)), ASKED))
    text = {at for at in range(len(columns)) if is_text([row[at] for row in sample if at < len(row)])}
    form = form_of(columns, text, time_column, named=is_named)
    form = replace(form, dates=form.time in text)

    def rows() -> Iterator[Rows]:
        cells = lines(int(is_named))
        while block := list(islice(cells, BLOCK)):
            yield rows_of(form, [[*row, *[""] * (len(columns) - len(row))] for row in block])

    return Recording(name=name, form=form, rows=rows)


def separator(first: str, second: str) -> str | None:
    """What stands between cells, by the first two lines; None for spaces."""
    if any(one in first for one in BETWEEN):
        return max(BETWEEN, key=first.count)
    return None if len(second.split()) > 1 else ","


def rows_of(form: Form, cells: Sequence[Sequence[str]]) -> Rows:
    """Lines of cells as numbers."""
    values = np.array([numbers([row[at] for row in cells]) for at in form.channels]).T
    time = None if form.time is None else stamps([row[form.time] for row in cells])
    label, series = (
        None if at is None else [row[at].strip() for row in cells] for at in (form.label, form.series)
    )
    return Rows(finite_or_nan(values), time, label, series)


def of_parquet(name: str, open_file: Open, time_column: str | None) -> Recording:
    """A Parquet table."""
    library = needed("pyarrow.parquet", "parquet", f"{name} is a Parquet table: it")
    with open_file() as file:
        schema = library.ParquetFile(file).schema_arrow
    columns, kinds = tuple(schema.names), [str(kind) for kind in schema.types]
    text = {
        at for at, kind in enumerate(kinds) if not kind.startswith(("int", "uint", "float", "double", "bool"))
    }
    form = form_of(columns, text, time_column, named=True)
    form = replace(form, dates=form.time in text)

    def rows() -> Iterator[Rows]:
        with open_file() as file:
            for batch in library.ParquetFile(file).iter_batches(BLOCK):
                yield rows_of_batch(form, [batch.column(at) for at in range(batch.num_columns)])

    return Recording(name=name, form=form, rows=rows)


def rows_of_batch(form: Form, columns: list[Any]) -> Rows:
    """The columns of a batch as numbers."""
    values = np.stack(
        [np.asarray(columns[at].cast("float64").to_numpy(zero_copy_only=False)) for at in form.channels]
    )
    time = None if form.time is None else stamps([str(value) for value in columns[form.time].to_pylist()])
    label, series = (
        None if at is None else ["" if one is None else str(one) for one in columns[at].to_pylist()]
        for at in (form.label, form.series)
    )
    return Rows(finite_or_nan(values.T), time, label, series)


def form_of(columns: tuple[str, ...], text: set[int], time_column: str | None, *, named: bool) -> Form:
    """What the columns are, by their names; those in ``text`` hold no numbers.

    Raises:
        BadPicture: there is no channel, or no column of the name that was asked for.
    """
    names = [parted(column)[0].lower() for column in columns]
    time = next((at for at, name in enumerate(names) if name in TIMES), None)
    if time_column is not None:
        time = next(
            (at for at, column in enumerate(columns) if time_column in (column, parted(column)[0])), None
        )
        if time is None:
            raise BadPicture(
                f"has no column {time_column!r} (--time-column); it has {', '.join(map(shown, columns))}"
            )
    label, series = (
        next((at for at, name in enumerate(names) if name in known), None) for known in (LABELS, SERIES)
    )
    channels = tuple(at for at in range(len(columns)) if at not in {time, label, series} | text)
    if not channels:
        raise BadPicture("has no column of numbers beside time and class")
    left = tuple(shown(columns[at]) for at in sorted(text - {time, label, series}) if at is not None)
    return Form(
        columns=columns, channels=channels, time=time, label=label, series=series, text=left, named=named
    )


def is_text(cells: list[str]) -> bool:
    """Whether a column holds something, and no number."""
    held = [cell for cell in cells if cell.strip()]
    return bool(held) and all(np.isnan(number(cell)) and cell.strip().lower() != "nan" for cell in held)


def numbers(cells: list[str]) -> NDArray[np.float64]:
    """Cells as numbers; NaN for what is none."""
    try:
        return np.array(cells, np.str_).astype(np.float64)
    except ValueError:
        return np.array([number(cell) for cell in cells])


def number(cell: str) -> float:
    """A cell as a number; NaN for what is none."""
    try:
        return float(cell) if "_" not in cell else np.nan
    except ValueError:
        return np.nan


def stamps(cells: list[str]) -> NDArray[np.float64]:
    """Times as numbers, or dates in seconds; NaN for what is neither."""
    found = numbers(cells)
    if not np.isnan(found).any():
        return found
    return np.array(
        [second(cell) if np.isnan(value) else value for cell, value in zip(cells, found, strict=True)]
    )


def second(cell: str) -> float:
    """A date in seconds since 1970; those that name no zone are in UTC."""
    try:
        found = datetime.fromisoformat(cell.strip().replace("/", "-"))
    except ValueError:
        return np.nan
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def finite_or_nan(values: NDArray[Any]) -> NDArray[np.float32]:
    """float32, with NaN for what is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = values.astype(np.float32)
    found[~np.isfinite(found)] = np.nan
    return found
