"""What to pick, in sentences that say no more than the numbers do.

For each topic its measure ranks the rows; a pick is made only where the corrected comparison with every other row that
has the measure is conclusive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from amalgan.studies.compare.amounts import Entry, amount
from amalgan.studies.compare.measures import Measure
from amalgan.studies.compare.results import PairComparison

Table = dict[str, dict[str, Entry]]
"""By row and measure."""


@dataclass(frozen=True)
class Verdict:
    """What is said of one topic."""

    topic: str
    pick: str | None
    text: str


ROUNDING = 1e-9
"""Of a mean of equal accuracies."""


class Topic(NamedTuple):
    """A use of a model and what it is judged by; the first measure that was taken counts."""

    name: str
    keys: tuple[str, ...]
    said: str
    """For what: "generation"."""
    is_accuracy: bool = False
    """Whether its measures are shares of classes named right, which guessing reaches a part of."""


TOPICS = (
    Topic("generation", ("frechet_distance",), "generation"),
    Topic("usefulness", ("accuracy_from_samples",), "training a classifier on samples", True),
    Topic("reconstruction", ("psnr", "squared_error"), "reconstruction"),
    Topic("features", ("linear_probe",), "features", True),
    Topic("speed", ("images_per_second", "images_per_device_second"), "speed of training"),
)
TIMED_TOPICS = frozenset({"speed"})
"""Topics whose sentences hold measured times."""


def verdicts(
    table: Table,
    measures: list[Measure],
    made: list[PairComparison],
    data: str,
    budget: str,
    failed: Sequence[str] = (),
    classes: int = 0,
) -> Iterator[Verdict]:
    """One entry a topic that some row can do, and what all of it holds for.

    Args:
        classes: number of classes of the data; with none, no accuracy is compared with guessing.
        failed: rows of which it is not known what they can do.
    """
    known = {measure.key: measure for measure in measures}
    for topic in TOPICS:
        measure = next((known[key] for key in topic.keys if key in known), None)
        if measure is not None:
            guessed = 1 / classes if classes and topic.is_accuracy else None
            yield Verdict(topic.name, *judge(topic, measure, table, made, failed, guessed))
    yield Verdict("scope", None, f"All of this holds on {data}, with {budget}.")


def judge(
    topic: Topic,
    measure: Measure,
    table: Table,
    made: list[PairComparison],
    failed: Sequence[str] = (),
    guessed: float | None = None,
) -> tuple[str | None, str]:
    """The pick and its sentence.

    Args:
        guessed: the value that guessing has; what is not above it is not picked.
    """
    rows = [name for name, entries in table.items() if measure.key in entries]
    rows.sort(key=lambda name: table[name][measure.key].mean, reverse=bool(measure.higher_is_better))
    best, others = rows[0], rows[1:]
    numbers = ", ".join(f"{name} {reached(table, name, measure)}" for name in rows)
    evidence = f"({measure.title}: {numbers})"
    if guessed is not None and is_guess(table[best][measure.key], guessed):
        return None, f"For {topic.said} none is shown to be better than guessing, {guessed:.2g} {evidence}."
    if not others and failed:
        lost = f"{listed(list(failed))} failed, so none is picked"
        return None, f"For {topic.said} only {best} was measured {evidence}: {lost}."
    if not others:
        return best, f"For {topic.said} pick {best}, the only one here that can {evidence}."
    if equal := [name for name in others if table[name][measure.key].mean == table[best][measure.key].mean]:
        return None, f"For {topic.said} {listed([best, *equal])} are equal {evidence}."
    if not (rivals := [name for name in others if not conclusive(best, name, measure.key, made)]):
        return best, f"For {topic.said} pick {best} {evidence}."
    seeds = {name: table[name][measure.key].n for name in rows}
    return None, f"For {topic.said} {best} has the best number {evidence}, but {doubt(best, rivals, seeds)}."


def is_guess(entry: Entry, guessed: float) -> bool:
    """Whether a place of the table is no better than guessing, or not certainly so over its seeds."""
    return (entry.mean if entry.low is None else entry.low) <= guessed + ROUNDING


def doubt(best: str, rivals: list[str], seeds: dict[str, int]) -> str:
    """Why the best number is no pick."""
    if seeds[best] < 2 or all(seeds[name] < 2 for name in rivals):
        return "with one seed nothing can be said of chance"
    near = [name for name in rivals if seeds[name] > 1]
    alone = [name for name in rivals if seeds[name] < 2]
    said = f"its lead over {listed(near)} is inconclusive with {min(seeds[name] for name in near)} seeds"
    return said + (f", and of {listed(alone)}, with one seed, nothing can be said" if alone else "")


def listed(names: list[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def conclusive(best: str, other: str, key: str, made: list[PairComparison]) -> bool:
    """Whether the corrected comparison says that ``best`` is better than ``other``."""
    return any(
        one.measure == key and {one.first, one.second} == {best, other} and one.better == best for one in made
    )


def reached(table: Table, system: str, measure: Measure) -> str:
    """A mean with half its interval and its unit."""
    unit = f" {measure.unit}" if measure.unit not in ("", "share") else ""
    return f"{amount(table[system][measure.key])}{unit}"
