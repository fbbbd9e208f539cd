"""One picture file, from bytes that may be anything to eight bits at a size.

    bytes ─► open (format by content) ─► size limit ─► load ─► upright ─► eight bits ─► opaque ─► fit
               └───────┴─ BadPicture, with a reason in words, from any of these ─┴────────┴────────┘

Formats: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF. The first frame of an animation and the first page of a TIFF
count. EXIF orientation is applied. 16-bit gray is scaled (v / 257), not clipped; 16-bit color keeps its upper
eight bits, as Pillow reads it. Wider numbers are read as in [0, 1] (floats only), [0, 255] (floats only) or
[0, 65535], whichever holds them first, else stretched from their least to their greatest. Transparency is
laid on the background. CMYK, palettes and Lab become RGB; embedded color profiles are otherwise not applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from amalgan.data.layout import Layout
from amalgan.data.names import shown
from amalgan.errors import BadPicture

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
MOST_PIXELS = 64_000_000
LONGEST_SIDE = 30_000
LARGE_PIXELS = 16_000_000
ONE_AT_A_TIME = Lock()
"""Larger pictures are decoded one after the other: each may take a gigabyte, and there is a thread a core."""
MOST_SCANS, MOST_SCANNED = 100, 2 * 10**9
"""Scans of a JPEG, and pixels over all of them: encoders write about ten scans."""
START_OF_SCAN, END = 0xDA, 0xD9
SCAN = b"\xff\xda"
ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""Second bytes of markers without a length, and of what is no marker."""
GRAY_MODES = frozenset({"1", "L", "LA", "La", "F", "I", "I;16", "I;16L", "I;16B", "I;16N"})
TURNED = range(5, 9)
"""EXIF orientations that exchange height and width."""
ORIENTATION = 0x0112
NOT_PICTURES = (
    (b"<", "is markup (SVG or HTML), not a picture"),
    (b"%!PS", "is PostScript, which is never opened"),
    (b"\xc5\xd0\xd3\xc6", "is PostScript, which is never opened"),
    (b"%PDF", "is a PDF, not a picture"),
    (b"PK\x03\x04", "is a ZIP archive, not a picture"),
    (b"\x1f\x8b", "is gzip data, not a picture"),
)


class Measured(NamedTuple):
    """What the header of a picture says."""

    height: int
    width: int
    gray: bool


@dataclass(frozen=True)
class Picture:
    """One decoded picture."""

    pixels: NDArray[np.uint8]
    """(C, H, W)."""
    size: tuple[int, int]
    """Height and width before fitting, upright."""
    mode: str
    """Pillow's name for what the file held: L, RGB, P, CMYK, I;16 ..."""


def measure(data: bytes) -> Measured:
    """Read the header of a picture file.

    Raises:
        BadPicture: it is no picture of an allowed format and size.
    """
    with guarded(), opened(data) as image:
        height, width = _upright_size(image)
        return Measured(height, width, image.mode in GRAY_MODES)


def packet(data: bytes) -> bytes:
    """The XMP packet in a picture file, as it stands there; empty where there is none.

    Raises:
        BadPicture: it is no picture of an allowed format and size.
    """
    with guarded(), opened(data) as image:
        found = image.info.get("xmp", b"")
        return found.encode() if isinstance(found, str) else bytes(found)


def decode(data: bytes, layout: Layout) -> Picture:
    """Decode a picture file to the layout.

    Raises:
        BadPicture: whatever is wrong with it.
    """
    with guarded(), opened(data) as image:
        size, mode = _upright_size(image), image.mode
        if (
            image.format in ("JPEG", "MPO") and layout.fit != "cut"
        ):  # decode at 1/2 .. 1/8 where that keeps twice the size needed
            image.draft(None, (2 * max(layout.height, layout.width),) * 2)
        with ONE_AT_A_TIME if image.width * image.height > LARGE_PIXELS else nullcontext():
            image.load()
            return Picture(fitted(upright(image), layout), size, mode)


def fitted(image: Image.Image, layout: Layout) -> NDArray[np.uint8]:
    """Any picture as uint8 (C, H, W) of the layout."""
    flat = _fit(_flat(image, layout), layout)
    pixels = np.asarray(flat, np.uint8)
    return pixels[None] if layout.channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


@contextmanager
def guarded() -> Iterator[None]:
    """Turn whatever a decoder raises into BadPicture: hostile bytes reach what no list of types covers."""
    try:
        yield
    except BadPicture:
        raise
    except Image.DecompressionBombError as error:
        raise BadPicture(_too_large("more pixels than can be opened")) from error
    except Exception as error:
        text = shown(str(error)) or type(error).__name__
        raise BadPicture(f"cannot be decoded: {text}. Open and save it again, or remove it") from error


def opened(data: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise BadPicture(_unlike_a_picture(data)) from error
    width, height = image.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise BadPicture(_too_large(f"{width}x{height} pixels"))
    if image.format in ("JPEG", "MPO"):
        _require_few_scans(data, width * height)
    return image


def _require_few_scans(data: bytes, pixels: int) -> None:
    """Refuse a JPEG that a decoder would work through too often: each scan goes over all of its pixels."""
    most = max(1, min(MOST_SCANS, MOST_SCANNED // max(1, pixels)))
    if data.count(SCAN) > most and (found := jpeg_scans(data)) > most:
        raise BadPicture(
            f"has {found:,} scans over {pixels:,} pixels; the most here is {most:,}. Open and save it again"
        )


def jpeg_scans(data: bytes) -> int:
    """How many scans the first picture of a JPEG file has, by its markers alone; nothing is decoded."""
    at, scans = 2, 0
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        marker = data[at + 1]
        if marker == END:
            break
        if marker == 0xFF:  # filling
            at += 1
            continue
        scans += marker == START_OF_SCAN
        alone = marker in ALONE
        at += 2 if alone else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return scans


def _unlike_a_picture(data: bytes) -> str:
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not data:
        return "is empty"
    for magic, reason in NOT_PICTURES:
        if start.startswith(magic):
            return reason
    return "is damaged or not a picture; PNG, JPEG, WebP, GIF, BMP, TIFF and AVIF are read"


def _too_large(found: str) -> str:
    return (
        f"declares {found}; the most is {MOST_PIXELS // 10**6} million, {LONGEST_SIDE} a side. Scale it down"
    )


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Height and width as seen. Pillow has already exchanged them for TIFF."""
    orientation = 1
    with suppress(Exception):  # damaged EXIF says nothing about the picture
        orientation = image.getexif().get(ORIENTATION, 1)
    width, height = image.size
    return (width, height) if orientation in TURNED and image.format != "TIFF" else (height, width)


def upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF says nothing about the picture
        return image


def _flat(image: Image.Image, layout: Layout) -> Image.Image:
    """Eight bits, opaque, in the layout's channels."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(eight_bits(np.asarray(image)))
    if image.mode == "LAB":
        image = from_lab(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*layout.background, 255))
        image = Image.alpha_composite(ground, image)
    return image if image.mode == layout.mode else image.convert(layout.mode)


def from_lab(image: Image.Image) -> Image.Image:
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None  # only when asked to work in place
    return converted


def eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale 16- or 32-bit gray values to 0..255.

    Raises:
        BadPicture: some are NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise BadPicture("holds NaN or infinite pixels. Replace them, or remove the file")
    low, high = float(values.min()), float(values.max())
    ceilings = (65535.0,) if values.dtype.kind in "iu" else (1.0, 255.0, 65535.0)
    start, end = next(((0.0, ceiling) for ceiling in ceilings if low >= 0 and high <= ceiling), (low, high))
    scaled = values.astype(np.float64)  # then in place: it may be half a gigabyte
    scaled -= start
    scaled *= 255 / max(end - start, 1e-300)
    return np.rint(scaled, out=scaled).clip(0, 255, out=scaled).astype(np.uint8)


def _fit(image: Image.Image, layout: Layout) -> Image.Image:
    if (image.height, image.width) == (layout.height, layout.width):
        return image
    target = (layout.width, layout.height)
    if layout.fit == "pad":
        return _padded(image, layout)
    if layout.fit == "cut" and image.width >= layout.width and image.height >= layout.height:
        left, top = (image.width - layout.width) // 2, (image.height - layout.height) // 2
        return image.crop((left, top, left + layout.width, top + layout.height))
    box = None if layout.fit == "stretch" else _cropping_box(image, layout)
    return image.resize(target, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _cropping_box(image: Image.Image, layout: Layout) -> tuple[float, float, float, float]:
    """The largest centered part of ``image`` with the layout's proportions."""
    scale = min(image.width / layout.width, image.height / layout.height)
    width, height = layout.width * scale, layout.height * scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return (left, top, min(left + width, image.width), min(top + height, image.height))


def _padded(image: Image.Image, layout: Layout) -> Image.Image:
    scale = min(layout.width / image.width, layout.height / image.height)
    width = min(max(round(image.width * scale), 1), layout.width)
    height = min(max(round(image.height * scale), 1), layout.height)
    small = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    ground = Image.new("RGB", (layout.width, layout.height), layout.background).convert(image.mode)
    ground.paste(small, ((layout.width - width) // 2, (layout.height - height) // 2))
    return ground
