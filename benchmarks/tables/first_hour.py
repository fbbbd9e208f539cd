"""What to expect of a first model: ``fusion``, by data, size of images and budget."""

from __future__ import annotations

import json
from typing import Any

from amalgan.studies.compare.amounts import read_amount
from tables.markdown import GRIDS, table

CELLS = ("digits-1min", "mnist-1pc", "mnist-10pc", "mnist-20min", "cifar-5min")
COLUMNS = {
    "psnr": "PSNR x', dB",
    "frechet_distance": "Fréchet distance",
    "frechet_floor": "of real images",
    "accuracy_from_samples": "accuracy, trained on samples",
    "accuracy_from_real": "on real images",
}


def expected() -> str:
    """A row a data set: what ``fusion`` reached with its default settings."""
    head = ["images", "size", "CPU-minutes", "training images drawn", *COLUMNS.values()]
    return table(head, [row(json.loads((GRIDS / name / "report.json").read_text())) for name in CELLS])


def row(report: dict[str, Any]) -> list[str]:
    """One data set."""
    data, reached = report["data"], report["table"]["fusion"]
    (images,) = (one["images"] for one in report["systems"] if one["name"] == "fusion")
    values = [mean(reached, key) for key in COLUMNS]
    named = f"{data['name'].removesuffix('.zip')}, {data['train']:,}"
    return [named, data["text"], f"{report['budget']['value']:g}", f"{images:,}", *values]


def mean(reached: dict[str, Any], key: str) -> str:
    """A mean over seeds, with half of its interval; nothing where it was not measured."""
    return read_amount(reached[key]) if key in reached else ""


TABLES = {"expected": expected}
