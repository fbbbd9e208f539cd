"""The watermark, and the score of what a model made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tables.markdown import stored, table


def watermark() -> str:
    """A row a data set: the share of marked pictures that is found after each change."""
    rows = stored("trace")["watermark"]
    names = [*next(iter(rows.values()))["found"]]
    head = ["images", "size", "PSNR", *names]
    return table(head, ([name, *marked(row, names)] for name, row in rows.items()))


def marked(row: dict[str, Any], names: list[str]) -> list[str]:
    """What was found of one data set's pictures."""
    size = "x".join(map(str, row["shape"][:2]))
    return [size, f"{row['psnr']:.1f} dB", *(f"{row['found'][name]['mean']:.1%}" for name in names)]


def as_one() -> str:
    """A row a data set: the p-value of 64 marked pictures together."""
    rows = stored("trace")["watermark"]
    names = [*next(iter(rows.values()))["as_one"]]
    lines = ([name, *(f"{row['as_one'][change]:.2g}" for change in names)] for name, row in rows.items())
    return table(["64 images together, median p", *names], lines)


def false_alarms() -> str:
    """A row a data set: the share of unmarked pictures that are taken for marked."""
    rows = stored("trace")["watermark"]
    levels = [*next(iter(rows.values()))["false_alarms"]["share"]]
    head = ["false alarms at p ≤", "pairs", *levels, *(f"worst key, {level}" for level in levels[:-1])]
    return table(head, ([name, *alarms(row["false_alarms"], levels)] for name, row in rows.items()))


def alarms(found: dict[str, Any], levels: list[str]) -> list[str]:
    """Shares over all keys, and of the worst key."""
    shares = [f"{found['share'][level]:.2g}" for level in levels]
    return [f"{found['pairs']:,}", *shares, *(f"{found['worst_key'][level]:.2g}" for level in levels[:-1])]


def hands() -> str:
    """A row a model and version: how often its score errs, by what may have happened."""
    rows = stored("trace")["score"]
    head = ["model", "`--changed`", "change of all images", "false alarms", "missed", "AUROC"]
    return table(head, (line for name, row in rows.items() for line in hand(name, row)))


def hand(name: str, row: dict[str, Any]) -> Iterator[list[str]]:
    """The lines of one model."""
    for changed, found in row.items():
        for version, one in found["versions"].items():
            shares = [spanned(one[key]) for key in ("false_alarms", "missed")]
            yield [name, f"`{changed}`", version, *shares, f"{one['auroc']['mean']:.4f}"]


def spanned(found: dict[str, float]) -> str:
    """A share with its interval."""
    return f"{found['mean']:.1%} ({found['low']:.1%} to {found['high']:.1%})"


TABLES = {"watermark": watermark, "as_one": as_one, "false_alarms": false_alarms, "hands": hands}
