"""The two halves of a system as modules of their own: what fine-tunes an encoder, or hangs a loss on a decoder.

    Encoder: example ─► system.encode ─► code          Decoder: code ─► system.decode ─► example

Each computes what the system computes, so a code is the code that ``encode`` gives, and its parameters are those of
one half alone. ``to`` moves the whole system, so that the two halves stay on one device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from jaxtyping import Float
from torch import Tensor, nn

from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.base import System


class Half(nn.Module):
    """One half of a system; the network called ``name`` is its only sub-module, or all of a system without one."""

    def __init__(self, system: System, name: str) -> None:
        super().__init__()
        self.network = dict(system.named_children()).get(name, system)
        self.whole = (system,)  # in a tuple, lest its parameters count as this half's

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        self.whole[0]._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self


class Encoder(Half):
    """From examples to codes."""

    def __init__(self, system: System) -> None:
        super().__init__(system, "encoder")

    def forward(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        system = self.whole[0]
        assert isinstance(system, Encodes)
        return system.encode(x)


class Decoder(Half):
    """From codes to faithful decodes."""

    def __init__(self, system: System) -> None:
        super().__init__(system, "decoder")

    def forward(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        system = self.whole[0]
        assert isinstance(system, Decodes)
        return system.decode(code)
