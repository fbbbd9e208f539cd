"""Each digit as the anomaly in turn."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from amalgan.metrics.statistics import interval
from tables.markdown import stored, table

DETECTORS = {
    "joint": "joint",
    "density": "density",
    "drift": "drift",
    "reconstruction": "reconstruction",
    "critic": "critic",
    "p-values joined, harmonic mean, without critic": "p-values joined",
    "IsolationForest": "isolation forest",
    "components, as many as the code": "32 components",
    "components, 95 %": "components, 95 %",
}


def digits() -> str:
    """A row a digit, and their mean."""
    rows = stored("detect")["rows"]
    lines = [digit_row(row) for row in rows]
    means = [fmean(row["auroc"][key]["mean"] for row in rows) for key in DETECTORS]
    shares = [f"{fmean(row[key] for row in rows):.3f}" for key in ("found", "false_alarms")]
    mean = [f"**mean of {len(rows)}**", "", *(f"{value:.3f}" for value in means), *shares]
    head = ["anomaly", "n", *DETECTORS.values(), "found", "false"]
    return table(head, [*lines, mean]) + "\n" + lead(rows)


def digit_row(row: dict[str, Any]) -> list[str]:
    """What was reached on one digit."""
    found = row["auroc"]["joint"]
    joint = f"{found['mean']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
    others = [f"{row['auroc'][key]['mean']:.3f}" for key in list(DETECTORS)[1:]]
    shares = [f"{row[key]:.3f}" for key in ("found", "false_alarms")]
    return [
        str(row["digit"]),
        f"{row['anomalous']:,} in {row['anomalous'] + row['normal']:,}",
        joint,
        *others,
        *shares,
    ]


def lead(rows: list[dict[str, Any]]) -> str:
    """How far ahead of the better of the others, with an interval over digits."""
    keys = list(DETECTORS)[-3:]
    best = [max(row["auroc"][key]["mean"] for key in keys) for row in rows]
    ahead = [row["auroc"]["joint"]["mean"] - other for row, other in zip(rows, best, strict=True)]
    if len(rows) < 2:
        return ""
    over = interval(ahead)
    return (
        f"Ahead of the best of the last three, digit by digit: {over.mean:.3f} on average (95 % interval over "
        f"{len(rows)} digits {over.low:.3f} to {over.high:.3f}), smallest {min(ahead):.3f}.\n"
    )


TABLES = {
    "digits": digits,
}
