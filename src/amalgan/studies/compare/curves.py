"""How a cell's training went, for plots: the validation curve and the log, thinned. No times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amalgan.core.json_schema import fitting
from amalgan.core.thinning import thin
from amalgan.systems.model_file import Model

MOST_POINTS = 100
TIMES = ("seconds", "round")


def of_run(run: Path, model: Model) -> dict[str, Any]:
    """``curve`` and ``log`` of a finished run."""
    log = [
        {key: value for key, value in line.items() if key not in TIMES}
        for line in lines_of(run / "log.jsonl")
    ]
    return {"curve": model.header["training"]["curve"], "log": thin(log, MOST_POINTS)}


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Every whole line of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return [found for line in lines if (found := fitting(line, {str: Any}))]
