"""The door between what files hold and what networks see. What passes it is for the kind of data to say.

stored examples (B, ...)   ──► from_pixels ──►   float32 (B, *spec.shape)
as files hold them         ◄──  to_pixels  ◄──   the same, on any device
pictures of them           ◄──    drawn    ◄──
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.core.types import DataSpec


def from_pixels(pixels: NDArray[Any], spec: DataSpec) -> Tensor:
    """Stored examples as networks see them: float32 (B, *spec.shape).

    ``pixels`` is uint8 (B, C, H, W), or float32 (B, D) in the data's own units.
    """
    return kind_of(spec).from_stored(pixels, spec)


def to_pixels(x: Tensor, spec: DataSpec) -> NDArray[Any]:
    """Examples as files hold them: uint8 (N, H, W) or (N, H, W, 3), or float32 (N, D) in the data's units."""
    return kind_of(spec).to_stored(x, spec)


def drawn(x: Tensor, spec: DataSpec) -> NDArray[np.uint8]:
    """Examples as pictures, uint8 (N, H, W) or (N, H, W, 3), whatever their kind.

    Raises:
        UsageError: they have no look.
    """
    return kind_of(spec).drawn_directly(x, spec)


def delivered(x: Tensor, spec: DataSpec) -> Tensor:
    """Return examples as users get them: pictures (B, C, H, W) within [-1, 1], in 256 steps; vectors as they are."""
    return kind_of(spec).delivered(x)
