"""One picture file, from bytes that may be anything to eight bits at a size.

    bytes ─► open (format by content) ─► size limit ─► load ─► upright ─► opaque, eight bits, sRGB ─► fit
               └───────┴─ BadPicture, with a reason in words, from any ─┴──────┘         └► content, view

Formats: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, and HEIC and JPEG XL with a plug-in (``formats``). The first frame of an
animation and the first page of a TIFF count; how many there are is told. EXIF orientation (``orientation``) and color
profiles are applied (``color_profiles``). Numbers of more than eight bits, gray or color (``deep_numbers``), are
scaled by one range for a data set (``ranges``). Transparency is laid on the background. CMYK, palettes and Lab become
RGB. Every picture is decoded whole, so that its content does not depend on what size is asked for, and is the same for
whoever decodes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.core.limits import MOST_PIXELS
from amalgan.data.decoding import formats
from amalgan.data.decoding.color_profiles import from_lab, to_srgb
from amalgan.data.decoding.deep_numbers import in_eight_bits, is_deep, is_wide, numbers_of, refuse_planes
from amalgan.data.decoding.fitting import fit
from amalgan.data.decoding.hashing import content_hashes
from amalgan.data.decoding.jpeg_scans import require_few_scans
from amalgan.data.decoding.layout import Layout
from amalgan.data.decoding.near_copies import view_of
from amalgan.data.decoding.orientation import upright, upright_size
from amalgan.data.decoding.ranges import Range, Values, eight_bits, values_of

LONGEST_SIDE = 30_000
LARGE_PIXELS = 16_000_000
ONE_AT_A_TIME = Lock()
"""Larger pictures are decoded one after the other: each may take a gigabyte, and there is a thread a core."""
GRAY_MODES = frozenset({"1", "L", "LA", "La", "F", "I", "I;16", "I;16L", "I;16B", "I;16N"})


class Measured(NamedTuple):
    """What the header of a picture says."""

    height: int
    width: int
    gray: bool


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One decoded picture."""

    pixels: NDArray[np.uint8]
    """(C, H, W)."""
    size: tuple[int, int]
    """Height and width before fitting, upright."""
    mode: str
    """Pillow's name for what the file held: L, RGB, P, CMYK, I;16 ..."""
    content: NDArray[np.uint64]
    """(2,): hash of its pixels in eight bits, at its own size and in its own channels."""
    view: NDArray[np.float16]
    """(64,): how it looks from afar."""
    pages: int = 1
    """Pages or frames of its file, of which it is the first."""
    cut: bool = False
    """Its file has 16 bits a channel, of which the upper eight alone were read."""
    deep: bool = False
    """It was read from numbers of more than eight bits."""
    ranged_by: Range | None = None
    """What its numbers of more than eight bits were read by; None for the range of their type."""
    beyond: bool = False
    """Some of it lies beyond the range that it is read by."""


def measure(data: bytes) -> Measured:
    """Read the header of a picture file.

    Raises:
        BadPicture: it is no picture of an allowed format and size.
    """
    with guarded(), opened(data) as image:
        height, width = upright_size(image)
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
    with guarded(), loaded(data) as image:
        numbers = numbers_of(image, data)
        found = of_image(upright(image), layout, numbers)
        return replace(
            found,
            mode=image.mode,
            deep=numbers is not None,
            ranged_by=layout.range,
            beyond=_is_beyond(numbers, layout.range),
            cut=numbers is None and is_wide(image, data),
            pages=_pages(image),
        )


def of_image(image: Image.Image, layout: Layout, numbers: NDArray[Any] | None = None) -> Picture:
    """An upright picture that was decoded, made into the layout; ``numbers`` as ``opaque`` has them."""
    flat = opaque(image, layout, numbers)
    return Picture(
        pixels=in_layout(flat, layout),
        size=(flat.height, flat.width),
        mode=image.mode,
        content=content_of(flat),
        view=view_of(flat),
    )


@contextmanager
def loaded(data: bytes) -> Iterator[Image.Image]:
    """The picture in ``data``, decoded.

    Raises:
        BadPicture: it is no picture of an allowed format and size.
    """
    with opened(data) as image:
        formats.check_sums(data, image.format)
        refuse_planes(image, data)
        with ONE_AT_A_TIME if image.width * image.height > LARGE_PIXELS else nullcontext():
            image.load()
            yield image


def values(data: bytes) -> Values | None:
    """What a picture file of more than eight bits holds; None for any other.

    Raises:
        BadPicture: whatever is wrong with it.
    """
    with guarded(), opened(data) as header:
        if not is_deep(header) and not is_wide(header, data):
            return None
        with loaded(data) as image:
            numbers = numbers_of(image, data)
            return None if numbers is None else values_of(numbers)


def shows_gray(data: bytes, layout: Layout) -> bool:
    """Whether a picture file shows nothing but gray, whatever it is stored in.

    Raises:
        BadPicture: whatever is wrong with it.
    """
    with guarded(), loaded(data) as image:
        flat = opaque(upright(image), layout, numbers_of(image, data))
        return flat.mode == "L" or is_gray(np.asarray(flat))


def is_gray(pixels: NDArray[np.uint8]) -> bool:
    """Whether the three channels of all of (..., H, W, 3) are one; most that are not show it in a few pixels."""
    return not _is_colored(pixels[..., ::7, ::7, :]) and not _is_colored(pixels)


def _is_colored(pixels: NDArray[np.uint8]) -> bool:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return bool((red != green).any() or (green != blue).any())


def content_of(flat: Image.Image) -> NDArray[np.uint64]:
    """The hash of an opaque picture's pixels, channels first: (2,)."""
    pixels = np.asarray(flat)
    rows = pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]
    return content_hashes(rows)[0]


def _is_beyond(numbers: NDArray[Any] | None, within: Range | None) -> bool:
    """Whether the range cuts some of the numbers."""
    if within is None or numbers is None:
        return False
    least, greatest, _ = values_of(numbers)
    return least < within.black or greatest > within.white


def _pages(image: Image.Image) -> int:
    """How many pages or frames its file has; the second picture of a camera's own (MPO) is none."""
    with suppress(Exception):  # the first was decoded; a damaged chain of others ends where it is damaged
        return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    return 1


def fitted(image: Image.Image, layout: Layout, numbers: NDArray[Any] | None = None) -> NDArray[np.uint8]:
    """Any picture as uint8 (C, H, W) of the layout; ``numbers`` as ``opaque`` has them."""
    return in_layout(opaque(image, layout, numbers), layout)


def in_layout(flat: Image.Image, layout: Layout) -> NDArray[np.uint8]:
    """An opaque picture as uint8 (C, H, W) of the layout."""
    pixels = np.asarray(
        fit(flat if flat.mode == layout.mode else flat.convert(layout.mode), layout), np.uint8
    )
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
    """The picture in ``data``, its header read and found to be of a size that can be decoded.

    Raises:
        BadPicture: it is no picture of an allowed format and size.
    """
    image = formats.opened(data)
    width, height = image.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise BadPicture(_too_large(f"{width}x{height} pixels"))
    if image.format in ("JPEG", "MPO"):
        require_few_scans(data, width * height)
    return image


def _too_large(found: str) -> str:
    return (
        f"declares {found}; the most is {MOST_PIXELS // 10**6} million, {LONGEST_SIDE} a side. Scale it down"
    )


def opaque(image: Image.Image, layout: Layout, numbers: NDArray[Any] | None = None) -> Image.Image:
    """The picture in eight bits, as gray (L) if it is stored so and else as RGB, on the layout's background.

    Args:
        numbers: what its file holds in more than eight bits, where ``image`` has fewer.
    """
    if is_deep(image):
        return Image.fromarray(eight_bits(np.asarray(image), layout.range))
    if numbers is not None:
        image = in_eight_bits(image, numbers, layout.range)
    if image.mode == "LAB":
        image = from_lab(image)
    image = to_srgb(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*layout.background, 255))
        image = Image.alpha_composite(ground, image)
    mode = "L" if image.mode in GRAY_MODES else "RGB"
    return image if image.mode == mode else image.convert(mode)
