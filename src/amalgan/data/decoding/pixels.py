"""The door between the bytes of files and the floats of networks.

image    uint8 (B, C, H, W) in 0..255      ──► from_pixels ──►   float32 in [-1, 1]: x = v / 127.5 - 1
         uint8 (B, H, W) or (B, H, W, 3)   ◄──  to_pixels  ◄──   rounded to the nearest, clipped at the ends
vector   float32 (B, D) in the data's units       ◄──►           (v - center) / spread

An entry whose spread is 0 has one value in all training examples: as networks see it, it is v - center, and whatever
they make of it, ``center`` comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.core.types import DataSpec


def from_pixels(pixels: NDArray[Any], spec: DataSpec) -> Tensor:
    """Examples as networks see them: float32 (B, *spec.shape).

    ``pixels`` is uint8 (B, C, H, W), or float32 (B, D) in the data's own units.
    """
    import torch

    if spec.kind == "image":
        return torch.from_numpy(pixels).to(torch.float32).mul_(1 / 127.5).sub_(1)
    center, spread = np.asarray(spec.center, np.float32), np.asarray(spec.spread, np.float32)
    spread = np.where(spread == 0, np.float32(1), spread)
    return torch.from_numpy(((pixels - center) / spread).astype(np.float32, copy=False))


def to_pixels(x: Tensor, spec: DataSpec) -> NDArray[Any]:
    """Examples as files hold them: uint8 (N, H, W) or (N, H, W, 3), or float32 (N, D) in the data's units."""
    values = x.detach().to("cpu").float()
    if spec.kind == "vector":
        center, spread = np.asarray(spec.center, np.float32), np.asarray(spec.spread, np.float32)
        restored: NDArray[Any] = values.numpy() * spread + center
        return restored
    whole = values.add(1).mul_(127.5).round_().clamp_(0, 255).nan_to_num_(0).byte().numpy()
    return whole[:, 0] if whole.shape[1] == 1 else np.ascontiguousarray(whole.transpose(0, 2, 3, 1))


def delivered(x: Tensor) -> Tensor:
    """Return pictures (B, C, H, W) as files hold them: within [-1, 1], in 256 steps. Vectors as they are."""
    if x.ndim != 4:
        return x
    return x.add(1).mul(127.5).round().clamp(0, 255).nan_to_num(0).mul(1 / 127.5).sub(1)
