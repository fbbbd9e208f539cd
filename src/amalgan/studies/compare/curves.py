"""The log of a cell's training, thinned for plots. No times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amalgan.core.json_schema import fitting
from amalgan.core.thinning import thin

MOST_POINTS = 100
TIMES = ("seconds", "round")


def thin_log(log: Path) -> tuple[dict[str, Any], ...]:
    """So many lines of a log, without times."""
    lines = [{key: value for key, value in line.items() if key not in TIMES} for line in lines_of(log)]
    return tuple(thin(lines, MOST_POINTS))


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Every whole line of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return [found for line in lines if (found := fitting(line, {str: Any}))]
