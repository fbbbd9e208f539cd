"""Pictures by the formats of others: bytes, decibels and speed, for the benchmarks of compression to stand beside."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
FORMATS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "JPEG": ({"optimize": True}, (5, 10, 20, 40, 60, 80)),
    "WebP": ({"method": 6}, (0, 10, 30, 50, 70, 85)),
    "AVIF": ({"speed": 8}, (10, 30, 50, 70)),
    "JXL": ({"effort": 5}, (10, 40, 70, 85)),
}


def others(pixels: Sequence[Pixels], *, gray: bool) -> Iterator[dict[str, Any]]:
    """What Pillow writes; JPEG XL where its plugin is there."""
    for name, (options, asked) in FORMATS.items():
        if name == "JXL" and not has_jxl():
            continue
        for quality in asked:
            began = time.process_time()
            files = [saved(picture, name, quality=quality, **options) for picture in pixels]
            wrote = time.process_time()
            back = [read(file, gray) for file in files]
            ended, size = time.process_time(), sum(map(len, files))
            yield {
                "format": "JPEG XL" if name == "JXL" else name,
                "quality": quality,
                "bytes_each": size / len(files),
                "bits_per_pixel": 8 * size / count(pixels),
                "psnr": psnr(pixels, back),
                "megapixels_written_a_second": count(pixels) / 1e6 / (wrote - began),
                "megapixels_read_a_second": count(pixels) / 1e6 / (ended - wrote),
            }


def has_jxl() -> bool:
    """Whether Pillow can write JPEG XL here."""
    try:
        import pillow_jxl  # noqa: F401 - it enters itself
    except ImportError:
        return False
    return True


def saved(picture: Pixels, name: str, **options: Any) -> bytes:
    """One picture as a file."""
    file = BytesIO()
    Image.fromarray(picture).save(file, name, **options)
    return file.getvalue()


def read(file: bytes, gray: bool) -> Pixels:
    """Its pixels."""
    return np.asarray(Image.open(BytesIO(file)).convert("L" if gray else "RGB"))


def count(pixels: Iterable[Pixels]) -> int:
    """Pixels in all."""
    return sum(picture.shape[0] * picture.shape[1] for picture in pixels)


def psnr(x: Sequence[Pixels], y: Sequence[Pixels]) -> float:
    """Decibels of the mean error of all pixels."""
    error = sum(float(np.square(a.astype(float) - b.astype(float)).sum()) for a, b in zip(x, y, strict=True))
    return 10 * math.log10(255**2 / (error / sum(picture.size for picture in x)))
