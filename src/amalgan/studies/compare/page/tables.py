"""The tables of a comparison: means with intervals, and who may be called the best.

A measure has a winner only when the corrected comparison of the best mean with every other system is conclusive.
Otherwise all that cannot be told from the best share a mark, and with one seed the best value is only the best value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from amalgan.studies.html.numbers import number, percent, within
from amalgan.studies.html.palette import Face

Facts = Mapping[str, Any]
Rank = Literal["winner", "shared", "untested", ""]

MARKS: dict[Rank, str] = {"winner": "★", "shared": "≈", "untested": "◦", "": ""}
SAID: dict[Rank, str] = {
    "winner": "best: every corrected comparison with another system is conclusive",
    "shared": "not to be told from the best mean: the difference may be chance",
    "untested": "best value, not tested against chance",
    "": "",
}
LEVEL = 0.95
"""Of intervals that say nothing of theirs."""
ARROWS = {True: "↑", False: "↓", None: ""}
DIRECTIONS = {True: "higher is better", False: "lower is better", None: "neither high nor low is better"}


@dataclass(frozen=True)
class Entry:
    """One system under one measure."""

    value: float | None
    text: str
    reach: str
    """Half the interval; empty where there is none, or every seed gave the same."""
    rank: Rank
    values: list[float]
    """By seed."""
    missing: int
    """Seeds without a value, where others have one."""

    @property
    def mark(self) -> str:
        """Its rank as one character."""
        return MARKS[self.rank]

    @property
    def said(self) -> str:
        """Its rank in words."""
        return SAID[self.rank]

    @property
    def by_seed(self) -> str:
        """Every value, for those who point at it."""
        return ", ".join(map(number, self.values))


@dataclass(frozen=True)
class Column:
    """One measure."""

    measure: Facts
    entries: dict[str, Entry]
    """By system."""

    @property
    def arrow(self) -> str:
        """Which way is better."""
        return ARROWS[self.measure["higher_is_better"]]

    @property
    def direction(self) -> str:
        """The same in words."""
        return DIRECTIONS[self.measure["higher_is_better"]]

    @property
    def ranks(self) -> set[Rank]:
        """Marks that a legend must explain."""
        return {entry.rank for entry in self.entries.values()} - {""}


def columns(report: Facts, measures: Sequence[Facts]) -> list[Column]:
    """The measures that any system has a value of."""
    made = [Column(measure, entries(report, measure)) for measure in measures]
    return [column for column in made if any(entry.value is not None for entry in column.entries.values())]


def entries(report: Facts, measure: Facts) -> dict[str, Entry]:
    """Every system under one measure."""
    key = measure["key"]
    cells = {system["name"]: report["table"].get(system["name"], {}).get(key) for system in report["systems"]}
    ranks = ranked(report, measure, {name: cell["mean"] for name, cell in cells.items() if has_mean(cell)})
    return {name: entry(cell, ranks.get(name, "")) for name, cell in cells.items()}


def has_mean(cell: Facts | None) -> bool:
    """Whether there is a value."""
    return cell is not None and cell.get("mean") is not None


def entry(cell: Facts | None, rank: Rank) -> Entry:
    """One cell of ``report["table"]``."""
    if cell is None or cell.get("mean") is None:
        return Entry(None, number(None), "", "", [], 0)
    values = [value for value in cell["values"] if value is not None]
    missing = len(cell["values"]) - len(values)
    if cell["low"] is None or cell["high"] is None:
        return Entry(cell["mean"], number(cell["mean"]), "", rank, values, missing)
    half = (cell["high"] - cell["low"]) / 2
    text, reach = within(cell["mean"], half)
    return Entry(cell["mean"], text, reach if half else "", rank, values, missing)


def ranked(report: Facts, measure: Facts, means: dict[str, float]) -> dict[str, Rank]:
    """Who is best, or may be."""
    if measure["higher_is_better"] is None or len(means) < 2:
        return {}
    best = (max if measure["higher_is_better"] else min)(means, key=lambda name: means[name])
    found = {name: outcome(report, measure["key"], best, name) for name in means if name != best}
    if all(said == best for said in found.values()):
        return {best: "winner"}
    open_ones = [name for name, said in found.items() if said == "inconclusive"]
    if not open_ones:
        return {name: "untested" for name in means if means[name] == means[best]}
    return {name: "shared" for name in [best, *open_ones]}


def outcome(report: Facts, key: str, one: str, other: str) -> str | None:
    """The better of two, ``inconclusive``, or None where they were not compared."""
    for found in report["comparisons"]:
        if found["measure"] == key and {found["first"], found["second"]} == {one, other}:
            verdict = str(found["verdict"])
            return str(found[verdict]) if verdict in ("first", "second") else verdict
    return None


def groups(report: Facts) -> list[tuple[str, list[Column]]]:
    """All measures by their group, in the order in which they stand in the report."""
    names = list(dict.fromkeys(measure["group"] for measure in report["measures"]))
    made = [(name, columns(report, [m for m in report["measures"] if m["group"] == name])) for name in names]
    return [(name, found) for name, found in made if found]


@dataclass(frozen=True)
class Pair:
    """One comparison of two systems, in words."""

    first: Face
    second: Face
    difference: str
    interval: str
    level: str
    """Of the interval: as the correction asks."""
    p: float | None
    p_adjusted: float | None
    verdict: str


def pairs(report: Facts, faces: Mapping[str, Face]) -> list[tuple[Facts, list[Pair]]]:
    """The comparisons made, by measure."""
    made = [
        (
            measure,
            [pair(found, faces) for found in report["comparisons"] if found["measure"] == measure["key"]],
        )
        for measure in report["measures"]
    ]
    return [(measure, found) for measure, found in made if found]


def pair(found: Facts, faces: Mapping[str, Face]) -> Pair:
    """One of ``report["comparisons"]``."""
    first, second, low, high = (found[name] for name in ("first", "second", "low", "high"))
    reach = None if low is None or high is None else (high - low) / 2
    better = {"first": first, "second": second}.get(found["verdict"])
    return Pair(
        first=faces[first],
        second=faces[second],
        difference=plus(found["difference"], reach),
        interval="" if reach is None else f"{plus(low, reach)} to {plus(high, reach)}",
        level="" if reach is None else percent(found.get("level", LEVEL)),
        p=found["p"],
        p_adjusted=found["p_adjusted"],
        verdict="inconclusive" if better is None else f"{better} is better",
    )


def plus(value: float | None, reach: float | None) -> str:
    """A difference with its sign, as precise as ``reach``, half its interval, allows."""
    text = number(value) if value is None or reach is None else within(value, reach)[0]
    return f"+{text}" if value is not None and value > 0 else text
