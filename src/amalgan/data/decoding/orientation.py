"""How a picture stands: EXIF says how it was held, and Pillow turns it."""

from __future__ import annotations

from contextlib import suppress

from PIL import Image, ImageOps

ORIENTATION = 0x0112
TURNED = range(5, 9)
"""EXIF orientations that exchange height and width."""


def upright(image: Image.Image) -> Image.Image:
    """Return the picture as it is seen."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF says nothing about the picture
        return image


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return height and width as seen. Pillow has already exchanged them for TIFF."""
    orientation = 1
    with suppress(Exception):  # damaged EXIF says nothing about the picture
        orientation = image.getexif().get(ORIENTATION, 1)
    width, height = image.size
    return (width, height) if orientation in TURNED and image.format != "TIFF" else (height, width)
