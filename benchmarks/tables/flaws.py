"""Small flaws, in textures and in large pictures, and foreign pictures by patches."""

from __future__ import annotations

from typing import Any

from tables.markdown import stored, table


def textures() -> str:
    """A row a texture and score."""
    head = ["texture", "score", "AUROC a picture", "AUROC a pixel", "found", "false"]
    return table(head, [texture_row(row) for row in stored("flaws").get("textures", [])])


def texture_row(row: dict[str, Any]) -> list[str]:
    """What was reached on one texture."""
    shares = [f"{row[key]:.3f}" for key in ("pixel", "found", "false_alarms")]
    return [row["texture"], row["score"], spanned(row["picture"]), *shares]


def tiles() -> str:
    """What was measured on large pictures."""
    found = stored("flaws").get("tiles")
    if found is None:
        return ""
    head = [
        "flawed, found",
        "the map's maximum is there",
        "good, suspected",
        "AUROC",
        "CPU-seconds",
        "memory",
    ]
    row = [
        f"{found['found']} of {found['flawed']}",
        f"{found['in_place']} of {found['flawed']}",
        f"{found['false_alarms']} of {found['good']}",
        spanned(found["auroc"]),
        f"{found['cpu_seconds_a_picture']:.1f} a picture, {found['cpu_seconds_to_learn']:.0f} to learn",
        f"{found['peak_mib']} MiB",
    ]
    return table(head, [row])


def foreign() -> str:
    """A row a pair of data sets and score."""
    head = ["normal", "foreign", "score", "AUROC", "of ten planted, in the top 20"]
    rows = stored("flaws").get("foreign", [])
    return table(head, [foreign_row(row) for row in rows])


def foreign_row(row: dict[str, Any]) -> list[str]:
    """What one score reached."""
    return [
        row["normal"],
        row["foreign"],
        row["score"],
        spanned(row["auroc"]),
        f"{row['of_ten_in_top_20']:.1f}",
    ]


def spanned(found: dict[str, float]) -> str:
    """A number with its 95 % interval."""
    return f"{found['mean']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


TABLES = {"flaws_textures": textures, "flaws_tiles": tiles, "flaws_foreign": foreign}
