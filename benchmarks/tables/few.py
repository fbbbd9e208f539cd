"""What each prior generates from few training images: some thousand, and some hundred."""

from __future__ import annotations

import json
import re
from typing import Any

from amalgan.studies.compare.amounts import read_amount
from tables.markdown import GRIDS, table

COLUMNS = {
    "frechet_distance": "Fréchet distance",
    "precision": "precision",
    "recall": "recall",
    "accuracy_from_samples": "accuracy, trained on samples",
    "copies": "copies",
    "copies_baseline": "copies among held-out images",
}
CELLS = ("mnist-10pc", "mnist-1pc", "mnist-1pc-turned")
ROWS = ("gan", "autoencoder", "autoencoder:prior.kind=neighbors", "fusion", "fusion:prior.kind=neighbors")


def few() -> str:
    """A row a system and prior."""
    reports = [json.loads((GRIDS / name / "report.json").read_text()) for name in CELLS]
    lines = [line for report in reports for name in ROWS for line in row(report, name)]
    return table(["training images", "system", "seeds", *COLUMNS.values()], lines)


def row(report: dict[str, Any], name: str) -> list[list[str]]:
    """What a system reached on one data set; nothing where it was not run."""
    if (found := report["table"].get(name)) is None:
        return []
    seeds = sum(cell["system"] == name for cell in report["cells"])
    values = [read_amount(found[key]) if key in found else "" for key in COLUMNS]
    return [[described(report), f"`{name}`", str(seeds), *values]]


def few_distances() -> str:
    """A row a data set: the Fréchet distance of each system, in the mean of its seeds."""
    reports = [json.loads((GRIDS / name / "report.json").read_text()) for name in CELLS]
    names = ("gan", "fusion", "fusion:prior.kind=neighbors")
    titles = ("`gan`", "`fusion`", "`fusion --prior.kind neighbors`")
    return table(["training images", *titles], [distances(report, names) for report in reports])


def distances(report: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    """The data set, and the distance of each system; nothing where it was not run."""
    found = (report["table"].get(name) for name in names)
    return [described(report), *(read_amount(one["frechet_distance"]) if one else "" for one in found)]


def described(report: dict[str, Any]) -> str:
    """The data set, its size, and the random changes of training images."""
    changed = " ".join(re.findall(r"--(?:shift|rotate|zoom) \S+", report["command"]))
    return f"{report['data']['name']}, {report['data']['train']:,}" + (f", `{changed}`" if changed else "")


TABLES = {"few": few, "few_distances": few_distances}
