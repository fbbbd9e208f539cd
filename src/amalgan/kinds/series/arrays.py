"""Arrays of windows: (N, C, T) or (N, T, C), by name or by ``--layout``, and (N, T) of one channel. Never guessed.

series (N, C, T) ────────────────► as it is         x (N, A, B), a model of (C, T) ─► as fits the model
x (N, A, B) --layout channels-last ─► (N, B, A)     x (N, A, B) alone ─► refused: a sentence says what to add
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.core.types import ANY
from amalgan.data.readers.sources import ArrayData, Block, Pictures
from amalgan.kinds.series.overlapping import edges_of, split_apart, step_of

NAMED = "series"
"""An array of this name is (N, C, T)."""
Turn = Callable[[NDArray[Any]], NDArray[Any]]


def is_named(found: ArrayData | Pictures) -> bool:
    """Whether it is an array that is called ``series``."""
    return isinstance(found, ArrayData) and found.array == NAMED


def hint(found: ArrayData | Pictures) -> str:
    """What an array (N, A, B) of fractions would be as series; nothing for anything else."""
    if not isinstance(found, ArrayData) or not found.fractions or len(found.shape) != 2:
        return ""
    first, last = found.shape
    return (
        f"series of {first} channels and {last} steps (--kind series --layout channels-first), or of {last} channels "
        f"and {first} steps (--kind series --layout channels-last)"
    )


def laid_out(name: str, found: ArrayData | Pictures, extra: Mapping[str, Any]) -> ArrayData | Pictures:
    """Arrays as windows (C, T); anything else as it is.

    Raises:
        DataError: nothing says which axis is time, or there are more axes than two.
    """
    if not isinstance(found, ArrayData) or found.split_by or found.facts:
        return found  # cut from recordings: windows already
    shape, turn = arranged(name, found, extra)

    def blocks() -> Iterator[Block]:
        for block in found.blocks():
            yield replace(block, values=np.ascontiguousarray(turn(block.values)))

    return apart(replace(found, shape=shape, blocks=blocks, deep=False, names=()))


def apart(found: ArrayData) -> ArrayData:
    """Windows that overlap from row to row split by time, a window's length apart; others as they are."""
    first = next(found.blocks(), None)
    step = None if first is None or first.split != ANY else step_of(first.values)
    if step is None:
        return found
    edges = edges_of(found.count, -(-found.shape[1] // step))
    if edges is None:
        return found

    def blocks() -> Iterator[Block]:
        start = 0
        for block in found.blocks():
            yield from split_apart(block, start, edges)
            start += len(block.values) + len(block.bad)

    said = (
        f"windows overlap: each begins {step} steps after the one before. They are split by time, and those that share "
        "steps with two splits are in none"
    )
    return replace(found, blocks=blocks, remarks=(*found.remarks, said), split_by="time")


def arranged(name: str, found: ArrayData, extra: Mapping[str, Any]) -> tuple[tuple[int, int], Turn]:
    """The shape (C, T) of examples, and what brings an array of them into it."""
    if len(found.shape) == 1:
        return (1, found.shape[0]), lambda x: x[:, None]
    if len(found.shape) != 2:
        raise DataError(
            f"{name} holds examples of shape {found.shape}; windows have two axes, channels and steps. Reshape it."
        )
    first, last = found.shape
    layout = extra.get("layout") or implied(found, tuple(extra.get("shape", ())))
    if layout is None:
        raise DataError(
            f"{name} has examples of {first} x {last}; which axis is time? --layout channels-first reads {first} "
            f"channels and {last} steps, --layout channels-last {last} channels and {first} steps."
        )
    if layout == "channels-first":
        return (first, last), lambda x: x
    return (last, first), lambda x: x.transpose(0, 2, 1)


def implied(found: ArrayData, model: tuple[int, ...]) -> str | None:
    """The layout that follows from the array's name, from an axis of one channel, or from the model's shape."""
    first, last = found.shape
    if is_named(found) or (first == 1 and last > 1) or (first, last) == model:
        return "channels-first"
    return "channels-last" if (last == 1 and first > 1) or (last, first) == model else None
