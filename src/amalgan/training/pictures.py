"""Sheets of pictures as training goes on: what the averaged weights generate and reconstruct.

R/samples/generated-000040000.png      64 new pictures, always from the same random numbers
R/samples/rebuilt-000040000.png        8 held-out pictures above their reconstructions
R/samples/restored-000040000.png       8 held-out pictures, damaged, above what becomes of them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from amalgan.core import files
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset, drawn, grid, png_bytes
from amalgan.data.writing.provenance import provenance
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Generates, Realizes, Restores
from amalgan.systems.base import System
from amalgan.training.state import TrainState
from amalgan.training.validation import hurt_alike

GENERATED = 64
REBUILT = 8


@dataclass
class Sheets:
    """An action of the loop: draw what the averaged weights can do, where examples can be drawn."""

    folder: Path
    data: Dataset
    device: str
    on_sheet: Callable[[TrainState, Path], None] = lambda state, place: None
    """Is called after each sheet."""

    @torch.no_grad()
    def __call__(self, state: TrainState) -> None:
        if kind_of(self.data.spec).refuses("drawing"):
            return
        system = state.average
        if isinstance(system, Generates) and system.ready():
            self.write("generated", state, self.generated(system))
        if isinstance(system, Encodes) and isinstance(system, Decodes) and len(self.data.validation):
            self.write("rebuilt", state, self.rebuilt(system))
        if isinstance(system, Restores) and len(self.data.validation):
            self.write("restored", state, self.restored(system))

    def write(self, what: str, state: TrainState, x: Tensor) -> None:
        pixels = drawn(x, self.data.spec)
        text = provenance(None, seed=0)
        sheet = png_bytes(grid(pixels, columns=8), text)
        place = self.folder / f"{what}-{state.images:09d}.png"
        files.write_bytes(place, sheet)
        self.on_sheet(state, place)

    def generated(self, system: Generates) -> Tensor:
        """The same noise and classes at every call."""
        classes = len(self.data.spec.classes)
        label = (
            torch.arange(GENERATED, device=self.device) % classes
            if classes
            else torch.full((GENERATED,), UNLABELED)
        )
        return system.generate(
            label.to(self.device), Draws(seed=0, round=0, total=GENERATED, device=self.device)
        )

    def restored(self, system: Restores) -> Tensor:
        """The same flaws at every call."""
        x = self.data.validation.take(self.data.validation.spaced(REBUILT))
        hurt = hurt_alike(system, x.to(self.device))
        return torch.cat([hurt.x, system.restore(hurt)])

    def rebuilt(self, system: System) -> Tensor:
        """Held-out pictures, their faithful decodes, and their realistic ones where there are any."""
        assert isinstance(system, Encodes) and isinstance(system, Decodes)
        x = self.data.validation.take(self.data.validation.spaced(REBUILT)).to(self.device)
        code = system.encode(x)
        rows = [x, system.decode(code)]
        if isinstance(system, Realizes):
            rows.append(system.realize(code, Draws(seed=0, round=0, total=len(x), device=self.device)))
        return torch.cat(rows)
