"""What a user of Python holds, as networks see it: the door that has no file.

pictures in whatever they are held (``python_values``), one or many ─► fitted as the data reader fits them ─┐
floats (D,) or (N, D) in the data's own units ──────────────────────────────────────────────────────┼─► (N, *shape)
a word, a folder, an archive, a pattern, an address ─► read as for the command line ─────────────────┘
the same, to train on or to be judged by ───────────────────────────────► a file, read as any other data
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from amalgan.config.data import DataConfig
from amalgan.core.errors import UsageError
from amalgan.core.files import replacing, write_text
from amalgan.core.types import DataSpec
from amalgan.data.dataset.native_size import of_image, own_sized
from amalgan.data.dataset.opening import PLAIN, open_data
from amalgan.data.decoding.images import fitted
from amalgan.data.decoding.layout import Layout, color_of
from amalgan.data.decoding.pixels import from_pixels
from amalgan.data.decoding.ranges import Range, eight_bits
from amalgan.data.readers.folders import Folder
from amalgan.data.readers.python_values import Axes, Given, given
from amalgan.data.readers.resolving import find_source
from amalgan.kinds import kind_of

Examples = Any
"""A picture or vector, many of them, a data set of them (all that ``python_values`` takes), or its name."""


def examples(x: Examples, spec: DataSpec, *, own_size: bool = False) -> torch.Tensor:
    """What a user holds, as networks see it: float32 (N, *spec.shape).

    Args:
        own_size: leave pictures as large as they are; all must be of one size.

    Raises:
        UsageError: it is not of the model's kind.
        DataError: it is the name of data that cannot be read.
    """
    if isinstance(x, str | Path) and not _is_one_picture(x):
        return _of_name(x, spec, own_size)
    return kind_of(spec).from_python(x, spec, own_size=own_size)


def unscaled(x: Examples, spec: DataSpec) -> list[NDArray[np.uint8]]:
    """What a user holds, each picture at its own size: uint8 (C, H, W) in the channels of ``spec``.

    Raises:
        UsageError: it is no pictures, or one cannot be read.
        DataError: it is the name of data that cannot be read.
    """
    if isinstance(x, str | Path) and not _is_one_picture(x):
        return _all_readable(x, spec)
    return [one_picture(picture, spec, own_size=True) for picture in pictures(x)]


def _all_readable(name: str | Path, spec: DataSpec) -> list[NDArray[np.uint8]]:
    """All pictures of some data at their own size; none may be bad."""
    found = list(own_sized(name, spec).pictures)
    _refuse_bad(name, [f"{one.name} {one.reason}" for one in found if one.pixels is None])
    return [one.pixels for one in found if one.pixels is not None]


def _refuse_bad(name: str | Path, bad: list[str]) -> None:
    if bad:
        raise UsageError(
            f"{len(bad):,} examples of {name} cannot be read. Mend or remove the first: {bad[0]}"
        )


def _is_one_picture(name: str | Path) -> bool:
    """Whether it is the path of a file that is neither an archive nor a table."""
    if not isinstance(source := find_source(name), Folder):
        return False
    return len(source) == 1 and Path(name).is_file()


def _of_name(name: str | Path, spec: DataSpec, own_size: bool) -> torch.Tensor:
    """All examples of the data that a word, a path, a pattern or an address names, in its order."""
    if own_size:
        return from_pixels(np.stack(_all_readable(name, spec)), spec)
    data = open_data(name, like=spec, at_least=1)
    _refuse_bad(name, [f"{one.name} {one.reason}" for one in data.inspection.skipped])
    return data.records.take(slice(None))


def picture_rows(x: Any, spec: DataSpec, *, own_size: bool) -> NDArray[np.uint8]:
    """One picture or many, as bytes (N, C, H, W)."""
    pixels = [one_picture(picture, spec, own_size=own_size) for picture in pictures(x)]
    return np.stack(pixels) if pixels else np.zeros((0, *spec.shape), np.uint8)


def vectors(x: Any, spec: DataSpec, shape: tuple[int, ...] | None = None) -> torch.Tensor:
    """One example of plain numbers or many, in the data's units, as networks see them.

    Args:
        shape: of one of them; that of ``spec`` where networks see them so.
    """
    held = x if isinstance(x, np.ndarray) or _is_row(x) else given(x).x
    values = rows_of(held, spec.shape if shape is None else shape, "this model")
    refuse_not_finite(values, "this model")
    return from_pixels(values, spec)


def rows_of(x: Any, shape: tuple[int, ...], what: str) -> NDArray[np.float32]:
    """Return one row of numbers or many as float32 (N, *shape).

    Raises:
        UsageError: they are no numbers, or of another shape; says what was found.
    """
    try:
        values = np.asarray(x, np.float32)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"found {type(x).__name__}; {what} has (N, {axes(shape)}) numbers.") from None
    values = values[None] if values.shape == shape else values
    if values.shape[1:] != shape:
        raise UsageError(
            f"found an array of shape {np.shape(x)}; {what} has (N, {axes(shape)}) numbers. Give as many."
        )
    return values


def refuse_not_finite(values: NDArray[np.float32], what: str) -> None:
    """Raise UsageError where some of ``values`` are NaN or infinite."""
    if wrong := int((~np.isfinite(values)).sum()):
        raise UsageError(
            f"found {wrong:,} numbers that are not finite; {what} reads finite ones. Replace them."
        )


def axes(shape: tuple[int, ...]) -> str:
    """Return a shape as people write it: ``3`` or ``3, 8, 8``."""
    return ", ".join(map(str, shape))


def _is_row(x: Any) -> bool:
    """Whether it is numbers, or rows of numbers."""
    return isinstance(x, list | tuple) and bool(x) and isinstance(x[0], int | float | list)


def pictures(x: Any) -> list[Any]:
    """One picture or many, as a list of arrays or PIL images."""
    found = given([x] if isinstance(x, str | Path | bytes) else x).x
    if not isinstance(found, np.ndarray):
        return list(found)
    one = found.ndim == 2 or (found.ndim == 3 and found.shape[2] in (1, 3) and _came_as_one(x))
    return [found] if one else list(found)


def _came_as_one(x: Any) -> bool:
    """Whether it came as one array, not as a list of them."""
    return not isinstance(x, list | tuple)


def one_picture(picture: Any, spec: DataSpec, *, own_size: bool = False) -> NDArray[np.uint8]:
    """An array or PIL image as uint8 (C, H, W) of the model's channels, and of its size unless it keeps its own."""
    if isinstance(picture, np.ndarray):
        picture = _in_bytes(picture, spec)
        if (
            picture.dtype != np.uint8
            or picture.ndim not in (2, 3)
            or picture.shape[2:] not in ((), (1,), (3,))
        ):
            raise UsageError(
                f"found a {picture.dtype} array of shape {picture.shape}; this model reads uint8 (H, W) or (H, W, 3) "
                "within 0..255, or floats within 0..1, one or many, or PIL images"
            )
        picture = Image.fromarray(picture[..., 0] if picture.shape[2:] == (1,) else picture)
    if not isinstance(picture, Image.Image):
        raise UsageError(f"found {type(picture).__name__}; this model reads uint8 arrays or PIL images")
    picture = ImageOps.exif_transpose(picture)
    if own_size:
        return of_image(picture, spec)
    channels, height, width = spec.shape
    layout = Layout(
        height=height,
        width=width,
        channels=channels,
        fit=spec.fit,
        background=color_of(spec.background),
        range=Range(*spec.range) if spec.range else None,
    )
    return fitted(picture, layout)


def _in_bytes(picture: NDArray[Any], spec: DataSpec) -> NDArray[Any]:
    """Floats within [0, 1], truths and integers of 16 bits as bytes; anything else as it is."""
    if picture.dtype.kind == "b":
        return picture.astype(np.uint8) * np.uint8(255)
    if picture.dtype.kind == "u" and picture.dtype.itemsize == 2:
        return eight_bits(picture, Range(*spec.range) if spec.range else None)
    within = picture.dtype.kind == "f" and picture.size and picture.min() >= 0 and picture.max() <= 1
    return eight_bits(picture, Range(0, 1)) if within else picture


def reading_of(data: Any, scratch: Path, config: DataConfig = PLAIN) -> DataConfig:
    """How ``named`` data is read: what was put into a file is decoded beside it, for a cache has no more use for it."""
    is_kept = isinstance(data, str | Path) or config.cache is not None
    return config if is_kept else replace(config, cache=str(scratch / "decoded"))


def named(data: Any, scratch: Path, y: Any = None, layout: Axes | None = None) -> str:
    """``data`` as a word or a path; what is held in memory is put into a file.

    Raises:
        UsageError: it is nothing that can be taken.
    """
    if isinstance(data, str | Path):
        if y is not None:
            raise UsageError(
                "y is given for data that is a path; labels of files are in folders or beside them"
            )
        return str(data)
    found = given(data, y, layout=layout)
    if not isinstance(found.x, np.ndarray):
        return _written(found, scratch / "pictures")
    place = scratch / ("array.npy" if found.y is None else "array.npz")
    with replacing(place) as part, part.open("wb") as file:
        if found.y is None:
            np.save(file, found.x, allow_pickle=False)
        else:
            np.savez(file, x=found.x, y=found.y)
    return str(place)


def _written(found: Given, folder: Path) -> str:
    """Pictures of several sizes as files, without loss, and a label file."""
    folder.mkdir(parents=True)
    for row, picture in enumerate(found.x):
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.squeeze(_one(picture)))
        kind = "PNG" if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else "TIFF"
        ImageOps.exif_transpose(image).save(folder / f"{row:08d}.{kind.lower()}", kind)
    if found.y is not None:
        names = sorted(path.name for path in folder.iterdir())
        rows = zip(names, found.y.tolist(), strict=True)
        lines = (json.dumps({"file_name": name, "label": label}) for name, label in rows)
        write_text(folder / "metadata.jsonl", "\n".join(lines))
    return str(folder)


def _one(picture: NDArray[Any]) -> NDArray[Any]:
    """An array that Pillow takes."""
    is_float = picture.dtype.kind == "f" and picture.ndim == 3
    return eight_bits(picture, Range(0, 1)) if is_float else picture
