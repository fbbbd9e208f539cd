"""What a model file holds, and how what a user holds gets to its system and back.

arrays, pictures ─► _in ─► float32 (N, *spec.shape) ─► _chunks ─► the system ─► _out ─► arrays
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan import modelfile
from amalgan.data import Dataset, open_data, to_pixels
from amalgan.data.held import Examples, examples, named, rows_of
from amalgan.features import Features, features_of
from amalgan.streams import Draws, key
from amalgan.systems.abilities import Encodes
from amalgan.tasks.generate import CHUNK
from amalgan.types import DataSpec


@dataclass(frozen=True)
class Loaded:
    """What was read from a model file; ``Model`` adds what is done with it."""

    held: modelfile.Model
    """The system itself, for those who go on in torch: ``model.held.system``."""

    @property
    def spec(self) -> DataSpec:
        """What the model reads and makes."""
        return self.held.spec

    @property
    def info(self) -> dict[str, Any]:
        """What its file says of it: system, config, abilities, training, data, metrics, versions; and its digest."""
        return self.held.header | {"digest": self.held.digest}

    def _codes(self, code: NDArray[Any]) -> torch.Tensor:
        """Codes, where the model can encode of the shape of its own; a warning says that some are not finite."""
        system, shape = self.held.system, np.shape(code)[1:] if np.ndim(code) > 1 else np.shape(code)
        if isinstance(system, Encodes):
            one = torch.zeros(1, *self.spec.shape, device=self.held.device)
            shape = tuple(system.encode(one).shape[1:])
        codes = rows_of(code, shape, "this model's code")
        if wrong := int((~np.isfinite(codes)).any(axis=tuple(range(1, codes.ndim))).sum()):
            warnings.warn(
                f"{wrong:,} of {len(codes):,} codes hold numbers that are not finite; what is decoded of them means "
                "nothing, and is black where it is a picture. Replace them.",
                RuntimeWarning,
                stacklevel=4,
            )
        return torch.from_numpy(codes)

    def _opened(self, data: str | Path | NDArray[Any], scratch: Path) -> tuple[Dataset, Features | None]:
        """What the model is judged on, and the feature network where there is anything to learn it from."""
        found = self._shown(named(data, scratch))
        device = self.held.device
        return found, features_of(found, device=device) if len(found.train) else None

    def _shown(self, data: str | Path) -> Dataset:
        """Data as the model reads it, with the training examples that it was shown."""
        found = open_data(data, like=self.spec, at_least=1)
        return found.as_shown(self.held.header.get("data"))

    def _in(self, x: Examples) -> torch.Tensor:
        return examples(x, self.spec)

    def _out(self, x: torch.Tensor) -> NDArray[Any]:
        return to_pixels(x, self.spec)

    def _chunks(self, x: torch.Tensor, purpose: str, seed: int = 0) -> Iterator[tuple[torch.Tensor, Draws]]:
        device = self.held.device
        for number, part in enumerate(x.split(CHUNK)):
            draws = Draws(seed=key(seed, purpose), round=number, total=CHUNK, count=len(part), device=device)
            yield part.to(device), draws
