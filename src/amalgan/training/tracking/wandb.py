"""Weights & Biases: R/wandb, and its server as WANDB_MODE, WANDB_PROJECT and the login say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import Any

from amalgan.training.tracking.protocol import PROJECT, Begun

STEP = "images"


class Wandb:
    """One run of the project ``amalgan``, or of that which the environment names."""

    run: Any = None

    def begin(self, run: Begun) -> str:
        library = import_module("wandb")
        name = run.known or token_hex(8)
        self.run = library.init(
            project=os.environ.get("WANDB_PROJECT") or PROJECT,
            name=run.folder.name,
            id=name,
            resume="allow",
            dir=str(run.folder),
            config=dict(run.settings),
        )
        self.run.define_metric(STEP)
        self.run.define_metric("*", step_metric=STEP)
        return name

    def numbers(self, values: Mapping[str, float], images: int) -> None:
        self.run.log({**values, STEP: images})

    def picture(self, name: str, place: Path, images: int) -> None:
        self.run.log({name: import_module("wandb").Image(str(place)), STEP: images})

    def flush(self) -> None:
        """Its own process writes as it goes on."""

    def close(self, *, ended: bool) -> None:
        if self.run is not None:
            self.run.finish(exit_code=0 if ended else 1)
