"""Arrays of pictures as files hold them: gray without an axis of channels, (H, W), or in color, (H, W, 3).

The one place that asks which of the two an array is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue, as JPEG has them."""


def is_gray(picture: NDArray[Any]) -> bool:
    """Whether one picture has no axis of channels."""
    return picture.ndim == 2


def are_gray(pictures: NDArray[Any]) -> bool:
    """Whether several pictures, or none, have no axis of channels."""
    return pictures.ndim == 3


def is_pictures(x: NDArray[Any] | None) -> bool:
    """Whether an array that may be anything holds pictures."""
    return x is not None and x.dtype == np.uint8 and x.ndim in (3, 4) and len(x) > 0


def is_rows(x: NDArray[Any] | None) -> bool:
    """Whether an array that may be anything holds rows of numbers."""
    return x is not None and x.ndim == 2


def in_color(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture as (H, W, 3)."""
    return np.repeat(picture[..., None], 3, axis=2) if is_gray(picture) else picture


def luminance(picture: NDArray[Any]) -> NDArray[np.float64]:
    """A picture without channels, (H, W)."""
    numbers = picture.astype(np.float64)
    return numbers if is_gray(picture) else numbers @ LUMA


def channels_first(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Several pictures, or none, as (N, C, H, W)."""
    return pictures[:, None] if are_gray(pictures) else pictures.transpose(0, 3, 1, 2).copy()


def planes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture as (C, H, W)."""
    return picture[None] if is_gray(picture) else picture.transpose(2, 0, 1)
