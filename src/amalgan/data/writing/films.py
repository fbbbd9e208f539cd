"""Films: pictures that follow one another, as an animated WebP that any browser plays.

uint8 (T, H, W) or (T, H, W, 3) ─► each pixel repeated until the frame can be seen ─► lossless WebP, for ever

Equal frames make equal bytes. Players and editors may merge frames that are alike; the time they are shown is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from amalgan.core.errors import UsageError
from amalgan.core.file_names import describe_ending
from amalgan.core.files import write_bytes
from amalgan.data.writing.provenance import xmp_of

SHOWN_SIDE = 256
"""Pixels that the shorter side of a frame should have, about, and no frame is made smaller for it."""
FRAME_MILLISECONDS = 60


def write_film(
    out: Path, frames: NDArray[np.uint8], *, text: Mapping[str, str] | None = None, overwrite: bool = False
) -> None:
    """Write ``frames`` to the .webp file ``out``, with ``text`` for those who look into it.

    Raises:
        UsageError: as ``check_film`` does.
        FileError: the file cannot be written.
    """
    check_film(out, overwrite=overwrite)
    write_bytes(out, film_bytes(frames, text))


def check_film(out: Path, *, overwrite: bool = False) -> None:
    """Refuse, before anything is computed, a place that no film should go to.

    Raises:
        UsageError: another ending, or a file that is there already.
    """
    if out.suffix.lower() not in (".webp", ".txt"):
        raise UsageError(f"{out} {describe_ending(out)}; a walk goes to a .webp file, or .txt for strings.")
    if out.exists() and not overwrite:
        raise UsageError(f"{out} is there already. Replace it by --overwrite, or choose another name.")


def film_bytes(frames: NDArray[np.uint8], text: Mapping[str, str] | None = None) -> bytes:
    """An animated WebP file, with ``text`` on its origin as EXIF and as XMP."""
    times = shown_times(frames)
    first, *rest = [Image.fromarray(enlarged(frame, times)).convert("RGB") for frame in frames]
    file = BytesIO()
    first.save(
        file,
        "WEBP",
        save_all=True,
        append_images=rest,
        duration=FRAME_MILLISECONDS,
        loop=0,
        lossless=True,
        exif=exif_of(text or {}),
        xmp=xmp_of(text).encode() if text else b"",
    )
    return file.getvalue()


def shown_times(frames: NDArray[Any]) -> int:
    """How often each pixel is repeated."""
    return max(1, round(SHOWN_SIDE / min(frames.shape[1:3])))


def enlarged(picture: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    """``picture`` with each pixel repeated across and down."""
    larger: NDArray[np.uint8] = picture.repeat(times, axis=0).repeat(times, axis=1)
    return larger


def exif_of(text: Mapping[str, str]) -> Image.Exif:
    """``Software`` under its own tag, all else in the description."""
    exif = Image.Exif()
    if "Software" in text:
        exif[Base.Software] = text["Software"]
    rest = [f"{name}: {value}" for name, value in text.items() if name != "Software"]
    if rest:
        exif[Base.ImageDescription] = "; ".join(rest)
    return exif
