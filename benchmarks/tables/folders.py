"""What the default training makes of real folders, and whether training holds at every size."""

from __future__ import annotations

import json
from typing import Any

from tables.markdown import RESULTS, table

COLUMNS = {
    "psnr": "PSNR x', dB",
    "psnr_pca": "PCA with as many numbers, dB",
    "psnr_mean": "mean picture, dB",
    "frechet_distance": "Fréchet distance",
    "frechet_floor": "its floor",
    "copies": "copies",
    "copies_baseline": "copies among unseen pictures",
}


def folders() -> str:
    """A row a folder and time."""
    found = json.loads((RESULTS / "folders.json").read_text())
    return table(["folder", "minutes", "images", *COLUMNS.values()], [row(*one) for one in found.items()])


def row(name: str, run: dict[str, Any]) -> list[str]:
    """What a run reached."""
    values = [run["metrics"].get(key) for key in COLUMNS]
    folder, minutes = name.rsplit(" ", 1)
    return [
        folder,
        minutes,
        f"{run['images']:,}",
        *("" if value is None else f"{value:.4g}" for value in values),
    ]


def stability() -> str:
    """A row a system: cells, and how many failed."""
    found: dict[str, Any] = json.loads((RESULTS / "stability.json").read_text())
    systems = sorted({name.split()[2] for name in found})
    lines = []
    for system in systems:
        cells = [cell for name, cell in found.items() if name.split()[2] == system]
        ratios = [cell["ratio"] for cell in cells if cell.get("ratio") is not None]
        worst = f"{max(ratios):.2f}" if ratios else ""
        lines.append(
            [f"`{system}`", str(len(cells)), str(sum(bool(cell["failed"]) for cell in cells)), worst]
        )
    return table(["system", "cells", "failed", "largest squared error, in that of the mean picture"], lines)


TABLES = {"folders": folders, "stability": stability}
