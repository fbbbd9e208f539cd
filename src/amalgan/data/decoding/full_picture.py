"""A full picture: its own size and depth, and all else that its file holds, so that it can be written again.

    bytes ─► read ─► color float32 (C, H, W) in [-1, 1] · alpha · EXIF · color profile · resolution

EXIF orientation is applied to the pixels and taken out of the EXIF. Gray of 16 bits stays so; color of 16 bits keeps
its upper eight, as Pillow reads it. Palettes and CMYK become RGB. The first frame of an animation counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import BadPicture, UsageError
from amalgan.data.decoding.color_profiles import from_lab
from amalgan.data.decoding.formats import check_sums
from amalgan.data.decoding.images import guarded, opened
from amalgan.data.decoding.orientation import ORIENTATION, upright

DEEP = 65535
"""The largest value of gray with 16 bits."""
TURNED_TO_RGB = {"CMYK", "LAB", "YCbCr", "HSV"}
"""Modes whose color profile means nothing to the RGB that they become."""
TOLD = {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769, 0x8825}
"""EXIF tags of what was seen: description, camera, date, artist, copyright, and the EXIF and GPS folders."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FullPicture:
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

    def now(self, color: NDArray[np.float32]) -> FullPicture:
        """The same with other colors, perhaps at another size, to which the alpha is scaled."""
        alpha = self.alpha
        if alpha is not None and alpha.shape != color.shape[1:]:
            size = (color.shape[2], color.shape[1])
            alpha = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BICUBIC))
        return replace(self, color=color, alpha=alpha)


def read(data: bytes) -> FullPicture:
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


def of_image(image: Image.Image, format: str = "PNG", kept: dict[str, Any] | None = None) -> FullPicture:
    """What Pillow has opened, upright already."""
    deep = image.mode.startswith("I") or image.mode == "F"
    if deep:
        return FullPicture(color=deep_gray(image), alpha=None, deep=True, format=format, kept=kept or {})
    alpha = np.asarray(image.convert("RGBA"))[..., 3] if image.has_transparency_data else None
    gray = image.mode in ("1", "L", "LA", "La")
    pixels = np.asarray(image.convert("L" if gray else "RGB"), np.float32)
    color = pixels[None] if gray else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return FullPicture(
        color=color / np.float32(127.5) - 1, alpha=alpha, deep=False, format=format, kept=kept or {}
    )


def of_python_value(picture: Any) -> FullPicture:
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
