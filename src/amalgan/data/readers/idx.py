"""A folder in the layout of MNIST (LeCun, Cortes & Burges): IDX files, gzipped or not.

    train-images-idx3-ubyte[.gz]  train-labels-idx1-ubyte[.gz]      ─► train
    t10k-images-idx3-ubyte[.gz]   t10k-labels-idx1-ubyte[.gz]       ─► test

An IDX file is: two zero bytes, a type (8: unsigned byte), the number of dimensions, each dimension as a
big-endian 32-bit number, then the values. ``test`` may stand for ``t10k``, and a dot for the dash before
``idx``.
"""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.core.file_names import shown
from amalgan.core.types import TEST, TRAIN
from amalgan.data.readers.sources import ArrayData, Arrays, Block, file_key, unlabeled

FILE = re.compile(r"^(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$")
BLOCK, BLOCK_BYTES = 4096, 1 << 24
"""Pictures, and bytes, that are read at a time."""
GZIP_MOST = 1032
"""A byte of gzip data unfolds to so many at most (RFC 1951: 258 bytes of two bits)."""
SIDE_LIMIT = 4096
SPLIT_OF = {"train": TRAIN, "t10k": TEST, "test": TEST}


class Part(NamedTuple):
    """The files of one split."""

    name: str
    images: Path
    labels: Path | None


def find(folder: Path) -> Arrays | None:
    """The IDX source in ``folder``, or None where there is none."""
    parts = _parts(folder)
    if not parts:
        return None
    files = [file for part in parts for file in (part.images, part.labels) if file is not None]
    return Arrays(
        name=shown(folder.resolve().name),
        key="\n".join(["idx", *map(file_key, files)]),
        open=lambda: _open(parts),
    )


def _parts(folder: Path) -> list[Part]:
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir(), reverse=True):  # of x and x.gz, x is kept
        if (match := FILE.match(path.name)) and path.is_file():
            found.setdefault(match[1], {})[match[2]] = path
    return [
        Part(name, files["images"], files.get("labels"))
        for name, files in sorted(found.items(), key=_order)
        if "images" in files
    ]


def _order(item: tuple[str, object]) -> int:
    return SPLIT_OF[item[0]]


def _open(parts: list[Part]) -> ArrayData:
    shapes = [_image_shape(part.images) for part in parts]
    if len({shape[1:] for shape in shapes}) != 1:
        found = " and ".join(map(str, shapes))
        raise DataError(f"{parts[0].images.parent.name} holds pictures of {found}; all must be one size.")
    labels = [_labels(part, shape[0]) for part, shape in zip(parts, shapes, strict=True)]
    values = np.unique(
        np.concatenate([part for part in labels if part is not None] or [np.zeros(0, np.uint8)])
    )
    return ArrayData(
        count=sum(shape[0] for shape in shapes),
        shape=shapes[0][1:],
        classes=tuple(str(value) for value in values),
        blocks=lambda: _blocks(parts, labels, values),
    )


def _blocks(
    parts: list[Part], labels: list[NDArray[np.uint8] | None], values: NDArray[np.uint8]
) -> Iterator[Block]:
    for part, known in zip(parts, labels, strict=True):
        with _opened(part.images) as file:
            count, height, width = _header(file, part.images, dimensions=3)
            block = max(1, min(BLOCK, BLOCK_BYTES // (height * width)))
            for start in range(0, count, block):
                rows = range(start, min(start + block, count))
                pixels = _read(file, part.images, len(rows) * height * width)
                chosen = slice(rows.start, rows.stop)
                yield Block(
                    values=pixels.reshape(len(rows), height, width),
                    labels=unlabeled(len(rows)) if known is None else np.searchsorted(values, known[chosen]),
                    split=SPLIT_OF[part.name],
                    names=[f"{part.name}/{row:06d}" for row in rows],
                )


def _image_shape(path: Path) -> tuple[int, ...]:
    with _opened(path) as file:
        return _header(file, path, dimensions=3)


def _labels(part: Part, count: int) -> NDArray[np.uint8] | None:
    if part.labels is None:
        return None
    with _opened(part.labels) as file:
        (found,) = _header(file, part.labels, dimensions=1)
        if found != count:
            raise DataError(
                f"{part.labels.name} has {found} labels and {part.images.name} {count} pictures; "
                "both must have as many. Download the pair again."
            )
        return _read(file, part.labels, count)


def _opened(path: Path) -> IO[bytes]:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]
    except OSError as error:
        raise DataError(f"cannot read {path.name}: {error.strerror}. Check that it is there.") from error


def _header(file: IO[bytes], path: Path, *, dimensions: int) -> tuple[int, ...]:
    size = 4 + 4 * dimensions
    start = _read(file, path, size).tobytes()
    if start[:3] != b"\x00\x00\x08" or start[3] != dimensions:
        raise DataError(
            f"{path.name} starts with {start[:4].hex()}; an IDX file of bytes with {dimensions} dimensions "
            f"starts with 000008{dimensions:02x}. Download it again."
        )
    shape = struct.unpack(f">{dimensions}I", start[4:])
    if max(shape[1:], default=1) > SIDE_LIMIT or 0 in shape[1:]:
        raise DataError(f"{path.name} declares pictures of {shape[1:]}; a side is 1 to {SIDE_LIMIT}.")
    most = path.stat().st_size * (GZIP_MOST if isinstance(file, gzip.GzipFile) else 1)
    if prod(shape) > most:
        raise DataError(
            f"{path.name} declares {prod(shape):,} bytes and can hold at most {most:,}: it is damaged or cut short. "
            "Download it again."
        )
    return shape


def _read(file: IO[bytes], path: Path, size: int) -> NDArray[np.uint8]:
    try:
        data = file.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} is damaged ({error}). Download it again.") from error
    if len(data) != size:
        raise DataError(f"{path.name} ends early. Download it again.")
    return np.frombuffer(data, np.uint8)
