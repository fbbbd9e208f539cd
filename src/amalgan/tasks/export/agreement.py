"""How well decodes agree with what is known of a picture, and which way that changes, as a graph without gradients.

    code, x, known ─► cost = sum of known (decode(code) - x)², and d cost / d code ─► (cost, gradient) a row

What fills holes descends this (``tasks.restore.project``). The derivative is traced as operations of its own: the
backward pass of a convolution is a convolution too, so whatever runs ONNX can run the search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch._decomp import core_aten_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from amalgan.core.errors import ExportError
from amalgan.systems.model_file import Model
from amalgan.tasks.export.export import TOLERANCE, quiet, sign, write_onnx
from amalgan.tasks.export.graphs import copy_settled

ABILITY = "agree"
NAMES = ("code", "x", "known")
OUTPUT = "agreement"
ATEN = torch.ops.aten


class Agreement(nn.Module):
    """Cost and gradient of ``count`` codes for one picture."""

    def __init__(self, model: Model, count: int) -> None:
        super().__init__()
        self.system: Any = copy_settled(model.system)
        self.count, self.shape = count, model.spec.shape

    def forward(
        self, code: Float[Tensor, "B K"], x: Float[Tensor, "1 C H W"], known: Float[Tensor, "1 1 H W"]
    ) -> Float[Tensor, "B 1+K"]:
        """The cost of each code, then its gradient."""
        with torch.enable_grad():
            code = code.detach().requires_grad_()
            cost = ((self.system.decode(code) - x) * known).square().flatten(1).sum(1)
            (gradient,) = torch.autograd.grad(cost.sum(), code)
        return torch.cat([cost.detach()[:, None], gradient], dim=1)

    @torch.no_grad()
    def inputs(self, seed: int) -> tuple[Tensor, ...]:
        """Codes of random pictures, another picture, and a random mask."""
        chance = torch.Generator().manual_seed(seed)
        x = torch.rand(self.count + 1, *self.shape, generator=chance) * 2 - 1
        known = (torch.rand(1, 1, *self.shape[1:], generator=chance) < 0.8).float()
        return self.system.encode(x[1:]), x[:1], known


def packed_agreement(model: Model, count: int) -> bytes:
    """The ONNX file of ``Agreement``, for ``count`` codes at a time.

    Raises:
        ExportError: it cannot be written, or would not compute what the model does.
    """
    module, what = Agreement(model, count), "the gradient of its decoder"
    given = module.inputs(seed=0)
    try:
        with quiet():
            traced = make_fx(module, decomposition_table=decompositions())(*given)
    except (RuntimeError, NotImplementedError, AssertionError) as error:  # torch has one for each way
        raise ExportError(f"{what} cannot be traced: {str(error).strip().splitlines()[0]}") from error
    proto = write_onnx(
        Positional(traced), given, sides=({}, {}, {}), names=[*NAMES], outputs=[OUTPUT], what=what
    )
    data = sign(proto, model, ABILITY)
    check(module, data)
    return data


class Positional(nn.Module):
    """A traced function as a module of ``given``."""

    def __init__(self, traced: nn.Module) -> None:
        super().__init__()
        self.traced = traced

    def forward(self, *given: Tensor) -> Tensor:
        """What was traced."""
        found: Tensor = self.traced(*given)
        return found


def check(module: Agreement, data: bytes) -> None:
    """Compare the file with the model, on inputs that it was not traced with.

    Raises:
        ExportError: they differ by more than rounding.
    """
    import onnxruntime  # type: ignore[import-untyped]

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for seed in (1, 2):
        given = module.inputs(seed)
        (found,) = session.run(None, {name: one.numpy() for name, one in zip(NAMES, given, strict=True)})
        wanted = module(*given)
        off = float((torch.from_numpy(found) - wanted).abs().nan_to_num(torch.inf).max())
        if off > TOLERANCE * max(1.0, float(wanted.abs().max())):
            raise ExportError(
                f"{ABILITY}.onnx gives other numbers than the model, by up to {off:.2g}. Another version of "
                "onnxruntime or torch may help."
            )


def decompositions() -> dict[Any, Callable[..., Any]]:
    """What operations of a backward pass are made of."""
    table = dict(core_aten_decompositions())
    table[ATEN.convolution_backward.default] = convolution_backward
    table[ATEN.leaky_relu_backward.default] = leaky_relu_backward
    return table


def convolution_backward(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    bias_sizes: Sequence[int] | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    mask: Sequence[bool],
) -> tuple[Tensor, None, None]:
    """The gradient by the input alone: a convolution transposed is undone by a plain one, and the other way around."""
    if mask[1] or mask[2] or not mask[0]:
        raise NotImplementedError("only the gradient by the input is known here")
    left = [0] * len(stride)
    if not transposed:
        left = [
            x.shape[2 + at]
            - ((grad.shape[2 + at] - 1) * stride[at] - 2 * padding[at])
            - dilation[at] * (weight.shape[2 + at] - 1)
            - 1
            for at in range(len(stride))
        ]
    found = ATEN.convolution(grad, weight, None, stride, padding, dilation, not transposed, left, groups)
    return found, None, None


def leaky_relu_backward(grad: Tensor, x: Tensor, slope: float, is_result: bool) -> Tensor:
    """The slope below zero."""
    return torch.where(x > 0, grad, grad * slope)
