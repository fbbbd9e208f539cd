"""A code as whole numbers, and as bytes: what a model is published with, so that it can compress.

    code z ─► (z - center_m) warp axes_m / step ─► nearest whole numbers ─► range coder ─► bytes
    bytes ─► whole numbers ─► * step axes_m' unwarp + center_m ─► z' ─► decoder of the model

Transform coding on principal axes (Huang & Schultheiss 1963), one set of them for each of M parts that the codes fall
into; the part m that makes the message shortest is sent first. ``warp`` leads to a space in which all directions matter
as much to the decoder, so that one step serves all. Each quality has its own step, sqrt(2) apart.

The floats here make values, never decisions that a decoder must repeat: part and numbers are in the bytes, and how
likely they are is in integer tables. Codes of finitely many levels are coded by their levels, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.codec.base import Coder
from amalgan.codec.frequency_tables import LARGEST, LENGTH_BITS, TOTAL
from amalgan.codec.range_coder import Decoder, Encoder
from amalgan.core.errors import BitstreamError

BIT_WORTH = 0.1155
"""Squared error, in steps, that is worth a bit: ln(2) / 6, from D(R) ~ 2^-2R at the error 1/12 of rounding."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TransformCoder(Coder):
    """Everything as tensors, as the model's file holds it. K entries, M parts, Q qualities, T tables."""

    warp: Float[Tensor, "K K"]
    unwarp: Float[Tensor, "K K"]
    center: Float[Tensor, "M K"]
    """In units of the code."""
    axes: Float[Tensor, "M K K"]
    """Orthogonal: one axis a column, after ``warp``."""
    step: Float[Tensor, " Q"]
    table: Int[Tensor, "Q M K"]
    """By which table each number is coded; the part itself by table 0."""

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> TransformCoder:
        """The coder that a file's tensors make.

        Raises:
            ValueError: they make none.
        """
        coder = cls.from_tensors(tensors)
        (qualities, parts, size), count = coder.table.shape, len(coder.tables.edges)
        shapes = {
            "warp": (size, size),
            "unwarp": (size, size),
            "center": (parts, size),
            "axes": (parts, size, size),
            "step": (qualities,),
            "usual": (),
        }
        coder.check(shapes)
        if not 0 <= int(coder.table.min()) <= int(coder.table.max()) < count or coder.usual >= qualities:
            raise ValueError("there are not as many tables as are used")
        return coder

    @cached_property
    def rows(self) -> list[list[list[int]]]:
        """``table`` as lists."""
        return self.table.tolist()

    @property
    def qualities(self) -> int:
        """How many there are."""
        return len(self.step)

    def numbers(self, code: Float[Tensor, "N K"], level: int) -> Int[Tensor, "N 1+K"]:
        """The part and the whole numbers of each code."""
        best = torch.full((len(code),), torch.inf, dtype=torch.float64)
        found = torch.zeros(len(code), 1 + code.shape[1], dtype=torch.int64)
        for part in range(len(self.center)):
            exact = (code.float() - self.center[part]) @ self.warp @ self.axes[part] / self.step[level]
            whole = exact.nan_to_num(0).clamp(-LARGEST, LARGEST).double().round()
            apart = (exact - whole).double().square().nan_to_num(0).sum(1)
            cost = apart + BIT_WORTH * self.bits(whole.long(), level, part)
            better = cost < best
            best[better] = cost[better]
            found[better] = torch.cat([torch.full((len(code), 1), part), whole.long()], 1)[better]
        return found

    def bits(self, whole: Int[Tensor, "N K"], level: int, part: int) -> Float[Tensor, " N"]:
        """How long each row is in that part, the part itself included."""
        table = self.table[level, part]
        last = self.length[table] - 1
        at = whole - self.lowest[table]
        escaped = (at < 0) | (at >= last)
        bits = self.lengths[table, torch.where(escaped, last, at)]
        spelled = LENGTH_BITS + (2 * whole.abs() + 1).double().log2()
        return (bits + spelled * escaped).sum(1) + self.lengths[0, part]

    @cached_property
    def lengths(self) -> Float[Tensor, "T most"]:
        """Bits of each symbol of each table, padded with zeros."""
        found = torch.zeros(len(self.length), int(self.length.max()), dtype=torch.float64)
        for row, edges in enumerate(self.tables.edges):
            size = torch.from_numpy(np.diff(edges)).double()
            found[row, : len(size)] = (TOTAL / size).log2()
        return found

    def values(self, numbers: Int[Tensor, "N 1+K"], level: int) -> Float[Tensor, "N K"]:
        """The codes that ``numbers`` stand for."""
        part, whole = numbers[:, 0], numbers[:, 1:].float() * self.step[level]
        found = torch.empty_like(whole)
        for one in part.unique().tolist():
            found[part == one] = whole[part == one] @ self.axes[one].T @ self.unwarp + self.center[one]
        return found

    def pack(self, numbers: list[int], level: int) -> bytes:
        """One row of numbers as bytes."""
        encoder, put = Encoder(), self.tables.put
        put(encoder, 0, numbers[0])
        for table, value in zip(self.rows[level][numbers[0]], numbers[1:], strict=True):
            put(encoder, table, value)
        return encoder.finish()

    def unpack(self, data: bytes, level: int) -> list[int]:
        """The row that ``pack`` was given.

        Raises:
            BitstreamError: there is none; every row has one spelling only.
        """
        if level >= len(self.step):
            raise BitstreamError(f"damaged: quality {level + 1} of {len(self.step)}")
        decoder = Decoder(data)
        part = self.tables.take(decoder, 0)
        if not 0 <= part < len(self.center):
            raise BitstreamError(f"damaged: part {part} of {len(self.center)}")
        numbers = [part, *self.tables.take_all(decoder, self.rows[level][part])]
        if self.pack(numbers, level) != data:
            raise BitstreamError("damaged: bytes that no encoder writes")
        return numbers
