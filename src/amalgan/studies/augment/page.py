"""The page on whether a model's examples help: the verdict, the arms, samples beside what they were made of.

verdict.json ─► arms, with their gain drawn to one scale ─┐
Order ─► the first of each class, and their sources ──────┴─► verdict.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.data import Dataset, drawn
from amalgan.metrics.neighbors import nearest
from amalgan.studies.html.numbers import use_minus_sign
from amalgan.studies.html.page import render
from amalgan.studies.html.pictures import count_across
from amalgan.studies.html.strips import Strip, strip
from amalgan.tasks.augment.additions import Recipe
from amalgan.tasks.augment.augment import Order

ACROSS = 1000
WIDE, HIGH = 240, 16
"""Of a drawn interval, in pixels of the screen."""
AMONG = 2000
"""Training pictures among which the nearest is looked for, where a picture has no source."""


@dataclass(frozen=True, kw_only=True)
class MethodRow:
    """One row of the table."""

    title: str
    accuracy: str
    gained: str
    interval: str
    verdict: str
    bar: tuple[float, float] | None
    """Where the interval begins and ends, in pixels."""
    middle: float | None
    """Where its middle is; None where that is off the scale."""


def page(order: Order, data: Dataset, facts: dict[str, Any]) -> str:
    """The page, as HTML."""
    return page_of(facts, data.name, order.kind.nouns, samples(order) if order.drawn else None)


def page_of(facts: dict[str, Any], name: str, noun: str, shown: Strip | None) -> str:
    """The page of a verdict on the data ``name``."""
    reach = reach_of(facts)
    return render(
        "verdict.html.j2",
        facts=facts,
        noun=noun,
        name=name,
        classes=class_rows(facts),
        arms=[method_row(found, reach) for found in facts["arms"].values()],
        zone=(place(-facts["margin"], reach), place(facts["margin"], reach)),
        zero=place(0, reach),
        wide=WIDE,
        high=HIGH,
        samples=shown,
    )


def reach_of(facts: dict[str, Any]) -> float:
    """The largest difference on the scale, in points; arms without real examples may leave it."""
    bounds = [
        abs(bound)
        for name, found in facts["arms"].items()
        if found["gained"] and name != "only"
        for bound in found["gained"]["interval"]
    ]
    return 1.1 * max([*bounds, 2 * facts["margin"]])


def place(points: float, reach: float) -> float:
    """Where a difference stands on the scale, in pixels."""
    return WIDE * (0.5 + 0.5 * max(-1.0, min(1.0, points / reach)))


def method_row(found: dict[str, Any], reach: float) -> MethodRow:
    """An arm as it is shown."""
    gained = found["gained"]
    low, high = gained["interval"] if gained else (0.0, 0.0)
    middle = gained["points"] if gained else 0.0
    return MethodRow(
        title=found["title"],
        accuracy=f"{found['accuracy']:.2f} %",
        gained=use_minus_sign(f"{middle:+.2f}") if gained else "",
        interval=use_minus_sign(f"{low:.2f} to {high:.2f}") if gained else "",
        verdict=gained["verdict"] if gained else "",
        bar=(place(low, reach), place(high, reach)) if gained else None,
        middle=place(middle, reach) if gained and abs(middle) <= reach else None,
    )


def class_rows(facts: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The accuracy of every arm in each class."""
    arms = list(facts["arms"].values())
    return [(name, [f"{found['classes'][name]:.1f}" for found in arms]) for name in arms[0]["classes"]]


def samples(order: Order) -> Strip:
    """New pictures, the first of each class in turn, below what they were made of."""
    rows = picked(order)
    new = regenerate(order, rows)
    beside = [drawn(order.records.take(row), order.records.spec) for row in origins(order, rows, new)]
    pixels = drawn(new, order.records.spec)
    words = [order.class_name(int(order.recipe.label[row])) for row in rows]
    return strip([*beside, pixels], words, "pictures, new ones in the last row")


def picked(order: Order) -> NDArray[np.int64]:
    """As many as stand side by side: the first of each class, then the second ones, class by class."""
    label = order.recipe.label
    most = count_across(drawn(order.records.take(np.array([0])), order.records.spec), ACROSS)
    turn = np.concatenate([np.arange(count) for count in np.unique(label, return_counts=True)[1]])
    rows = np.argsort(label, kind="stable")[np.lexsort((np.sort(label), turn))]
    return np.sort(rows[:most])


def regenerate(order: Order, rows: NDArray[np.int64]) -> torch.Tensor:
    """Those new examples."""
    from amalgan.core.limits import CHUNK

    chunks = {
        number: order.augmenter.chunk(order.recipe, number) for number in {int(row) // CHUNK for row in rows}
    }
    return torch.stack([chunks[int(row) // CHUNK][int(row) % CHUNK] for row in rows])


def origins(order: Order, rows: NDArray[np.int64], new: torch.Tensor) -> Iterator[NDArray[np.int64]]:
    """The training examples that new ones were made of; of generated ones, the nearest."""
    recipe = Recipe(*(part[rows] for part in order.recipe))
    if (recipe.source >= 0).all():
        yield recipe.source
    if (recipe.other >= 0).all():
        yield recipe.other
    if (recipe.source < 0).all():
        among = order.records.spaced(AMONG)
        yield among[nearest(new.flatten(1), order.records.take(among).flatten(1))[1][:, 0].numpy()]
