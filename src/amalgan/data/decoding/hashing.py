"""Hashes of what examples hold."""

from __future__ import annotations

from hashlib import blake2b
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


def content_hashes(pixels: NDArray[Any]) -> NDArray[np.uint64]:
    """BLAKE2b of each row's bytes, (n, 2) uint64: equal pixels, equal hash."""
    width = prod(pixels.shape[1:]) * pixels.itemsize
    rows = pixels.reshape(len(pixels), width // pixels.itemsize).view(np.uint8)
    digests = b"".join(blake2b(row.data, digest_size=16).digest() for row in rows)
    return np.frombuffer(digests, "<u8").reshape(-1, 2)
