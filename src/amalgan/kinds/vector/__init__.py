"""Vectors: rows of numbers (D,), each entry standardized by its mean and deviation over the training examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.types import DataSpec
from amalgan.kinds.plain import Plain
from amalgan.kinds.registry import register

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from amalgan.config.data import DataConfig
    from amalgan.data import Dataset
    from amalgan.data.dataset.store import Store
    from amalgan.data.readers.sources import ArrayData, Pictures
    from amalgan.features.judge import Features


@register("vector")
class Vector(Plain):
    """Rows of a table, in units of their own."""

    noun, nouns = "vector", "vectors"
    by_look = True

    def reads(self, found: ArrayData | Pictures) -> bool:
        """One axis beside that of the examples."""
        from amalgan.data.readers.sources import ArrayData

        return isinstance(found, ArrayData) and len(found.shape) == 1

    def spec_of(self, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
        """With the center and the spread of the training examples."""
        from amalgan.kinds.vector.units import center_and_spread

        center, spread = center_and_spread(store, train)
        return DataSpec(
            kind=self.name,
            shape=store.pixels.shape[1:],
            classes=tuple(store.facts["classes"]),
            center=center,
            spread=spread,
            names=tuple(store.facts.get("names", ())),  # stores of an earlier version have none
        )

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        """(v - center) / spread; where the spread is 0, v - center."""
        from amalgan.kinds.vector.units import standardize

        return standardize(values, spec)

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        """float32 (N, D) in the data's units."""
        from amalgan.kinds.vector.units import in_data_units

        return in_data_units(x, spec)

    def in_units(self, difference: Tensor, spec: DataSpec) -> Tensor:
        """By the spread of each entry."""
        import torch

        return difference * torch.tensor(spec.spread)

    def features(self, data: Dataset, cache: str | Path | None, device: str) -> Features:
        """The standardized entries themselves."""
        from torch import nn

        from amalgan.features.judge import Features

        return Features("standardized-entries", nn.Identity(), labeled=False, measured=True)

    def units(self) -> str:
        return "standardized units"
