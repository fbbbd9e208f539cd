"""From cells to a report: a table with intervals, and comparisons corrected for their number.

cell.json … ─► cells ─┬─► table         mean and 95 % Student interval over seeds, a system and measure
                      └─► comparisons   paired by seed, every pair of systems and headline measure, Holm
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from amalgan.metrics.sequential import OF_COMPARISONS
from amalgan.metrics.statistics import compare_pairs, interval
from amalgan.studies.compare.amounts import Entry
from amalgan.studies.compare.cell_file import Cell, Scores
from amalgan.studies.compare.measures import Measure, catalog
from amalgan.studies.compare.plan import Plan

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class PairComparison:
    """Two rows under one measure, paired by seed and corrected with the others of its family."""

    measure: str
    first: str
    second: str
    difference: float
    low: float | None
    high: float | None
    p: float
    p_adjusted: float
    verdict: str
    """``first`` or ``second``, whichever is better, or ``inconclusive``."""
    level: float
    n: int
    family: str

    @property
    def better(self) -> str | None:
        """The better row; None where that is not known."""
        return {"first": self.first, "second": self.second}.get(self.verdict)


def cells_of(plan: Plan, troubles: dict[Path, str]) -> list[Cell]:
    """Every cell in the order of the plan; one without a result is failed, for the reason in ``troubles``."""
    shared = Scores.read(plan.folder / "reference.json")
    return [cell_of(plan, name, seed, troubles, shared) for name, seed in list_cells(plan)]


def list_cells(plan: Plan) -> Iterator[tuple[str, int]]:
    """Row and seed of every cell."""
    for name in plan.systems:
        yield from ((name, seed) for seed in plan.seeds)
    for name, files in plan.outside.items():
        yield from ((name, seed) for seed in plan.seeds[: len(files)])


def cell_of(plan: Plan, name: str, seed: int, troubles: dict[Path, str], shared: Scores) -> Cell:
    """One cell as it stands in its file; one that did not fail has the scores that all cells share."""
    place = plan.cell(name, seed) / "cell.json"
    if not place.exists():
        return Cell.begin(name, seed, troubles.get(place, "it has not ended"))
    cell = Cell.read(place)
    return cell if cell.state == "failed" else cell.with_scores(shared)


def select_measures(cells: list[Cell]) -> list[Measure]:
    """The measures of the catalog that some cell has, then what the catalog does not know."""
    there = {key for cell in cells for key in cell.numbers}
    known = [measure for measure in catalog() if measure.key in there]
    names = {measure.key for measure in known}
    return known + [Measure(key, key.replace("_", " "), "", None, "other") for key in sorted(there - names)]


def find_failed(cells: list[Cell]) -> list[str]:
    """Rows of which every cell failed: of them it is not known what they can do."""
    rows = dict.fromkeys(cell.system for cell in cells)
    return [name for name in rows if all(cell.state == "failed" for cell in cells if cell.system == name)]


def measures_of(cells: list[Cell]) -> list[dict[str, Any]]:
    """The measures for a report, with the full name that the first cell gives."""
    names = {key: name for cell in reversed(cells) for key, name in cell.names.items()}
    return [
        asdict(measure) | {"name": general(names.get(measure.key, measure.title))}
        for measure in select_measures(cells)
    ]


def general(name: str) -> str:
    """A full name without what it says of one cell's value."""
    return name.partition(", 95 % interval")[0].partition("; verdict:")[0]


def values(cells: list[Cell], system: str, key: str) -> dict[int, float]:
    """The values of a measure by seed."""
    rows = [cell for cell in cells if cell.system == system]
    return {cell.seed: cell.numbers[key] for cell in rows if key in cell.numbers}


def table(cells: list[Cell]) -> dict[str, dict[str, Entry]]:
    """Mean and interval over seeds of every measure, by system."""
    systems = list(dict.fromkeys(cell.system for cell in cells))
    return {
        system: {
            measure.key: entry(list(found.values()))
            for measure in select_measures(cells)
            if (found := values(cells, system, measure.key))
        }
        for system in systems
    }


def entry(found: list[float]) -> Entry:
    """One place of the table; no interval from one seed."""
    if len(found) < 2:
        return Entry(mean=found[0], low=None, high=None, values=found, n=1)
    within = interval(found, LEVEL)
    return Entry(mean=within.mean, low=within.low, high=within.high, values=found, n=len(found))


def comparisons(cells: list[Cell]) -> tuple[list[PairComparison], int]:
    """Every pair of systems by every headline measure, and the number of comparisons that were corrected for.

    Measured times are a family of their own: they differ from run to run, and what is said of quality must not.
    """
    headlines = [one for one in select_measures(cells) if one.headline and one.higher_is_better is not None]
    quality = family(cells, [one for one in headlines if one.group != "cost"], "quality")
    cost = family(cells, [one for one in headlines if one.group == "cost"], "cost")
    return quality + cost, len(quality)


def family(cells: list[Cell], measures: list[Measure], name: str) -> list[PairComparison]:
    """Comparisons that are corrected together; those with fewer than two common seeds are not made."""
    made = [
        (measure, first, second, seeds)
        for measure in measures
        for first, second in combinations(dict.fromkeys(cell.system for cell in cells), 2)
        if len(seeds := common(cells, first, second, measure.key)) > 1
    ]
    pairs = [
        (
            [values(cells, first, measure.key)[seed] for seed in seeds],
            [values(cells, second, measure.key)[seed] for seed in seeds],
        )
        for measure, first, second, seeds in made
    ]
    return [
        PairComparison(
            measure=measure.key,
            first=first,
            second=second,
            difference=found.interval.mean,
            low=finite(found.interval.low),
            high=finite(found.interval.high),
            p=found.p_value,
            p_adjusted=found.p_adjusted,
            verdict=better(measure, found.verdict),
            level=found.interval.level,
            n=found.interval.n,
            family=name,
        )
        for (measure, first, second, _), found in zip(
            made, compare_pairs(pairs, LEVEL, OF_COMPARISONS), strict=True
        )
    ]


def common(cells: list[Cell], first: str, second: str, key: str) -> list[int]:
    """Seeds in which both systems have the measure."""
    theirs = values(cells, second, key)
    return [seed for seed in values(cells, first, key) if seed in theirs]


def better(measure: Measure, verdict: str) -> str:
    """Which of the two is better, not which number is higher."""
    if verdict == "inconclusive":
        return verdict
    return "first" if (verdict == "higher") == measure.higher_is_better else "second"


def finite(value: float) -> float | None:
    """JSON knows no infinity."""
    return value if math.isfinite(value) else None
