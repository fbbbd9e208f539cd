"""Arrays in .npy and .npz files, read block by block: the whole array is never in memory.

    x | images | series | arr_0, or the only   [y | label | labels]       ─► no split of its own
    x_train x_val x_test                       [y_train y_val y_test]     ─► splits

Pictures: (N, H, W) or (N, H, W, 1 | 3 | 4), uint8, bool, 16-bit (scaled), other integers within 0..255, floats in
[0, 1], or any numbers with a range that says what is black and white. Vectors: (N, D), any real numbers. A row
with NaN is left out and named. Labels: (N,) integers (negative: unlabeled) or text. Nothing is unpickled: an
array of Python objects is refused.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.core.file_names import shown
from amalgan.core.types import ANY, TEST, TRAIN, VALIDATION
from amalgan.data.readers.array_labels import LONGEST_LABEL, Labels, text_of
from amalgan.data.readers.sources import ArrayData, Arrays, Block, file_key, unlabeled

X_NAMES, Y_NAMES = ("x", "images", "arr_0", "series"), ("y", "label", "labels")
SPLITS = {"train": TRAIN, "val": VALIDATION, "valid": VALIDATION, "test": TEST}
BLOCK_BYTES = 1 << 24
LARGEST_READ = 1 << 31
DAMAGE = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


class Member(NamedTuple):
    """A .npy file, alone or in an archive."""

    open: Callable[[], IO[bytes]]
    size: int


class Stored(NamedTuple):
    """One array in a file, its header read."""

    name: str
    open: Callable[[], IO[bytes]]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int
    """Where the values begin."""


class Part(NamedTuple):
    """Examples of one split and their labels."""

    x: Stored
    y: Stored | None
    split: int
    prefix: str


def is_npz(path: Path) -> bool:
    """A ZIP whose first member is an array: its name stands at the start (all names would take long to list)."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(30)[26:28], "little")
        return file.read(length).endswith(b".npy")


def find_npz(path: Path) -> Arrays:
    """The source of a .npz file."""
    return _source(path, lambda: _open(path, _members(path)))


def find_npy(path: Path) -> Arrays:
    """The source of a .npy file."""
    return _source(path, lambda: _open(path, {"x": Member(lambda: path.open("rb"), path.stat().st_size)}))


def _source(path: Path, open_data: Callable[[], ArrayData]) -> Arrays:
    return Arrays(name=shown(path.name), key=f"arrays\n{file_key(path)}", open=open_data)


def _members(path: Path) -> dict[str, Member]:
    def opener(member: str) -> Callable[[], IO[bytes]]:
        return lambda: zipfile.ZipFile(path).open(member)

    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except DAMAGE as error:
        raise DataError(f"{shown(path.name)} is a damaged archive: {error}. Save it again.") from error
    return {
        info.filename.removesuffix(".npy"): Member(opener(info.filename), info.file_size) for info in found
    }


def _open(path: Path, members: dict[str, Member]) -> ArrayData:
    parts = _parts(path, members)
    shapes = {_example_shape(part.x) for part in parts}
    if len(shapes) > 1:
        raise DataError(f"{path.name} holds examples of {sorted(shapes)}; all must have one shape.")
    labels = [_labels(part) for part in parts]
    classes = _classes([part for part in labels if part is not None])
    return ArrayData(
        count=sum(part.x.shape[0] for part in parts),
        shape=shapes.pop(),
        classes=tuple(str(value) for value in classes),
        blocks=lambda: _blocks(parts, labels, classes),
        deep=any(_is_deep(part.x) for part in parts),
        fractions=any(part.x.dtype.kind == "f" for part in parts),
        array=parts[0].x.name.rpartition(": ")[2].partition("_")[0],
        sixteen=all(part.x.dtype.kind == "u" and part.x.dtype.itemsize == 2 for part in parts),
    )


def _parts(path: Path, members: dict[str, Member]) -> list[Part]:
    def stored(name: str) -> Stored | None:
        return _stored(f"{path.name}: {name}", members[name]) if name in members else None

    split = [
        Part(x, stored(f"y_{word}"), number, f"{word}/")
        for word, number in SPLITS.items()
        if (x := stored(f"x_{word}") or stored(f"series_{word}"))
    ]
    if split:
        return split
    only = tuple(members) if len(members) == 1 else ()
    x_name = next((name for name in (*X_NAMES, *only) if name in members), None)
    if x_name is None:
        raise DataError(
            f"{path.name} holds {', '.join(map(shown, members)) or 'nothing'}; the examples must be named "
            f"{', '.join(X_NAMES)}, or x_train and x_test."
        )
    y_name = next((name for name in Y_NAMES if name in members), "")
    x = stored(x_name)
    assert x is not None  # its name was found
    return [Part(x, stored(y_name), ANY, "")]


def _stored(name: str, member: Member) -> Stored:
    try:
        with member.open() as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, fortran, dtype = read[version](file)
            start = file.tell()
    except Exception as error:  # the header is a Python expression: its parser raises whatever parsers raise
        raise DataError(
            f"{shown(name)} is no readable array: its header is damaged. Save it again."
        ) from error
    stored = Stored(name, member.open, shape, dtype, fortran, start)
    if not dtype.hasobject and start + prod(shape) * dtype.itemsize > member.size:
        raise DataError(f"{shown(name)} ends early: its header promises {shape}. Save it again.")
    if prod(shape if fortran else shape[1:]) * dtype.itemsize > LARGEST_READ:
        at_once = "in Fortran order" if fortran else "an example"
        raise DataError(
            f"{shown(name)} needs more than {LARGEST_READ >> 30} GiB {at_once}; that is too much."
        )
    return stored


def _example_shape(x: Stored) -> tuple[int, ...]:
    """(H, W), (H, W, C) or (D,), if this can hold examples at all."""
    if x.dtype.kind not in "buif":
        raise DataError(f"{x.name} holds {x.dtype}; examples are numbers. Nothing is unpickled.")
    good = len(x.shape) in (2, 3) or (len(x.shape) == 4 and x.shape[3] in (1, 3, 4))
    if good and 0 not in x.shape[1:]:
        return x.shape[1:]
    hint = " Move the channels last: x.transpose(0, 2, 3, 1)." if len(x.shape) == 4 else ""
    raise DataError(
        f"{x.name} has shape {x.shape}; expected pictures (N, H, W) or (N, H, W, 1, 3 or 4), "
        f"or vectors (N, D).{hint}"
    )


def _labels(part: Part) -> Labels | None:
    if part.y is None:
        return None
    count, y = part.x.shape[0], part.y
    if y.shape not in ((count,), (count, 1)) or y.dtype.kind not in "buifUS":
        raise DataError(
            f"{y.name} is {y.dtype} {y.shape}; expected {count} labels, integers or text, one an example."
        )
    found = Labels.gathered(rows.reshape(len(rows)) for rows in _rows(y))
    if y.dtype.kind == "f" and not all(float(value).is_integer() for value in found.values):
        raise DataError(f"{y.name} holds fractions; labels are integers or text. Leave measurements out.")
    values = [text_of(value) if y.dtype.kind in "US" else int(value) for value in found.values]
    if (longest := max((len(str(value)) for value in values), default=0)) > LONGEST_LABEL:
        raise DataError(
            f"{y.name} holds a label of {longest:,} characters; at most {LONGEST_LABEL} make sense. Shorten them."
        )
    return Labels(values, found.numbers)


def _classes(labels: list[Labels]) -> list[Any]:
    """All labels, in order; negative numbers are none."""
    kinds = {type(value) for part in labels for value in part.values}
    if len(kinds) > 1:
        raise DataError("some labels are numbers and some are text; use one of them for all splits.")
    return sorted({value for part in labels for value in part.values if isinstance(value, str) or value >= 0})


def _blocks(parts: list[Part], labels: list[Labels | None], classes: list[Any]) -> Iterator[Block]:
    number_of = {value: number for number, value in enumerate(classes)}
    for part, known in zip(parts, labels, strict=True):
        start = 0
        for rows in _rows(part.x):
            names = [f"{part.prefix}{row:06d}" for row in range(start, start + len(rows))]
            label = (
                known.numbered(slice(start, start + len(rows)), number_of)
                if known is not None
                else unlabeled(len(rows))
            )
            start += len(rows)
            values, bad = _values(rows)
            kept = ~bad
            yield Block(
                values=values[kept],
                labels=label[kept],
                split=part.split,
                names=[name for name, keep in zip(names, kept, strict=True) if keep],
                kept=kept,
                bad={
                    name: "holds NaN or infinite numbers" for name, no in zip(names, bad, strict=True) if no
                },
            )


def _rows(stored: Stored) -> Iterator[NDArray[Any]]:
    """The array in blocks of rows."""
    row_bytes = max(prod(stored.shape[1:]) * stored.dtype.itemsize, 1)
    count = stored.shape[0] if stored.fortran else max(BLOCK_BYTES // row_bytes, 1)
    with _reopened(stored) as file:
        _take(stored, file, stored.start)
        for start in range(0, stored.shape[0], max(count, 1)):
            rows = min(count, stored.shape[0] - start)
            data = np.frombuffer(_take(stored, file, rows * row_bytes), stored.dtype)
            yield data.reshape((rows, *stored.shape[1:]), order="F" if stored.fortran else "C")


def _reopened(stored: Stored) -> IO[bytes]:
    try:
        return stored.open()
    except DAMAGE as error:
        raise DataError(f"cannot read {stored.name}: {error}. Check that it is there.") from error


def _take(stored: Stored, file: IO[bytes], size: int) -> bytes:
    try:
        data = file.read(size)
    except DAMAGE as error:
        raise DataError(f"{stored.name} is damaged: {shown(str(error))}. Save it again.") from error
    if len(data) != size:
        raise DataError(f"{stored.name} ends early: its header promises {stored.shape}. Save it again.")
    return data


def _is_deep(x: Stored) -> bool:
    """Whether it holds pictures in numbers other than bytes and truths."""
    return len(x.shape) > 2 and x.dtype != np.uint8 and x.dtype.kind != "b"


def _values(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Vectors as float32, pictures as bytes or in their own numbers; and which rows are not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        wide = rows.astype(np.float32) if rows.ndim == 2 or rows.dtype.kind == "f" else None
    if wide is None:
        truths = rows.dtype.kind == "b"
        return rows.astype(np.uint8) * np.uint8(255) if truths else rows, np.zeros(len(rows), bool)
    return wide, np.asarray(~np.isfinite(wide).reshape(len(rows), -1).all(axis=1), np.bool_)
