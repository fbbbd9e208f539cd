"""Whether WebGPU pays in a page."""

from __future__ import annotations

from typing import Any

from tables.markdown import stored, table


def webgpu() -> str:
    """A row a build."""
    found = stored("webgpu")
    models = list(dict.fromkeys(row["model"] for row in found["rows"]))
    head = ["build", "in a page, MB", *(f"decode of {name}, ms" for name in models)]
    rows = (
        [build, f"{size:.1f}", *cells(found["rows"], build)]
        for build, size in found["megabytes_in_a_page"].items()
    )
    return table(head, rows)


def cells(rows: list[dict[str, Any]], build: str) -> list[str]:
    """The time of each model, or why there is none."""
    own = (row for row in rows if row["build"] == build)
    return [row["error"] if "error" in row else f"{row['decode']:.1f}" for row in own]


TABLES = {"webgpu": webgpu}
