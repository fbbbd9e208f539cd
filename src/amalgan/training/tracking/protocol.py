"""What a tracker of experiments does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

PROJECT = "amalgan"
"""The project, or experiment, that runs are listed under."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A run that begins, or goes on."""

    folder: Path
    settings: Mapping[str, Any]
    """What run.json says, nested."""
    images: int
    """Images drawn so far; 0 where it begins."""
    known: str | None
    """What ``Tracker.begin`` gave when the run began, where it goes on."""


class Tracker(Protocol):
    """Writes what a run tells, as one library has it. Any of these may raise what the library raises."""

    def begin(self, run: Begun) -> str | None:
        """Open a run, or go on with the one that is ``known``; return what it is known by, where that is needed."""

    def numbers(self, values: Mapping[str, float], images: int) -> None:
        """Write numbers by name."""

    def picture(self, name: str, place: Path, images: int) -> None:
        """Write a PNG file under a name."""

    def flush(self) -> None:
        """See to it that nothing written so far is lost."""

    def close(self, *, ended: bool) -> None:
        """Write what is left; ``ended`` tells whether training came to its end. May come without ``begin``."""
