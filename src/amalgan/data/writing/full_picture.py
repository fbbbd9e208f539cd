"""A full picture as a file again, with what its own file held and where the new one is from.

FullPicture ─► write ─► bytes          to_array ─► uint8 or uint16 (H, W[, 3])
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from amalgan.data.decoding.full_picture import DEEP, FullPicture
from amalgan.data.decoding.images import guarded
from amalgan.data.writing.grids import XMP
from amalgan.data.writing.provenance import EDITED_BY_A_MODEL, xmp_of

WRITTEN = {"PNG", "JPEG", "TIFF", "WEBP", "AVIF", "BMP"}
"""Formats that are written as they were read; others become PNG."""
NEARLY_LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95, "method": 4},
    "AVIF": {"quality": 90},
    "TIFF": {"compression": "tiff_lzw"},
}
TELLS_XMP = {"JPEG", "WEBP", "AVIF"}
KEEPS_EXIF = {"PNG", "JPEG", "TIFF", "WEBP", "AVIF"}
CLEAR = {"PNG", "TIFF", "WEBP", "AVIF"}
"""Formats that know transparency."""


def to_array(picture: FullPicture) -> NDArray[Any]:
    """uint8 (H, W) or (H, W, 3), or uint16 (H, W)."""
    return np.asarray(image_of(replace(picture, alpha=None), "PNG"))


def written_as(picture: FullPicture) -> str:
    """The picture's own format, or PNG."""
    return picture.format if picture.format in WRITTEN else "PNG"


def write(picture: FullPicture, text: dict[str, str], format: str) -> bytes:
    """A picture file; ``text`` says where it is from, where the format has room for it.

    Raises:
        BadPicture: the format cannot hold it.
    """
    options = NEARLY_LOSSLESS.get(format, {}) | {
        name: value for name, value in picture.kept.items() if name != "exif" or format in KEEPS_EXIF
    }
    if format == "PNG":
        options["pnginfo"] = info(text)
    elif format in TELLS_XMP and text:
        options["xmp"] = xmp_of(text, EDITED_BY_A_MODEL).encode()
    file = BytesIO()
    with guarded():
        image_of(picture, format).save(file, format, **options)
    return file.getvalue()


def info(text: dict[str, str]) -> PngInfo:
    """Text chunks, and the same as XMP."""
    found = PngInfo()
    for keyword, value in text.items():
        found.add_itxt(keyword, value)
    if text:
        found.add_itxt(XMP, xmp_of(text, EDITED_BY_A_MODEL))
    return found


def image_of(picture: FullPicture, format: str) -> Image.Image:
    """As Pillow writes it; without alpha where the format has none, and in 8 bits where it has no more."""
    if picture.deep and format in ("PNG", "TIFF"):
        return Image.fromarray(levels(picture.color, DEEP)[0].astype(np.uint16))
    pixels = levels(picture.color, 255).astype(np.uint8)
    image = Image.fromarray(
        pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    )
    if picture.alpha is not None and format in CLEAR:
        image.putalpha(Image.fromarray(picture.alpha))
    return image


def levels(color: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """FullPicture numbers from 0 to ``most``."""
    return np.rint((color.astype(np.float64) + 1) * (most / 2)).clip(0, most)
