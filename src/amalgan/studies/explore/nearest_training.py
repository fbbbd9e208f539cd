"""Generated examples beside the training examples that are nearest to them, in pixels and in the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from amalgan.data import drawn
from amalgan.evaluation.nearest_training import Neighbors, neighbors
from amalgan.metrics.statistics import binomial_interval, bootstrap
from amalgan.studies.explore.subject import Subject
from amalgan.studies.html.numbers import percent
from amalgan.studies.html.strips import Strip, strip
from amalgan.studies.report.sentences import surely

SHOWN = 12
NEAR, ENOUGH = 0.01, 100
"""The share of test examples that sets the limit of what is near, if there are so many; else the nearest one does."""


@dataclass(frozen=True, kw_only=True)
class NearestTraining:
    """One space."""

    facts: dict[str, Any]
    drawn: Strip | None = None
    """Some generated pictures, not picked."""
    nearest: Strip | None = None


def find_nearest_training(subject: Subject) -> list[NearestTraining]:
    """The generated examples that are nearest to training examples, in each space."""
    found = neighbors(subject.model, subject.generated, subject.train, subject.test)
    return [compare_in_space(subject, space) for space in found]


def compare_in_space(subject: Subject, found: Neighbors) -> NearestTraining:
    """One space: its numbers, and the nearest pairs."""
    order = found.ratio.argsort(stable=True)[:SHOWN]
    enough = len(found.real) >= ENOUGH
    which = percent(NEAR) if enough else "one"
    limit = float(found.real.quantile(NEAR) if enough else found.real.min())
    facts = {
        "space": found.space,
        "typical": found.typical,
        "n": len(found.ratio),
        "median": float(found.ratio.median()),
        "median_interval": list(median_interval(found.ratio)),
        "least": float(found.ratio.min()),
        "limit": limit,
        "limit_of": f"the nearest {which} of {len(found.real)} unseen real {noun(subject)}",
        "near": float((found.ratio <= limit).double().mean()),
        "nearest": [
            {"sample": k, "ratio": float(found.ratio[k]), "train": subject.train.name(int(found.row[k]))}
            for k in order.tolist()
        ],
    }
    if not subject.pictures:
        return NearestTraining(facts=facts)
    drawn = torch.arange(min(SHOWN, len(found.ratio)))
    return NearestTraining(
        facts=facts, drawn=pairs(subject, found, drawn), nearest=pairs(subject, found, order)
    )


def noun(subject: Subject) -> str:
    """What examples are called, in the plural."""
    return subject.kind.nouns


def pairs(subject: Subject, found: Neighbors, order: torch.Tensor) -> Strip:
    """Generated pictures above their nearest training pictures, under the ratio of each."""
    spec = subject.model.spec
    above = drawn(subject.generated[order], spec)
    below = drawn(subject.train.take(found.row[order].numpy()), spec)
    words = [f"{float(ratio):.2f}" for ratio in found.ratio[order]]
    return strip(
        [above, below], words, f"pictures: generated above, nearest training pictures by {found.space} below"
    )


def median_interval(ratio: torch.Tensor) -> tuple[float, float]:
    """The bootstrap interval of the median."""
    return bootstrap(lambda rows: float(ratio[rows].median()), len(ratio))


def near_interval(facts: dict[str, Any]) -> tuple[float, float]:
    """The interval of the share that is near."""
    within = binomial_interval(round(facts["near"] * facts["n"]), facts["n"])
    return within.low, within.high


def summary(found: list[NearestTraining], what: str) -> Iterator[str]:
    """What the numbers say of ``what``, examples in the plural."""
    for each in found:
        facts = each.facts
        median = surely(facts["median"], tuple(facts["median_interval"]), facts["n"], "{:.2f}".format)
        near = surely(facts["near"], near_interval(facts), facts["n"], percent)
        yield (
            f"By {facts['space']}, generated {what} lie at {median} times the distance at which unseen "
            f"real ones lie from the training set (median), the nearest at {facts['least']:.2f}; "
            f"{near} are nearer than {facts['limit_of']}."
        )
