"""Trackio: its own place (TRACKIO_DIR), or the server or space that its environment names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import Any

from amalgan.training.tracking.protocol import PROJECT, Begun
from amalgan.training.tracking.settings import flat


class Trackio:
    """One run of the project ``amalgan``, called as its folder and six characters that no other has."""

    run: Any = None

    def begin(self, run: Begun) -> str:
        library = import_module("trackio")
        name = run.known or f"{run.folder.name}-{token_hex(3)}"
        settings = dict(flat(run.settings))
        self.run = library.init(project=PROJECT, name=name, config=settings, resume="allow", embed=False)
        return name

    def numbers(self, values: Mapping[str, float], images: int) -> None:
        self.run.log(dict(values), step=images)

    def picture(self, name: str, place: Path, images: int) -> None:
        self.run.log({name: import_module("trackio").Image(str(place))}, step=images)

    def flush(self) -> None:
        """Its own thread writes as it goes on."""

    def close(self, *, ended: bool) -> None:
        if self.run is not None:
            self.run.finish()
