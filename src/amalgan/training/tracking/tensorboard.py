"""TensorBoard: R/tensorboard. Points of an earlier attempt beyond the start are hidden."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from amalgan.data.writing.picture_arrays import is_gray
from amalgan.training.tracking.protocol import Begun

FOLDER = "tensorboard"


class TensorBoard:
    """Event files, by the writer that comes with torch."""

    writer: Any = None

    def begin(self, run: Begun) -> None:
        board = import_module("torch.utils.tensorboard")
        beyond = run.images + 1 if run.images else 0
        self.writer = board.SummaryWriter(str(run.folder / FOLDER), purge_step=beyond)

    def numbers(self, values: Mapping[str, float], images: int) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, images)

    def picture(self, name: str, place: Path, images: int) -> None:
        pixels = np.asarray(Image.open(place))
        self.writer.add_image(name, pixels, images, dataformats="HW" if is_gray(pixels) else "HWC")

    def flush(self) -> None:
        self.writer.flush()

    def close(self, *, ended: bool) -> None:
        if self.writer is not None:
            self.writer.close()
