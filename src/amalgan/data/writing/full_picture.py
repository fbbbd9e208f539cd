"""A whole picture: its own size and depth, and all else that its file holds, so that it can be written again.

    bytes ─► read ─► color float32 (C, H, W) in [-1, 1] · alpha · EXIF · color profile · resolution ─► write ─► bytes

EXIF orientation is applied to the pixels and taken out of the EXIF. Gray of 16 bits stays so; color of 16 bits keeps
its upper eight, as Pillow reads it. Palettes and CMYK become RGB. The first frame of an animation counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from amalgan.core.errors import BadPicture, UsageError
from amalgan.data.decoding.color_profiles import from_lab
from amalgan.data.decoding.formats import check_sums
from amalgan.data.decoding.images import ORIENTATION, guarded, opened, upright
from amalgan.data.writing.grids import XMP
from amalgan.data.writing.provenance import EDITED_BY_A_MODEL, xmp_of

DEEP = 65535
WRITTEN = {"PNG", "JPEG", "TIFF", "WEBP", "AVIF", "BMP"}
"""Formats that are written as they were read; others become PNG."""
NEARLY_LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95, "method": 4},
    "AVIF": {"quality": 90},
    "TIFF": {"compression": "tiff_lzw"},
}
TURNED_TO_RGB = {"CMYK", "LAB", "YCbCr", "HSV"}
"""Modes whose color profile means nothing to the RGB that they become."""
TOLD = {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769, 0x8825}
"""EXIF tags of what was seen: description, camera, date, artist, copyright, and the EXIF and GPS folders."""
TELLS_XMP = {"JPEG", "WEBP", "AVIF"}
KEEPS_EXIF = {"PNG", "JPEG", "TIFF", "WEBP", "AVIF"}
CLEAR = {"PNG", "TIFF", "WEBP", "AVIF"}
"""Formats that know transparency."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Whole:
    """One picture and what came with it."""

    color: NDArray[np.float32]
    """(1, H, W) or (3, H, W) in [-1, 1]."""
    alpha: NDArray[np.uint8] | None
    """(H, W)."""
    deep: bool
    """Whether its gray has 16 bits."""
    format: str
    kept: dict[str, Any]
    """EXIF, color profile and resolution, as Pillow writes them."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return (self.color.shape[1], self.color.shape[2])

    def now(self, color: NDArray[np.float32]) -> Whole:
        """The same with other colors, perhaps at another size, to which the alpha is scaled."""
        alpha = self.alpha
        if alpha is not None and alpha.shape != color.shape[1:]:
            size = (color.shape[2], color.shape[1])
            alpha = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BICUBIC))
        return replace(self, color=color, alpha=alpha)


def read(data: bytes) -> Whole:
    """Read a picture file.

    Raises:
        BadPicture: whatever is wrong with it.
    """
    with guarded(), opened(data) as image:
        check_sums(data, image.format)
        image.load()
        format = {"MPO": "JPEG"}.get(image.format or "", image.format or "")
        standing = upright(image)
        kept = kept_of(standing, layout=format == "TIFF")
        return of_image(from_lab(standing) if standing.mode == "LAB" else standing, format, kept)


def image_in(data: bytes) -> Image.Image:
    """The picture in a file's bytes, decoded and upright.

    Raises:
        BadPicture: whatever is wrong with it.
    """
    with guarded(), opened(data) as image:
        check_sums(data, image.format)
        image.load()
        return upright(image)


def of_image(image: Image.Image, format: str = "PNG", kept: dict[str, Any] | None = None) -> Whole:
    """What Pillow has opened, upright already."""
    deep = image.mode.startswith("I") or image.mode == "F"
    if deep:
        return Whole(color=deep_gray(image), alpha=None, deep=True, format=format, kept=kept or {})
    alpha = np.asarray(image.convert("RGBA"))[..., 3] if image.has_transparency_data else None
    gray = image.mode in ("1", "L", "LA", "La")
    pixels = np.asarray(image.convert("L" if gray else "RGB"), np.float32)
    color = pixels[None] if gray else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return Whole(color=color / np.float32(127.5) - 1, alpha=alpha, deep=False, format=format, kept=kept or {})


def of_held(picture: Any) -> Whole:
    """What a user of Python holds: a PIL image, or uint8 (H, W) or (H, W, 3), or uint16 (H, W).

    Raises:
        UsageError: it is none of these.
    """
    if isinstance(picture, Image.Image):
        return of_image(upright(picture))
    found = np.asarray(picture)
    deep = found.dtype == np.uint16 and found.ndim == 2
    if not deep and (
        found.dtype != np.uint8 or found.ndim not in (2, 3) or found.shape[2:] not in ((), (3,))
    ):
        raise UsageError(
            f"found a {found.dtype} array of shape {found.shape}; pictures are uint8 (H, W) or (H, W, 3), uint16 "
            "(H, W), or PIL images"
        )
    return of_image(Image.fromarray(found))


def to_array(whole: Whole) -> NDArray[Any]:
    """uint8 (H, W) or (H, W, 3), or uint16 (H, W)."""
    return np.asarray(image_of(replace(whole, alpha=None), "PNG"))


def deep_gray(image: Image.Image) -> NDArray[np.float32]:
    """Gray of 16 bits, (1, H, W) in [-1, 1].

    Raises:
        BadPicture: its values are none of 16 bits.
    """
    values = np.asarray(image)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > DEEP or values.dtype.kind == "f":
        raise BadPicture("holds numbers beyond 16 bits, or fractions. Save it with 8 or 16 bits a channel")
    return (values.astype(np.float32) * (2 / DEEP) - 1)[None]


def kept_of(image: Image.Image, *, layout: bool) -> dict[str, Any]:
    """What is to be written again beside the pixels.

    Args:
        layout: the EXIF also says how the file is laid out, as that of a TIFF does; that is left out.
    """
    names = ("dpi",) if image.mode in TURNED_TO_RGB else ("icc_profile", "dpi")
    kept = {name: image.info[name] for name in names if image.info.get(name)}
    try:
        exif = image.getexif()
        exif.pop(ORIENTATION, None)
        for tag in [tag for tag in exif if layout and tag not in TOLD]:
            del exif[tag]
        return kept | ({"exif": exif.tobytes()} if len(exif) else {})
    except Exception:  # damaged EXIF says nothing about the picture
        return kept


def written_as(whole: Whole) -> str:
    """The picture's own format, or PNG."""
    return whole.format if whole.format in WRITTEN else "PNG"


def write(whole: Whole, text: dict[str, str], format: str) -> bytes:
    """A picture file; ``text`` says where it is from, where the format has room for it.

    Raises:
        BadPicture: the format cannot hold it.
    """
    options = NEARLY_LOSSLESS.get(format, {}) | {
        name: value for name, value in whole.kept.items() if name != "exif" or format in KEEPS_EXIF
    }
    if format == "PNG":
        options["pnginfo"] = info(text)
    elif format in TELLS_XMP and text:
        options["xmp"] = xmp_of(text, EDITED_BY_A_MODEL).encode()
    file = BytesIO()
    with guarded():
        image_of(whole, format).save(file, format, **options)
    return file.getvalue()


def info(text: dict[str, str]) -> PngInfo:
    """Text chunks, and the same as XMP."""
    found = PngInfo()
    for keyword, value in text.items():
        found.add_itxt(keyword, value)
    if text:
        found.add_itxt(XMP, xmp_of(text, EDITED_BY_A_MODEL))
    return found


def image_of(whole: Whole, format: str) -> Image.Image:
    """As Pillow writes it; without alpha where the format has none, and in 8 bits where it has no more."""
    if whole.deep and format in ("PNG", "TIFF"):
        return Image.fromarray(levels(whole.color, DEEP)[0].astype(np.uint16))
    pixels = levels(whole.color, 255).astype(np.uint8)
    image = Image.fromarray(
        pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    )
    if whole.alpha is not None and format in CLEAR:
        image.putalpha(Image.fromarray(whole.alpha))
    return image


def levels(color: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """Whole numbers from 0 to ``most``."""
    return np.rint((color.astype(np.float64) + 1) * (most / 2)).clip(0, most)
