"""What every published coder is: tensors in the model's file, tables of frequencies, a choice of qualities, a way back
from bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

from jaxtyping import Int
from torch import Tensor

from amalgan.codec.frequency_tables import Tables
from amalgan.core.errors import UsageError


@dataclass(frozen=True, eq=False, kw_only=True)
class Coder(ABC):
    """A coder as tensors, as the model's file holds it. T tables."""

    usual: Int[Tensor, ""]
    """The quality to take where none is asked for, from 0."""
    frequency: Int[Tensor, " F"]
    """Of all tables, one after the other."""
    length: Int[Tensor, " T"]
    lowest: Int[Tensor, " T"]

    @property
    @abstractmethod
    def qualities(self) -> int:
        """How many there are."""

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """What the tensors make, not looked at yet.

        Raises:
            ValueError: one is missing, or one too many.
        """
        try:
            return cls(**tensors)
        except TypeError as error:
            raise ValueError(str(error)) from None

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Compare tensors with the shapes that they must have.

        Raises:
            ValueError: one has another.
        """
        if wrong := [name for name, shape in shapes.items() if getattr(self, name).shape != shape]:
            raise ValueError(f"{wrong[0]} is not of shape {shapes[wrong[0]]}")

    def tensors(self) -> dict[str, Tensor]:
        """What ``from_tensors`` takes."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def tables(self) -> Tables:
        """The tables, ready to code with."""
        return Tables.of(self.frequency.tolist(), self.length.tolist(), self.lowest.tolist())

    @abstractmethod
    def unpack(self, data: bytes, level: int) -> Any:
        """Return what the bytes of one example say: whole numbers, or the bytes themselves.

        Raises:
            BitstreamError: no encoder writes them.
        """

    def level(self, quality: int | None) -> int:
        """Where ``quality``, 1 for the fewest bytes, stands.

        Raises:
            UsageError: there is no such quality.
        """
        if quality is None:
            return int(self.usual)
        if not 1 <= quality <= self.qualities:
            raise UsageError(f"quality is {quality}; this model has 1 to {self.qualities}")
        return quality - 1
