"""What a page needs to write what ``amalgan compress`` writes: the tables and axes of the model's coder."""

from __future__ import annotations

from typing import Any

from amalgan.codec.transform_coder import BIT_WORTH, TransformCoder
from amalgan.studies.page.packed_numbers import pack_numbers
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
        "warp": pack_numbers(coder.warp),
        "unwarp": pack_numbers(coder.unwarp),
        "center": pack_numbers(coder.center),
        "axes": pack_numbers(coder.axes),
        "step": pack_numbers(coder.step),
        **{
            name: pack_numbers(getattr(coder, name), "int32")
            for name in ("table", "frequency", "length", "lowest")
        },
    }
