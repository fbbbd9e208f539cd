"""Folders that tests of the studio look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from amalgan.core.files import append_line, write_json


def pictures(folder: Path, count: int = 40) -> Path:
    """Two classes of gray pictures; one file is bad, and one is a copy."""
    for row in range(count):
        pixels = np.random.default_rng(row).integers(0, 256, (12, 8), dtype=np.uint8)
        pixels[:, : 4 if row % 2 else 8] //= 3
        place = folder / ("cat" if row % 2 else "dog") / f"{row:03d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place)
    (folder / "cat" / "copy.png").write_bytes((folder / "cat" / "001.png").read_bytes())
    (folder / "dog" / "bad.png").write_text("<svg/>")
    return folder


def run_of(folder: Path, lines: int = 5, **plan: Any) -> Path:
    """The folder of a run, as training writes it, without a model."""
    write_json(
        folder / "run.json", {"amalgan": "run", "system": "gan", "data": "digits", "images": 640, **plan}
    )
    for at in range(lines):
        line = {"round": at, "images": 64 * at, "seconds": float(at), "critic/adversarial": 0.7 - at / 100}
        append_line(folder / "log.jsonl", json.dumps(line))
    return folder
