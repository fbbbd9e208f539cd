"""Comparisons that benchmarks/grid.py ran: a table each, and what the comparison says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from amalgan.metrics.statistics import interval
from amalgan.studies.compare.amounts import read_amount
from tables.markdown import GRIDS, table

GRID_COLUMNS = {
    "frechet_distance": "Fréchet distance",
    "frechet_distance_faithful": "of x' from the prior",
    "frechet_floor": "floor",
    "precision": "precision",
    "recall": "recall",
    "modes": "modes found",
    "accuracy_from_samples": "accuracy, trained on samples",
    "psnr": "PSNR x', dB",
    "psnr_realistic": "PSNR x'', dB",
    "ssim": "SSIM x'",
    "frechet_distance_reconstruction": "Fréchet distance of rebuilt x'",
    "frechet_distance_reconstruction_realistic": "of rebuilt x''",
    "spread": "spread",
    "linear_probe": "linear probe",
    "copies": "copies",
    "critic_overfit": "critic's gap",
    "cpu_seconds": "CPU-seconds",
}
PAIRED = {"frechet_distance": "Fréchet distance", "recall": "Recall"}


def overview(folder: Path = GRIDS) -> str:
    """A row a grid: its data, its budget, and the Fréchet distances of its systems, the nearest first."""
    rows = []
    for name, report in reports(folder):
        data, entries = report["data"], report["table"]
        found = [
            (entries[key]["frechet_distance"], key) for key in entries if "frechet_distance" in entries[key]
        ]
        nearest = sorted(found, key=lambda pair: pair[0]["mean"])
        said = ", ".join(f"`{key}` {read_amount(value)}" for value, key in nearest)
        budget = report["budget"]["text"].partition(" for every cell")[0]
        link = f"[{name}](#{name}-{anchor(data)})"
        rows.append([link, f"{data['text']}, {data['train']:,}", budget, said])
    return table(
        ["grid", "training examples", "budget of a cell", "Fréchet distance, the nearest first"], rows
    )


def anchor(data: dict[str, Any]) -> str:
    """Of a grid's heading, without its name, as Markdown pages make them."""
    said = f"{data['name']}, {data['text']}, {data['train']:,} training examples".lower()
    return "".join(letter for letter in said if letter.isalnum() or letter in "- _").replace(" ", "-")


def reports(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """What is known of every grid, by name."""
    places = sorted(folder.glob("*/report.json"))
    return [(place.parent.name, json.loads(place.read_text())) for place in places]


def grids(folder: Path = GRIDS) -> str:
    """A table a grid, a row a system, and what the comparison says of it."""
    return "\n".join(grid(name, report) for name, report in reports(folder)) or "No grid has been run yet.\n"


def grid(name: str, report: dict[str, Any]) -> str:
    """One comparison: means with half their 95 % intervals over seeds."""
    data, command = report["data"], report["command"].replace(" compare ", f" benchmarks/grid.py {name} ")
    command = command.replace("amalgan", "python", 1).partition(" --out ")[0]
    head = (
        f"### {name}: {data['name']}, {data['text']}, {data['train']:,} training examples\n\n"
        f"    {command}\n\n"
        f"{report['budget']['text']}. Batch {report['batch']}, {report['count']:,} examples measured, features "
        f"`{report['features']}`.{reference(report)}{unfinished(report)}\n\n"
    )
    titles = ["system", "seeds", *GRID_COLUMNS.values(), "images"]
    titles, rows, alike = without_alike(titles, [grid_row(row, report) for row in report["systems"]])
    same = f"In every row: {', '.join(alike)}.\n\n" if alike else ""
    said = [f"* {text}\n" for text in [*sentences(report), *pairs(report), *report["notes"]]]
    return head + same + table(titles, rows) + "\n" + "".join(said)


def without_alike(titles: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]], list[str]]:
    """A table without its empty columns and those that say the same in every row, and what these say.

    Of a single row every column would say so: it keeps them.
    """
    told = [
        {row[place] for row in rows} if place > 1 else {"the name", "its seeds"}
        for place in range(len(titles))
    ]
    alone = len(rows) == 1
    kept = [place for place, values in enumerate(told) if len(values) > 1 or (alone and values != {""})]
    alike = [
        f"{title} {min(values).removesuffix(' ± 0')}"
        for place, (title, values) in enumerate(zip(titles, told, strict=True))
        if place not in kept and values != {""}
    ]
    return [titles[place] for place in kept], [[row[place] for place in kept] for row in rows], alike


def sentences(report: dict[str, Any]) -> list[str]:
    """The verdict, once every row has something to say."""
    begun = {cell["system"] for cell in report["cells"]}
    if missing := [row["name"] for row in report["systems"] if row["name"] not in begun]:
        return [f"No verdict yet: nothing of {', '.join(missing)} has ended."]
    return [one["text"] for one in report["verdict"]]


def pairs(report: dict[str, Any]) -> list[str]:
    """How far each row is from the first one, seed by seed: each pair alone, as if no other had been looked at."""
    return [line for measure in PAIRED if (line := paired(report, measure))]


def paired(report: dict[str, Any], measure: str) -> str:
    """The differences in one measure, where there are seeds enough for an interval."""
    cells = {
        (cell["system"], cell["seed"]): cell["metrics"][measure]
        for cell in report["cells"]
        if measure in cell["metrics"]
    }
    first, *others = (row["name"] for row in report["systems"])
    parts = []
    for name in others:
        seeds = [seed for system, seed in cells if system == name and (first, seed) in cells]
        if len(seeds) > 2:
            found = interval([cells[name, seed] - cells[first, seed] for seed in seeds])
            bounds = f"{found.mean:+.3g} ({found.low:+.3g} to {found.high:+.3g})".replace("-", "−")
            parts.append(f"`{name}` {bounds}")
    said = f"{PAIRED[measure]} beside `{first}`, each pair alone, not corrected for their number (95 %)"
    return f"{said}: {', '.join(parts)}." if parts else ""


def grid_row(row: dict[str, Any], report: dict[str, Any]) -> list[str]:
    """What a system reached; failed and collapsed cells are counted beside its seeds."""
    entries = report["table"].get(row["name"], {})
    states = [cell["state"] for cell in report["cells"] if cell["system"] == row["name"]]
    lost = [f"{states.count(state)} {state}" for state in ("failed", "collapsed") if state in states]
    seeds = f"{len(states)} ({', '.join(lost)})" if lost else str(len(states))
    values = [read_amount(entries[key]) if key in entries else "" for key in GRID_COLUMNS]
    return [f"`{row['name']}`", seeds, *values, f"{row['images']:,}" if row["images"] else ""]


def reference(report: dict[str, Any]) -> str:
    """How well a classifier does that is trained on real examples."""
    found = [
        entries["accuracy_from_real"]
        for entries in report["table"].values()
        if "accuracy_from_real" in entries
    ]
    return f" Trained on real examples, the classifier reaches {found[0]['mean']:.4g}." if found else ""


def unfinished(report: dict[str, Any]) -> str:
    """How much is missing."""
    count = report.get("to_come", 0)
    return f" **{count} cell{'s are' if count > 1 else ' is'} still to come.**" if count else ""


TABLES = {
    "overview": overview,
    "grids": grids,
}
