"""Between the bytes of files and the floats of networks.

uint8 (B, C, H, W) in 0..255      ──► from_bytes ──►   float32 in [-1, 1]: x = v / 127.5 - 1
uint8 (B, H, W) or (B, H, W, 3)   ◄──  to_bytes  ◄──   rounded to the nearest, clipped at the ends
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor


def from_bytes(pixels: NDArray[Any] | Tensor) -> Float[Tensor, "B C H W"]:
    """Pictures as networks see them, on the device that they are on."""
    found = pixels if isinstance(pixels, Tensor) else torch.from_numpy(pixels)
    return found.to(torch.float32).mul_(1 / 127.5).sub_(1)


def to_bytes(x: Float[Tensor, "B C H W"]) -> NDArray[np.uint8]:
    """Pictures as files hold them, (N, H, W) or (N, H, W, 3)."""
    values = x.detach().to("cpu").float()
    whole: NDArray[np.uint8] = values.add(1).mul_(127.5).round_().clamp_(0, 255).nan_to_num_(0).byte().numpy()
    return whole[:, 0] if whole.shape[1] == 1 else np.ascontiguousarray(whole.transpose(0, 2, 3, 1))


def delivered(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
    """Pictures within [-1, 1], in 256 steps."""
    return x.add(1).mul(127.5).round().clamp(0, 255).nan_to_num(0).mul(1 / 127.5).sub(1)


def smooth(count: int, shape: tuple[int, ...], generator: torch.Generator) -> Float[Tensor, "B C H W"]:
    """Random pictures without edges, within [-0.8, 0.8]."""
    coarse = torch.rand(count, shape[0], 3, 3, generator=generator) * 1.6 - 0.8
    return torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear", align_corners=True)


class Clamped(torch.autograd.Function):
    """What users get of a generated picture: values beyond [-1, 1] are clamped. A gradient that would carry a
    value further out is dropped, one that brings it back passes: nothing saturates."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(-1, 1)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        outward = ((x < -1) & (slope > 0)) | ((x > 1) & (slope < 0))
        return slope.masked_fill(outward, 0.0)


def clamp(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
    """Pictures within [-1, 1], with the gradients of ``Clamped``."""
    return cast(Tensor, Clamped.apply(x))  # type: ignore[no-untyped-call]
