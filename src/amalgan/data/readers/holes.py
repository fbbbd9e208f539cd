"""Where the holes of a picture are, as a user says it: a mask, a folder of masks, or a color.

mask.png       white is missing, black is known; for every picture
masks/         one a picture, of its name, whatever its ending
'#ff00ff'      pixels of about that color are missing
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from amalgan.core.errors import BadPicture, DataError, UsageError
from amalgan.core.file_names import shown
from amalgan.data.decoding.full_picture import FullPicture, read
from amalgan.data.readers.folders import Folder

NEAR = 16
"""Levels of 255 by which each channel of a missing pixel may differ from the color."""

Known = NDArray[np.float32]
"""(H, W): 1 where a picture can be believed, 0 in holes."""
FindHoles = Callable[[str, FullPicture], Known]
"""From a picture's name and the picture; raises BadPicture."""


def holes(text: str) -> FindHoles:
    """What ``text``, a path or a color, means.

    Raises:
        UsageError: it is neither.
    """
    place = Path(text)
    if place.is_dir():
        return in_folder(place)
    if place.is_file():
        mask = mask_at(place)
        return lambda name, whole: fitting(mask, whole, place.name)
    try:
        color = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise UsageError(
            f"--mask {text}: there is no such file or folder, and no such color. Give a picture that is white where "
            "something is missing, a folder of them, or the color of what is missing, as '#ff00ff'."
        ) from None
    return lambda name, whole: other_than(color, whole)


def in_folder(place: Path) -> FindHoles:
    """The mask of the picture's name, whatever its ending."""
    found = Folder(place)
    rows = {stem(shown(found.path(row))): row for row in range(len(found))}

    def find(name: str, whole: FullPicture) -> Known:
        row = rows.get(stem(name))
        if row is None:
            raise BadPicture(f"has no mask of its name in {shown(place.name)}. Add one")
        return fitting(known_of(read(found.read(row))), whole, name)

    return find


def stem(name: str) -> str:
    """A name without its ending."""
    return str(PurePosixPath(name).with_suffix(""))


def mask_at(place: Path) -> Known:
    """The mask in one file.

    Raises:
        DataError: it is no picture.
    """
    try:
        return known_of(read(place.read_bytes()))
    except (BadPicture, OSError) as error:
        raise DataError(f"--mask {place} {error}.") from None


def known_of(mask: FullPicture) -> Known:
    """1 where the mask is darker than middle gray."""
    return (mask.color.mean(0) < 0).astype(np.float32)


def fitting(known: Known, whole: FullPicture, name: str) -> Known:
    """``known``, if it is of the picture's size."""
    if known.shape != whole.size:
        (high, wide), (height, width) = known.shape, whole.size
        raise BadPicture(f"has {width}x{height} pixels, its mask {name} {wide}x{high}. Make them of one size")
    return known


def other_than(color: tuple[int, ...], whole: FullPicture) -> Known:
    """1 where the picture is of another color."""
    asked = np.array(color, np.float32)
    if len(whole.color) == 1:
        asked = np.array([Image.new("RGB", (1, 1), tuple(color)).convert("L").getpixel((0, 0))], np.float32)
    apart = np.abs((whole.color + 1) * 127.5 - asked[:, None, None])
    return (apart.max(0) > NEAR).astype(np.float32)
