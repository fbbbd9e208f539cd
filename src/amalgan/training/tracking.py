"""Trackers of experiments, as callbacks.

R/tensorboard/     scalars of the log and of validation, sheets of samples, over images; shown by TensorBoard
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from amalgan.core.errors import UsageError
from amalgan.data.writing.picture_arrays import is_gray
from amalgan.training.events import Event, Teller

TrackerName = Literal["tensorboard"]
TENSORBOARD = "tensorboard"
"""The tracker, the package, and the folder within the run's."""
GROUPS = {"log": "", "validation": "validation/", "ended": "model/"}
"""What the names of an event's values begin with."""


def refuse_missing(name: str | None) -> None:
    """Raise UsageError where there is no tracker called ``name``, or its package is not installed."""
    if name is None:
        return
    if name != TENSORBOARD:
        raise UsageError(f"track is {name!r}; the only tracker is {TENSORBOARD}.")
    if find_spec(TENSORBOARD) is None:
        raise UsageError(
            "--track tensorboard needs the package tensorboard. Run: pip install amalgan[tensorboard]"
        )


@contextmanager
def tracked(name: str | None, out: Path, teller: Teller) -> Iterator[None]:
    """Within the block the tracker called ``name`` hears, before the callbacks there are, what ``teller`` tells."""
    refuse_missing(name)
    if name is None or teller.silent:
        yield
        return
    board = TensorBoard(out / TENSORBOARD)
    teller.callbacks = [board, *teller.callbacks]
    try:
        yield
    finally:
        board.close()


@dataclass
class TensorBoard:
    """A callback that writes what TensorBoard shows. Events of an earlier attempt beyond the start are hidden."""

    folder: Path
    writers: list[Any] = field(default_factory=list)
    """The one that is open, if any."""

    def __call__(self, event: Event) -> None:
        if event.name == "started":
            beyond = event.images + 1 if event.images else 0
            board = import_module("torch.utils.tensorboard")
            self.writers.append(board.SummaryWriter(str(self.folder), purge_step=beyond))
        for writer in self.writers:
            self.write(writer, event)

    def write(self, writer: Any, event: Event) -> None:
        """Write the values and the picture of an event."""
        if event.name in GROUPS:
            for name, value in event.values.items():
                writer.add_scalar(f"{GROUPS[event.name]}{name}", value, event.images)
        if event.name == "samples" and event.path is not None:
            pixels = np.asarray(Image.open(event.path))
            axes = "HW" if is_gray(pixels) else "HWC"
            what = event.path.stem.rpartition("-")[0]
            writer.add_image(f"samples/{what}", pixels, event.images, dataformats=axes)
        if event.name in ("saved", "ended"):
            writer.flush()

    def close(self) -> None:
        """Write what is left."""
        while self.writers:
            self.writers.pop().close()
