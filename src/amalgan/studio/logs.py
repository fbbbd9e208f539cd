"""What a run's log says: curves for the page, how far the run is, and what is wrong with it, in words.

    log.jsonl ─► Log.more(): lines since the last look ─► numbers by name │ images planned │ warnings
    history: at most 600 points a name, the last one among them

A log that is written anew (a run that goes on drops what came after its state) is read from its beginning.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amalgan.config.training_signs import (
    ALL_ALIKE,
    LOG_ROUNDS,
    NEVER_WRONG,
    PATIENT_ROUNDS,
    is_flat,
    is_sure,
)
from amalgan.core.json_schema import fits, fitting
from amalgan.core.thinning import thin
from amalgan.studio.runs import MODEL, header_of

MOST_POINTS = 600
LOOKED_BACK = PATIENT_ROUNDS // LOG_ROUNDS
"""Lines of the log in which a sign must hold."""
RECENT = 12
"""Lines by which the speed is told."""
BLOCK = 8 * 2**20
"""Bytes that are read of a log at a time."""
BESIDE = {"round", "images", "seconds", "progress", "planned_images"}
LINE = {"round": int, "images": int, "seconds": float, "planned_images?": int}
CURVE = {"training": {"curve": [{"images": float}]}}
"""What a line must look like, and a model's header that has a curve."""
Line = dict[str, float]


@dataclass
class Log:
    """A run's log, as far as it was read."""

    place: Path
    inode: int = 0
    read: int = 0
    """Bytes."""
    lines: list[Line] = field(default_factory=list)
    planned: int | None = None
    """Images in all, where the log says so."""

    def more(self) -> tuple[list[Line], bool]:
        """Read on; return the new lines, and whether what was read before is no longer true."""
        try:
            with self.place.open("rb") as file:
                found = os.fstat(file.fileno())
                anew = found.st_ino != self.inode or found.st_size < self.read
                if anew:
                    self.inode, self.read, self.lines, self.planned = found.st_ino, 0, [], None
                file.seek(self.read)
                new = list[Line]()
                while block := file.read(BLOCK):
                    whole = block[: block.rfind(b"\n") + 1]
                    self.read += len(whole)
                    new += self.taken(whole.splitlines())
                    if len(whole) < len(block):
                        break
                return new, anew
        except OSError:
            return [], False

    def taken(self, lines: Iterable[bytes]) -> list[Line]:
        """Note lines, and return those that tell of training."""
        new = [line for text in lines if (line := numbers(text))]
        for line in new:
            self.planned = int(line["planned_images"]) if "planned_images" in line else self.planned
        measured = [line for line in new if line.keys() - BESIDE]
        self.lines += measured
        return measured

    def left(self, planned: int) -> float | None:
        """Return the seconds to the last round, by the speed of the latest lines; None where that is not known."""
        recent = self.lines[-RECENT:]
        if len(recent) < 2:
            return None
        seconds = recent[-1]["seconds"] - recent[0]["seconds"]
        images = recent[-1]["images"] - recent[0]["images"]
        if seconds <= 0 or images <= 0:
            return None
        return max(0.0, (planned - recent[-1]["images"]) * seconds / images)

    def speed(self) -> float | None:
        """Return images a second, by the latest lines."""
        recent = self.lines[-RECENT:]
        seconds = recent[-1]["seconds"] - recent[0]["seconds"] if len(recent) > 1 else 0.0
        return (recent[-1]["images"] - recent[0]["images"]) / seconds if seconds > 0 else None

    def warnings(self) -> list[str]:
        """Return what is wrong now, in words."""
        last = self.lines[-LOOKED_BACK:]
        if len(last) < LOOKED_BACK:
            return []
        signs = ((is_flat, ALL_ALIKE), (is_sure, NEVER_WRONG))
        return [sentence for sign, sentence in signs if all(map(sign, last))]


def numbers(text: bytes) -> Line:
    """Return the numbers of a line; nothing where it is no line of a log. Losses may be infinite, or none."""
    found = fitting(text, LINE) or {}
    return {
        name: float(value) for name, value in found.items() if isinstance(value, float) or fits(value, int)
    }


def columns(lines: list[Line]) -> dict[str, list[list[float]]]:
    """Return points (images, value) by name, thinned: losses are not in every line."""
    found: dict[str, list[list[float]]] = {}
    for line in lines:
        for name, value in line.items():
            if name not in BESIDE and abs(value) < float("inf"):
                found.setdefault(name, []).append([line["images"], value])
    return {name: thin(points, MOST_POINTS) for name, points in found.items()}


def all_curves(run: Path, log: Log) -> dict[str, list[list[float]]]:
    """Return the curves of a run's log, and what was measured on held-out pictures where its model tells."""
    header = header_of(run / MODEL)
    measured: dict[str, list[list[float]]] = {}
    for point in header["training"]["curve"] if fits(header, CURVE) else ():
        for name, value in point.items():
            if name != "images" and fits(value, float):
                measured.setdefault(f"validation/{name}", []).append([point["images"], value])
    return columns(log.lines) | measured


def read_planned_images(run: dict[str, Any], log: Log) -> int:
    """Return images in all, as planned now."""
    return log.planned or (run["images"] if fits(run, {"images": int}) else 0)
