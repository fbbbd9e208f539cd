"""What each prior of a fused model generates at equal CPU time, by how many training images there are."""

from __future__ import annotations

import json
from typing import Any

from amalgan.studies.compare.amounts import read_amount
from tables.few import described
from tables.markdown import GRIDS, table

GRIDS_OF_PRIORS = ("few-mnist-570", "few-hiragana", "prior-digits", "prior-mnist")
ROWS = {
    "gan": "`gan`",
    "fusion:prior.kind=mixture": "`mixture`",
    "fusion:prior.kind=neighbors": "`neighbors`",
    "fusion:prior.kind=flow": "`flow`",
}


def prior_distances() -> str:
    """A row a data set: Fréchet distances, and the copies of the flow."""
    reports = [json.loads(place.read_text()) for place in places()]
    return table(["training images", "CPU-minutes", *ROWS.values(), "copies, flow"], map(row, reports))


def places() -> list[Any]:
    """Reports of the grids that were run."""
    found = [GRIDS / name / "report.json" for name in GRIDS_OF_PRIORS]
    return [place for place in found if place.exists()]


def row(report: dict[str, Any]) -> list[str]:
    """What each row reached on one data set; nothing where it was not run."""
    entries = report["table"]
    distances = [
        read_amount(entries[name]["frechet_distance"]) if "frechet_distance" in entries.get(name, {}) else ""
        for name in ROWS
    ]
    flow = entries.get("fusion:prior.kind=flow", {})
    copies = [read_amount(flow[key]) if key in flow else "" for key in ("copies", "copies_baseline")]
    minutes = report["budget"]["text"].partition(" CPU-minute")[0]
    said = f"{copies[0]} (held-out images {copies[1]})" if all(copies) else ""
    return [described(report), minutes, *distances, said]


TABLES = {"prior_distances": prior_distances}
