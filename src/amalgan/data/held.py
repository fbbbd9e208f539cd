"""What a user of Python holds, as networks see it: the door that has no file.

uint8 (H, W) or (H, W, C), PIL images, one or many ─► fitted as the data reader fits them ─┐
floats (D,) or (N, D) in the data's own units ─────────────────────────────────────────────┴─► (N, *shape)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from amalgan.data.images import fitted
from amalgan.data.layout import Layout, color_of
from amalgan.data.own import of_image
from amalgan.data.pixels import from_pixels
from amalgan.errors import UsageError
from amalgan.files import replacing
from amalgan.types import DataSpec

Examples = NDArray[Any] | Image.Image | Sequence[Image.Image] | Sequence[NDArray[Any]]


def examples(x: Examples, spec: DataSpec, *, own_size: bool = False) -> torch.Tensor:
    """What a user holds, as networks see it: float32 (N, *spec.shape).

    Args:
        own_size: leave pictures as large as they are; all must be of one size.

    Raises:
        UsageError: it is not of the model's kind.
    """
    if spec.kind == "vector":
        return vectors(x, spec)
    pixels = [one_picture(picture, spec, own_size=own_size) for picture in pictures(x)]
    stacked = np.stack(pixels) if pixels else np.zeros((0, *spec.shape), np.uint8)
    return from_pixels(stacked, spec)


def vectors(x: Any, spec: DataSpec) -> torch.Tensor:
    """One vector or many, in the data's units, standardized."""
    values = rows_of(x, spec.shape, "this model")
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


def pictures(x: Any) -> list[Any]:
    """One picture or many, as a list of arrays or PIL images."""
    if isinstance(x, Image.Image):
        return [x]
    if isinstance(x, str | bytes | Path):
        raise UsageError(
            f"found {type(x).__name__} {str(x)[:80]!r}; expected pictures: uint8 arrays or PIL images. Open the file "
            "first, as PIL.Image.open does."
        )
    if not isinstance(x, np.ndarray):
        try:
            return list(x)
        except TypeError:
            raise UsageError(f"found {type(x).__name__}; expected uint8 arrays or PIL images.") from None
    one = x.ndim == 2 or (x.ndim == 3 and x.shape[2] in (1, 3))
    return [x] if one else list(x)


def one_picture(picture: Any, spec: DataSpec, *, own_size: bool = False) -> NDArray[np.uint8]:
    """An array or PIL image as uint8 (C, H, W) of the model's channels, and of its size unless it keeps its own."""
    if isinstance(picture, np.ndarray):
        if (
            picture.dtype != np.uint8
            or picture.ndim not in (2, 3)
            or picture.shape[2:] not in ((), (1,), (3,))
        ):
            raise UsageError(
                f"found a {picture.dtype} array of shape {picture.shape}; this model reads uint8 (H, W) or (H, W, 3) "
                "within 0..255, one or many, or PIL images"
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
    )
    return fitted(picture, layout)


def named(data: str | Path | NDArray[Any], scratch: Path) -> str:
    """``data`` as a word or a path; an array is put into a file."""
    if not isinstance(data, np.ndarray):
        return str(data)
    with replacing(scratch / "array.npy") as part, part.open("wb") as file:
        np.save(file, data, allow_pickle=False)
    return str(scratch / "array.npy")
