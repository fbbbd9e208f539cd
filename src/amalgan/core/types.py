"""The few nouns that every floor shares.

DataSpec   what one example looks like            Tick   where training is, and its random numbers
Batch      examples a source yields               Step   what a phase's loss returns
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast

if TYPE_CHECKING:  # the command line reads DataSpec and must not wait for torch
    from torch import Tensor

    from amalgan.core.randomness import Draws

T = TypeVar("T")

ANY, TRAIN, VALIDATION, TEST, BETWEEN = range(5)
"""The split a record came with; ANY where the data has none, BETWEEN where it shares steps with two of them."""
UNLABELED = -1
"""The label of an example that has none, and the request "any class" when generating."""


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """What one example of a data set is, in the form that networks see."""

    kind: str
    """Name of the kind. ``image``: float32 (C, H, W) in [-1, 1]. ``vector``: float32 (D,), each entry standardized."""
    shape: tuple[int, ...]
    """Of one example, as networks see it: (C, H, W) or (D,)."""
    fit: Literal["crop", "pad", "stretch", "cut"] = "crop"
    """Pictures: how other proportions were fitted. A task must fit as training did, or its test split is another."""
    background: str = "white"
    """Pictures: the color under transparent pixels and beside padded ones."""
    range: tuple[float, ...] = ()
    """Pictures of more than eight bits: what is black and white in all of them; empty where there were none."""
    classes: tuple[str, ...] = ()
    """Class names in label order; empty when nothing is labeled."""
    center: tuple[float, ...] = ()
    """Vectors: what was subtracted from each entry, in the data's units."""
    spread: tuple[float, ...] = ()
    """Vectors: what each entry was then divided by, in the data's units; 0 for one that never varies."""
    names: tuple[str, ...] = ()
    """Vectors: what each entry is called; empty where the data does not say."""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Other kinds: what else is needed to read, write and show examples, as plain JSON: a rate, a vocabulary."""

    @property
    def size(self) -> int:
        """Numbers in one example."""
        return prod(self.shape)

    def to_json(self) -> dict[str, Any]:
        """Plain data; without ``facts`` where there are none, so that older versions read it too."""
        found = asdict(self)
        return found if self.facts else {name: value for name, value in found.items() if name != "facts"}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> DataSpec:
        """Rebuild what ``to_json`` wrote."""
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        return cls(**plain)  # type: ignore[arg-type]  # the JSON of a DataSpec holds its fields


@dataclass(frozen=True)
class Batch:
    """Examples as a source yields them. B is the number of examples on this process."""

    x: Tensor
    """float32 (B, *DataSpec.shape)."""
    label: Tensor
    """int64 (B,); UNLABELED where unknown."""
    index: Tensor
    """int64 (B,): which record of the split each one is."""

    def rows(self, rows: slice) -> Batch:
        """The batch of those rows alone (a micro-batch)."""
        return Batch(self.x[rows], self.label[rows], self.index[rows])


class Tick(NamedTuple):
    """Where training is. The only thing besides the batch that a loss may depend on."""

    round: int
    progress: float
    """Share of the image budget drawn so far, in [0, 1)."""
    draws: Draws
    """This round's random numbers for the rows of this batch."""
    kept: dict[tuple[str, int, int], Any] | None = None
    """What this round's phases have worked out for one another."""

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """``compute()``, worked out once a round for these rows: later phases get the first one's result.

        It is as old as the phase that asked first, and carries gradients for that phase alone: the others detach it.
        """
        if self.kept is None:
            return compute()
        key = (name, self.draws.rows.start, self.draws.rows.stop)
        if key not in self.kept:
            self.kept[key] = compute()
        return cast(T, self.kept[key])


class Step(NamedTuple):
    """What a phase's loss returns."""

    terms: dict[str, Tensor]
    """Weighted scalars with gradients; their sum is the loss, their names are the log."""
    notes: dict[str, Tensor] = {}  # noqa: RUF012 - never written to
    """Detached scalars for the watchdog and the plots."""
