"""What a comparison leaves in its folder: ``report.json``, ``table.csv`` and ``report.html``.

``reproducible`` takes from a report what no two runs agree on; the rest follows from the plan alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amalgan.config import fields
from amalgan.core import files
from amalgan.data.writing.sheets import sheet
from amalgan.studies.compare import commands, results, tuning, verdict
from amalgan.studies.compare.cell_file import Cell
from amalgan.studies.compare.measures import MEASURED_TIMES
from amalgan.studies.compare.notes import notes
from amalgan.studies.compare.plan import Plan
from amalgan.studies.compare.rows import system_of

TIME_KEYS = frozenset({"times"})
"""Entries of a report that hold nothing but measured times."""


def report_of(plan: Plan, cells: list[Cell]) -> dict[str, Any]:
    """The whole report, as plain data."""
    table = results.table(cells)
    made, corrected_for = results.comparisons(cells)
    data, asked = plan.facts["data"], plan.asked
    where = f"{data['name']} ({data['train']:,} training examples)"
    measures = results.select_measures(cells)
    n = min(asked.count, data["test"])
    said = notes(cells, seeds=len(plan.seeds), tries=asked.tries, corrected_for=corrected_for, n=n)
    judged = verdict.verdicts(
        table,
        measures,
        made,
        where,
        plan.facts["budget"]["text"],
        results.find_failed(cells),
        len(data["classes"]),
    )
    return fields.plain(
        {
            "amalgan": "comparison",
            "format": 1,
            "command": plan.facts["command"],
            "data": data,
            "budget": plan.facts["budget"],
            "seeds": plan.seeds,
            "tries": asked.tries,
            "features": asked.features,
            "count": n,
            "batch": asked.batch,
            "systems": list(rows(plan)),
            "measures": results.measures_of(cells),
            "cells": [cell.to_json() | {"shown": find_examples(plan, cell)} for cell in cells],
            "table": table,
            "comparisons": made,
            "corrected_for": corrected_for,
            "verdict": list(judged),
            "notes": list(said),
            "times": plan.facts["times"],
        }
    )


def find_examples(plan: Plan, cell: Cell) -> str | None:
    """Where in the comparison's folder the examples of a cell that ended lie."""
    folder = plan.cell(cell.system, cell.seed)
    there = all((folder / name).exists() for name in ("cell.json", "shown.npz"))
    return f"{folder.relative_to(plan.folder)}/shown.npz" if there else None


def rows(plan: Plan) -> Iterator[dict[str, Any]]:
    """What there is to say of each row."""
    for facts in plan.facts["systems"]:
        name = facts["name"]
        yield facts | {"command": command(plan, name), "tries": tuning.outcomes(plan, name)}
    for name, places in plan.outside.items():
        shown = ", ".join(Path(place).name for place in places)
        yield {
            "name": name,
            "system": None,
            "changed": {},
            "source": "samples",
            "summary": f"Examples made elsewhere: {shown}",
            "abilities": [],
            "settings": {},
            "images": None,
            "parameters": None,
            "command": "",
            "tries": [],
        }


def command(plan: Plan, name: str) -> str:
    """The command line that trains the cell of the first seed again."""
    return commands.of_cell(
        system_of(name),
        tuning.settings(plan, name, tuning.choose_factor(plan, name)),
        data=plan.facts["order"]["data"],
        flags=plan.facts["order"]["flags"],
        images=plan.systems[name].images,
        seed=plan.seeds[0],
        batch=plan.asked.batch,
        device=plan.asked.device,
        precision=plan.asked.precision,
        out=f"runs/{plan.cell(name, plan.seeds[0]).name}",
    )


def csv_of(report: dict[str, Any]) -> str:
    """The table for spreadsheets: a row a system, three columns a measure."""
    keys = [measure["key"] for measure in report["measures"]]
    head = [column for key in keys for column in (key, f"{key}_low", f"{key}_high")]
    lines: list[list[Any]] = [["system", "source", "seeds", "failed", *head]]
    for row in report["systems"]:
        own = [cell for cell in report["cells"] if cell["system"] == row["name"]]
        failed = sum(cell["state"] == "failed" for cell in own)
        found = report["table"].get(row["name"], {})
        parts = [found.get(key, {}).get(part) for key in keys for part in ("mean", "low", "high")]
        lines.append([row["name"], row["source"], len(own), failed, *parts])
    return sheet(lines)


def write(plan: Plan, report: dict[str, Any]) -> None:
    """Write all three files; the page last."""
    from amalgan.studies.compare.page.page import comparison_page

    files.write_json(plan.folder / "report.json", report)
    files.write_text(plan.folder / "table.csv", csv_of(report))
    files.write_text(plan.folder / "report.html", comparison_page(report, plan.folder))


def reproducible(report: dict[str, Any]) -> dict[str, Any]:
    """The report without measured times: equal for equal plans, however often a comparison was stopped."""
    kept = {name: value for name, value in report.items() if name not in TIME_KEYS}
    kept["cells"] = [cell | {"cost": timeless(cell["cost"])} for cell in report["cells"]]
    kept["table"] = {system: timeless(entries) for system, entries in report["table"].items()}
    kept["comparisons"] = [one for one in report["comparisons"] if one["measure"] not in MEASURED_TIMES]
    kept["verdict"] = [one for one in report["verdict"] if one["topic"] not in verdict.TIMED_TOPICS]
    return kept


def timeless(entries: dict[str, Any]) -> dict[str, Any]:
    """Entries by measure, but for times and memory."""
    return {key: value for key, value in entries.items() if key not in MEASURED_TIMES}
