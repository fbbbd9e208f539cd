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


WAYS = {
    "streamed": "streamed",
    "stored": "stored",
    "two parts": "two parts at once, streamed",
    "gather": "`gather` of the two",
}


def streams() -> str:
    """A row a way and number of pictures."""
    rows = stored("streams")["rows"]
    lines = [
        [
            f"{row['pictures']:,}",
            WAYS[row["way"]],
            f"{row['cpu_seconds']:.0f}",
            f"{row['seconds']:.0f}",
            f"{row['peak_mib']:.0f}",
            f"{row['written_mib']:.0f}",
        ]
        for row in rows
    ]
    head = [
        "pictures",
        "way",
        "CPU seconds",
        "seconds",
        "peak MiB of a process",
        "MiB written, the result included",
    ]
    equal = sorted({row["pictures"] for row in rows if row["equal"]})
    return table(head, lines) + (
        f"\nResults of all ways equal to the byte: {', '.join(f'{count:,}' for count in equal)} pictures.\n"
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


def search() -> str:
    """A row a number of codes."""
    found = stored("search")
    by_side = {(row["side"], row["codes"]): row for row in found["rows"]}
    rows = [
        search_row(by_side["before", count], by_side["now", count])
        for count in sorted({count for _, count in by_side})
    ]
    head = [
        "codes",
        "seconds before",
        "seconds now",
        "ratio",
        "peak MiB before",
        "now",
        "searched for, before",
        "now",
    ]
    return table(head, rows)


def search_row(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Seconds and memory of both sides."""
    seconds = [
        f"{row['seconds']:,.0f}" if row["seconds"] >= 10 else f"{row['seconds']:.1f}" for row in (before, now)
    ]
    peaks, queries = ([f"{row[key]:,}" for row in (before, now)] for key in ("peak_mib", "queries"))
    return [f"{now['codes']:,}", *seconds, f"{before['seconds'] / now['seconds']:.1f}", *peaks, *queries]


TABLES = {
    "many": many,
    "search": search,
    "codes": codes,
    "streams": streams,
}
