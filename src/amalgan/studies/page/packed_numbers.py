"""Numbers in the JSON of a page: base64 beside its type, which the page turns into a typed array of that type."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from torch import Tensor

TYPES = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "uint8": "u1"}
"""Types that a page knows, and how numpy names them in little-endian order."""


def pack_numbers(numbers: Tensor | np.ndarray, kind: str = "float32") -> dict[str, str]:
    """Return ``numbers``, flat, as JSON of one of ``TYPES``."""
    array: Any = numbers.detach().cpu().numpy() if isinstance(numbers, Tensor) else numbers
    return {kind: b64encode(np.asarray(array, TYPES[kind]).tobytes()).decode()}
