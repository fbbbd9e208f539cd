"""Angles: rows (N, D) in [-pi, pi), as directions of the wind or of joints.

    stored (D,) ─► cosines, sines ─► x (2 D,) ─► back to the circle ─► (D,)          drawn: a dial for each angle

A network that sees an angle as a number does not know that pi and -pi are one; it sees its point on the circle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.errors import BadPicture
from amalgan.core.types import DataSpec
from amalgan.kinds.measures import Likeness
from amalgan.kinds.plain import Plain, all_but
from amalgan.kinds.registry import register

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures


@register("angles")
class Angles(Plain):
    """Rows of angles."""

    noun, nouns = "row of angles", "rows of angles"
    refused = all_but("drawing")

    def text(self, spec: DataSpec) -> str:
        return f"{spec.size // 2} angles"

    def read(self, name: str, found: ArrayData | Pictures, request: Request, into: Into) -> Iterator[None]:
        """Arrays and tables as ``Plain`` does; files hold a row of degrees each, as many as the first one."""
        from amalgan.data.dataset.read_files import read_files
        from amalgan.data.readers.sources import ArrayData

        if isinstance(found, ArrayData):
            return super().read(name, found, request, into)
        shape = degrees(found.read(0)).shape
        return read_files(self, found, shape, lambda data: degrees(data, shape), into)

    def shape_of(self, stored: tuple[int, ...]) -> tuple[int, ...]:
        """Two numbers an angle."""
        return (2 * stored[0],)

    def entry_names(self, spec: DataSpec) -> list[str]:
        names = spec.names or [f"angle {number + 1}" for number in range(spec.size // 2)]
        return [f"{side} of {name}" for side in ("cosine", "sine") for name in names]

    def from_python(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
        from amalgan.data.dataset.in_memory import vectors

        return vectors(x, spec, (spec.size // 2,))

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        """Points on circles, float32 (B, 2 D)."""
        import torch

        angle = super().from_stored(values, spec)
        return torch.cat([angle.cos(), angle.sin()], dim=1)

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        """Angles, float32 (N, D)."""
        return super().to_stored(angle_of(x), spec)

    def delivered(self, x: Tensor) -> Tensor:
        """The nearest points on the circles."""
        import torch

        angle = angle_of(x)
        return torch.cat([angle.cos(), angle.sin()], dim=1)

    def drawn(self, stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
        from .dials import dials

        return dials(stored)

    def units(self) -> str:
        return "units of the radius"

    def likenesses(self) -> tuple[Likeness, ...]:
        name = "mean angle between an example and its reconstruction in radians, {of}"
        return (Likeness("angle_error", "Angle", "rad", False, name, turn),)


def degrees(data: bytes, shape: tuple[int, ...] | None = None) -> NDArray[np.float32]:
    """The angles that a file of text holds; BadPicture, where it holds none or not as many as ``shape`` says."""
    try:
        found = np.array(data.split(), np.float64)
    except ValueError:
        raise BadPicture("holds something else than numbers") from None
    if not np.isfinite(found).all() or found.shape != (shape or found.shape):
        raise BadPicture(f"holds {len(found)} numbers, or some that are not finite")
    return ((np.radians(found) + np.pi) % (2 * np.pi) - np.pi).astype(np.float32)


def angle_of(x: Tensor) -> Tensor:
    """The angle of each point, (B, D)."""
    import torch

    cosine, sine = x.chunk(2, dim=1)
    return torch.atan2(sine, cosine)


def turn(made: Tensor, real: Tensor) -> Tensor:
    """How far each example is turned, the mean over its angles, (B,)."""
    import torch

    apart = angle_of(made) - angle_of(real)
    return torch.atan2(apart.sin(), apart.cos()).abs().mean(1)
