"""What the defaults reach on folders as people have them, by system and budget."""

from __future__ import annotations

import json
from typing import Any

from amalgan.studies.compare.amounts import read_amount
from tables.markdown import GRIDS, table

COLUMNS = {
    "cpu_seconds": "CPU-seconds",
    "psnr": "PSNR x', dB",
    "psnr_realistic": "PSNR x'', dB",
    "frechet_distance": "Fréchet distance, new images",
    "frechet_floor": "of real images",
    "outer_distance": "outer distance, new images",
    "outer_distance_faithful": "of the faithful decoder",
    "outer_distance_reconstruction_realistic": "of x''",
    "outer_distance_reconstruction": "of x'",
    "copies": "copies",
    "copies_baseline": "of real images",
}


def folders() -> str:
    """A row a folder, budget and system."""
    reports = [json.loads(place.read_text()) for place in sorted(GRIDS.glob("folders-*/report.json"))]
    rows = [line for report in sorted(reports, key=order) for line in lines(report)]
    return table(["folder", "CPU-minutes", "system", "images drawn", *COLUMNS.values()], rows)


def order(report: dict[str, Any]) -> tuple[str, float]:
    """By folder, then by budget."""
    return report["data"]["name"], report["budget"]["value"]


def lines(report: dict[str, Any]) -> list[list[str]]:
    """A row a system of one comparison."""
    data = report["data"]
    what = f"{data['name']}, {data['text']}, {data['train']:,}"
    minutes = report["budget"]["text"].partition(" CPU-minute")[0]
    drawn = {one["name"]: f"{one['images']:,}" for one in report["systems"]}
    return [
        [what, minutes, f"`{name}`", drawn[name], *(read_amount(entry.get(key)) for key in COLUMNS)]
        for name, entry in report["table"].items()
    ]


TABLES = {"folders": folders}
