"""Codes as features, and many pictures in one command."""

from __future__ import annotations

import json
from typing import Any

from tables.markdown import GRIDS, stored, table

PROBES = {
    "linear_probe": "linear probe",
    "linear_probe_components": "of components",
    "knn_accuracy": "5 nearest neighbors",
    "knn_accuracy_components": "of components ",
}


def many() -> str:
    """A row a command and number of pictures, and what became of those that were killed."""
    found = stored("embed")
    rows = [
        [
            f"`{row['command']}`",
            f"{row['pictures']:,}",
            str(row["peak_mib"]),
            f"{row['a_cpu_second']:,}",
        ]
        for row in sorted(found["rows"], key=lambda row: (row["command"], row["pictures"]))
    ]
    same = [kill["command"] for kill in found["kills"] if kill["equal"] and kill["written"] == [True, False]]
    head = ["command", "images", "peak MiB", "images per CPU-second, start included"]
    return table(head, rows) + (
        f"\nKilled by SIGKILL and run again: the file is byte for byte the same, and a third run "
        f"writes nothing: {', '.join(f'`{name}`' for name in same)} ({len(same)} of {len(found['kills'])}).\n"
    )


def trained(row: dict[str, Any]) -> str:
    """What gave the codes."""
    labels = f", {row['labeled']} labels" if row.get("labeled") else ""
    return f"`{row['system']}`{labels}"


def codes() -> str:
    """A row a system: measured here, and in the grid of 20 CPU-minutes."""
    rows = [probe_row(trained(row), row["images"], row["scores"]) for row in stored("codes")["rows"]]
    report = json.loads((GRIDS / "mnist-20min" / "report.json").read_text())
    for row in report["systems"]:
        entries = report["table"][row["name"]]
        if "linear_probe" in entries:
            scores = {key: entries[key]["mean"] for key in PROBES}
            rows.append(
                probe_row(f"`{row['name']}`, mean of {entries['linear_probe']['n']}", row["images"], scores)
            )
    return table(["system", "images", *PROBES.values()], rows)


def probe_row(name: str, images: int, scores: dict[str, float]) -> list[str]:
    """Accuracies of one system."""
    return [name, f"{images:,}", *(f"{scores[key]:.4f}" for key in PROBES)]


TABLES = {
    "many": many,
    "codes": codes,
}
