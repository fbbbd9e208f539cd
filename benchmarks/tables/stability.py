"""Whether training holds at every size."""

from __future__ import annotations

import json
from typing import Any

from tables.markdown import RESULTS, table


def stability() -> str:
    """A row a system: cells, and how many failed."""
    found: dict[str, Any] = json.loads((RESULTS / "stability.json").read_text())
    systems = sorted({name.split()[2] for name in found})
    lines = []
    for system in systems:
        cells = [cell for name, cell in found.items() if name.split()[2] == system]
        ratios = [cell["ratio"] for cell in cells if cell.get("ratio") is not None]
        worst = f"{max(ratios):.2f}" if ratios else ""
        lines.append(
            [f"`{system}`", str(len(cells)), str(sum(bool(cell["failed"]) for cell in cells)), worst]
        )
    return table(["system", "cells", "failed", "largest squared error, in that of the mean picture"], lines)


TABLES = {"stability": stability}
