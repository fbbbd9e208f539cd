"""What new pictures cost where there are few: each prior, on data of some thousand pictures and of some hundred."""

from __future__ import annotations

import json
import re
from typing import Any

from amalgan.studies.compare.amounts import amount
from tables.markdown import GRIDS, table

COLUMNS = {
    "frechet_distance": "Fréchet distance",
    "precision": "precision",
    "recall": "recall",
    "accuracy_from_samples": "accuracy, trained on samples",
    "copies": "copies",
    "copies_baseline": "copies among unseen pictures",
}
CELLS = ("mnist-10pc", "mnist-1pc", "mnist-1pc-turned")
ROWS = ("gan", "autoencoder", "autoencoder:prior.kind=neighbors", "fusion", "fusion:prior.kind=neighbors")


def few() -> str:
    """A row a system and prior."""
    reports = [json.loads((GRIDS / name / "report.json").read_text()) for name in CELLS]
    lines = [line for report in reports for name in ROWS for line in row(report, name)]
    return table(["training pictures", "system", "seeds", *COLUMNS.values()], lines)


def row(report: dict[str, Any], name: str) -> list[list[str]]:
    """What a system reached on one data set; nothing where it was not run."""
    if (found := report["table"].get(name)) is None:
        return []
    data, seeds = report["data"], sum(cell["system"] == name for cell in report["cells"])
    values = [amount(found[key]) if key in found else "" for key in COLUMNS]
    changed = " ".join(re.findall(r"--(?:shift|rotate|zoom) \S+", report["command"]))
    pictures = f"{data['name']}, {data['train']:,}" + (f", `{changed}`" if changed else "")
    return [[pictures, f"`{name}`", str(seeds), *values]]


TABLES = {"few": few}
