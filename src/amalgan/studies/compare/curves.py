"""How a cell's training went, for plots: the validation curve and the log, thinned. No times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from amalgan.systems.model_file import Model

MOST_POINTS = 100
TIMES = ("seconds", "round")


def of_run(run: Path, model: Model) -> dict[str, Any]:
    """``curve`` and ``log`` of a finished run."""
    log = [
        {key: value for key, value in line.items() if key not in TIMES}
        for line in lines_of(run / "log.jsonl")
    ]
    return {"curve": model.header["training"]["curve"], "log": thinned(log)}


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Every whole line of a log."""
    found = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:  # cut short by a kill
            continue
    return found


def thinned(lines: list[dict[str, Any]], most: int = MOST_POINTS) -> list[dict[str, Any]]:
    """At most so many of them, evenly, the first and the last one among them."""
    if len(lines) <= most:
        return lines
    return [lines[round(at * (len(lines) - 1) / (most - 1))] for at in range(most)]
