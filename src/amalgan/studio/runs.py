"""What there is below the folder of runs: runs, models and pages, told by their content.

RUNS/**/run.json ─► a run: its plan, its state, its model       RUNS/**/*.safetensors ─► a model without its run
RUNS/**/*.html of ours ─► reports and pages
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from amalgan.core import locks
from amalgan.core.ownership import MOST_HEADER_BYTES, is_ours, json_at, parse_json

State = Literal["running", "paused", "ended", "broken"]
DEEPEST, MOST_FOLDERS = 6, 4000
MODEL, RUN, LOG, SAMPLES = "model.safetensors", "run.json", "log.jsonl", "samples"
SAVED = ("state.safetensors", "state.previous.safetensors")
PASSED_OVER = {SAMPLES, "tensorboard"}
PAGES = (".html", ".htm")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What lies below the folder of runs."""

    runs: tuple[Path, ...]
    """Folders."""
    models: tuple[Path, ...]
    """Files, those of the runs first."""
    pages: tuple[Path, ...]


def found_below(folder: Path) -> Found:
    """Return what lies below a folder, the newest first; no link is followed."""
    runs, models, pages = list[Path](), list[Path](), list[Path]()
    for place in files_below(folder):
        if place.name == RUN and json_at(place).get("amalgan") == "run":
            runs.append(place.parent)
        elif place.suffix == ".safetensors" and place.name not in SAVED and "system" in header_of(place):
            models.append(place)
        elif place.suffix.lower() in PAGES and is_ours(place):
            pages.append(place)
    return Found(runs=newest(runs), models=newest(models), pages=newest(pages))


def newest(places: list[Path]) -> tuple[Path, ...]:
    """Return places in the order of their last change, the newest first."""
    return tuple(sorted(places, key=changed_at, reverse=True))


def changed_at(place: Path) -> float:
    """Return when a run or a file was changed last."""
    with suppress(OSError):
        return os.lstat(place / LOG if (place / LOG).exists() else place).st_mtime
    return 0.0


def files_below(folder: Path) -> Iterator[Path]:
    """Yield regular files that may be of interest, hidden folders and links left out."""
    waiting, seen = [(folder, 0)], 0
    while waiting and seen < MOST_FOLDERS:
        here, depth = waiting.pop()
        seen += 1
        with suppress(OSError), os.scandir(here) as entries:
            for one in entries:
                if one.name.startswith(".") or one.is_symlink():
                    continue
                if one.is_dir() and depth < DEEPEST and one.name not in PASSED_OVER:
                    waiting.append((Path(one.path), depth + 1))
                elif one.is_file() and (one.name == RUN or one.name.endswith((".safetensors", *PAGES))):
                    yield Path(one.path)


def header_of(place: Path) -> dict[str, Any]:
    """Return what a model file says of itself; nothing where it is none, or damaged. Its weights are not read."""
    try:
        found = os.stat(place)
    except OSError:
        return {}
    return header(place, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=512)
def header(place: Path, changed: int, size: int) -> dict[str, Any]:
    """``header_of`` a file as it was when it was ``changed``."""
    with suppress(OSError), place.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(MOST_HEADER_BYTES, size):
            return {}
        whole = parse_json(file.read(length))
        metadata = whole.get("__metadata__") if isinstance(whole, dict) else None
        if isinstance(metadata, dict) and isinstance(text := metadata.get("amalgan"), str):
            model_header = parse_json(text.encode())
            return (
                {**model_header, "digest": str(metadata.get("digest", ""))}
                if isinstance(model_header, dict)
                else {}
            )
    return {}


def state_of(run: Path) -> State:
    """Return how a run is: a process of ours is at it, it can go on, it has ended, or neither."""
    if locks.is_held(run / locks.NAME):
        return "running"
    if (run / MODEL).exists():
        return "ended"
    return "paused" if any((run / name).exists() for name in SAVED) else "broken"


def samples_of(run: Path) -> list[str]:
    """Return the names of a run's sheets of pictures, in the order in which they were drawn."""
    with suppress(OSError), os.scandir(run / SAMPLES) as entries:
        return sorted(
            one.name for one in entries if is_sheet(one.name) and one.is_file(follow_symlinks=False)
        )
    return []


def is_sheet(name: str) -> bool:
    """Whether it is called as sheets of pictures are."""
    kind, _, rest = name.partition("-")
    return kind in ("generated", "rebuilt", "restored") and rest.endswith(".png") and rest[:-4].isdecimal()
