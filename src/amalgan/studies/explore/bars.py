"""Vectors entry by entry: a number in the data's units and a bar in deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from amalgan.core.types import DataSpec
from amalgan.kinds import kind_of

MOST = 12
FULL = 100.0
"""Length of the longest bar, in units of its drawing."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One entry."""

    name: str
    value: float
    """In the unit of the table."""
    length: float
    """From -100 to 100."""


def names_of(spec: DataSpec) -> list[str]:
    """A name for each entry; its number where the data says nothing."""
    return kind_of(spec).entry_names(spec)


def bars(
    lengths: Float[Tensor, " D"], values: Float[Tensor, " D"], names: Sequence[str], most: int = MOST
) -> list[Bar]:
    """The entries with the longest bars, the longest first.

    Args:
        lengths: what is compared across entries; the longest fills the drawing.
        values: what is written.
    """
    order = lengths.abs().argsort(descending=True, stable=True)[:most].tolist()
    longest = float(lengths.abs().max()) or 1.0
    return [
        Bar(name=names[k], value=float(values[k]), length=float(lengths[k]) / longest * FULL) for k in order
    ]


def in_units(x: Float[Tensor, " D"], spec: DataSpec) -> Float[Tensor, " D"]:
    """A difference of examples as networks see them in the data's units."""
    return kind_of(spec).in_units(x, spec)
