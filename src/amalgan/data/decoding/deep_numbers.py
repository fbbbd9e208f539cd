"""What files of more than eight bits hold: gray as Pillow gives it, color of 16 bits by two looks at the same bytes.

file ─► color, of which Pillow keeps the upper bytes ────────────────────────┬─► numbers (H, W, 3)
    └─► the same tiles with the bytes of each number exchanged: the lower ones ─┘
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import BadPicture
from amalgan.data.decoding import formats
from amalgan.data.decoding.orientation import upright
from amalgan.data.decoding.ranges import Range, eight_bits

BITS_PER_SAMPLE, PLANAR_CONFIGURATION, SEPARATE = 258, 284, 2
"""Tags of TIFF, and what the second holds where each channel is a plane of its own."""
NOT_NATIVE = "B" if sys.byteorder == "little" else "L"
LOWER = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA", "RGBX")
    for order, other in (("B", "L"), ("L", "B"), ("N", NOT_NATIVE))
}
"""How Pillow is asked for the lower bytes, where it takes the upper ones by the key."""


def is_deep(image: Image.Image) -> bool:
    """Whether it has more than eight bits of gray."""
    return image.mode == "F" or image.mode.startswith("I")


def is_wide(image: Image.Image, data: bytes) -> bool:
    """Whether the file of ``image`` has 16 bits for each of several channels."""
    if image.format == "PNG":
        return data[24:25] == b"\x10" and data[25:26] in (b"\2", b"\4", b"\6")
    bits = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, ())
    return isinstance(bits, tuple) and len(bits) > 1 and max(bits) > 8


def refuse_planes(image: Image.Image, data: bytes) -> None:
    """Refuse planes of 16 bits that are not compressed: Pillow takes each byte of them for a pixel.

    Raises:
        BadPicture: it is such a file.
    """
    planes = has_planes(image) and is_wide(image, data)
    if planes and any(rawmode_of(tile) not in LOWER for tile in tiles_of(image)):
        raise BadPicture("holds 16 bits a channel in separate planes. Save it with its channels interleaved")


def lower_bytes(image: Image.Image, data: bytes) -> Image.Image | None:
    """Return the lower eight bits of each channel, as an image of the same mode; None where there are none to be had.

    Args:
        image: the same file, opened, with the upper eight bits.
    """
    if not is_wide(image, data) or has_planes(image):
        return None
    lower = formats.opened(data)
    if not tiles_of(lower) or any(rawmode_of(tile) not in LOWER for tile in tiles_of(lower)):
        return None
    exchange_bytes(lower)
    lower.load()
    return lower


def has_planes(image: Image.Image) -> bool:
    """Whether each channel of a TIFF is a plane of its own; compressed ones are read by their upper bytes alone."""
    return bool(getattr(image, "tag_v2", {}).get(PLANAR_CONFIGURATION) == SEPARATE)


def rawmode_of(tile: Any) -> str:
    """Return the order of bytes that Pillow reads a tile in."""
    return str(tile.args if isinstance(tile.args, str) else tile.args[0])


def exchange_bytes(image: Any) -> None:
    """Let the tiles of an opened image be read with the two bytes of each number exchanged."""
    image.tile = [tile._replace(args=exchanged(tile.args)) for tile in image.tile]


def exchanged(args: Any) -> Any:
    """Return the arguments of a decoder with the two bytes of each number exchanged."""
    return LOWER[args] if isinstance(args, str) else (LOWER[args[0]], *args[1:])


def tiles_of(image: Any) -> list[Any]:
    """Return what an opened image is decoded by; nothing for formats that are decoded otherwise."""
    return list(getattr(image, "tile", []))


def numbers_of(image: Image.Image, data: bytes) -> NDArray[Any] | None:
    """What a file of more than eight bits holds, upright: (H, W) gray or (H, W, 3) color; None for any other."""
    if is_deep(image):
        return np.asarray(upright(image))
    if (lower := lower_bytes(image, data)) is None:
        return None
    high, low = (np.asarray(upright(one))[..., :3].astype(np.uint16) for one in (image, lower))
    return high * np.uint16(256) + low


def in_eight_bits(image: Image.Image, numbers: NDArray[Any], within: Range | None) -> Image.Image:
    """``image``, with its transparency and its color profile, in the colors of ``numbers`` (H, W, 3)."""
    colored = Image.fromarray(eight_bits(numbers, within))
    colored.info = dict(image.info)
    if image.mode == "RGBA":
        colored.putalpha(image.getchannel("A"))
    return colored
