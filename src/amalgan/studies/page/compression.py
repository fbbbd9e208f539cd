"""What a page needs to write what ``amalgan compress`` writes: the tables and axes of the model's coder."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from torch import Tensor

from amalgan.codec.transform_coder import BIT_WORTH, TransformCoder
from amalgan.studies.page.codes import encode_floats
from amalgan.systems.model_file import Model

MOST_NUMBERS = 2**21
"""In the axes of all parts; a page of more shows the code as half-precision floats."""


def coder_of(model: Model) -> dict[str, Any] | None:
    """Return the coder as JSON; None where there is none, or it needs more than the code."""
    coder = model.coder
    if not isinstance(coder, TransformCoder) or coder.axes.numel() + 2 * coder.warp.numel() > MOST_NUMBERS:
        return None
    return {
        "size": coder.center.shape[1],
        "parts": len(coder.center),
        "usual": int(coder.usual),
        "bitWorth": BIT_WORTH,
        "warp": encode_floats(coder.warp),
        "unwarp": encode_floats(coder.unwarp),
        "center": encode_floats(coder.center),
        "axes": encode_floats(coder.axes),
        "step": encode_floats(coder.step),
        **{
            name: encode_integers(getattr(coder, name)) for name in ("table", "frequency", "length", "lowest")
        },
    }


def encode_integers(numbers: Tensor) -> str:
    """Return whole numbers as base64 of 32 bits."""
    return b64encode(np.asarray(numbers.cpu().numpy(), "<i4").tobytes()).decode()
