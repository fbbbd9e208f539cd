"""What kinds say of examples, for others to compute and show: measures, stretches of recordings, sounds to play."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from amalgan.core.types import DataSpec


@dataclass(frozen=True)
class Likeness:
    """A measure of how alike an example and its reconstruction are, averaged over examples."""

    key: str
    """Of the metric; ``_realistic`` is added for the second decoder."""
    title: str
    """A column's head: ``SSIM``."""
    unit: str
    higher_is_better: bool
    name: str
    """The full name, in which ``{of}`` becomes how many of what."""
    measure: Callable[[Tensor, Tensor], Tensor]
    """From what was made (B, *shape) and what it should be to a number each (B,)."""


@dataclass(frozen=True)
class SetMeasure:
    """A column of comparisons for a number that a set of new examples has."""

    key: str
    title: str
    higher_is_better: bool | None
    """None where it says something, but nothing good or bad."""
    unit: str = ""


@dataclass(frozen=True)
class Sets:
    """What a set of new examples is held against; all as networks see them, some at a time."""

    generated: Iterable[Tensor]
    train: Iterable[Tensor]
    test: Iterable[Tensor]
    """Real examples, held out."""
    spec: DataSpec
    valid: Callable[[Sequence[str]], Sequence[bool]] | None
    """Which strings a command of the user's calls valid."""
    seed: int


@dataclass(frozen=True)
class Stretch:
    """A part of a recording that several examples in a row are strange in."""

    recording: str
    start: float | str
    stop: float | str
    """Both in ``unit``; dates as text."""
    unit: str
    p_value: float
    examples: int


@dataclass(frozen=True)
class Playable:
    """Sounds for a page: few bytes, and nothing to decode that a script cannot."""

    bytes: NDArray[np.uint8]
    """(N, T) by the mu-law of ITU-T G.711 without its segments: 128 is silence."""
    rate: int
    """Samples a second."""
