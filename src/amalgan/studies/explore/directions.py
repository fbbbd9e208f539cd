"""What directions of the code do: strips of decodes, or bars of a vector's entries, each with a measured effect.

codes ─► components, class means ─► from the mean, from test examples: 7 steps each ─► ShownDirection
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.data import drawn
from amalgan.studies.explore.bars import Bar, bars, in_units, names_of
from amalgan.studies.explore.subject import Subject
from amalgan.studies.html.numbers import number, percent, use_minus_sign
from amalgan.studies.html.strips import Strip, strip
from amalgan.tasks.explore.directions import (
    Direction,
    Means,
    between_classes,
    effect,
    measure_turned,
    principal,
    strength,
    strips,
    to_classes,
)

COMPONENTS, CLASSES, PAIRS = 8, 10, 6
STARTS = 2
"""Test examples that a strip starts from, besides the mean."""
DEVIATIONS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
PATH_SHARES = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
"""Shares of the way between class means."""


@dataclass(frozen=True, kw_only=True)
class ShownDirection:
    """One direction, shown."""

    name: str
    said: str
    facts: dict[str, Any]
    strip: Strip | None = None
    bars: list[Bar] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Directions:
    """All of them."""

    components: list[ShownDirection]
    classes: list[ShownDirection]
    pairs: list[ShownDirection]
    all_shares: list[float]
    """Of the variance, by component, all components."""


def find_directions(subject: Subject) -> Directions:
    """Directions by variance, to each class, and between the classes that are nearest."""
    every = principal(subject.code, subject.code.shape[1])
    names, means = subject.model.spec.classes, subject.means
    to = to_classes(means, names, CLASSES) if means else []
    between = between_classes(means, names, PAIRS) if means else []
    return Directions(
        components=[component(subject, direction) for direction in every[:COMPONENTS]],
        classes=[contrast(subject, direction, means) for direction in to if means],
        pairs=[contrast(subject, direction, means) for direction in between if means],
        all_shares=[direction.share or 0.0 for direction in every],
    )


def component(subject: Subject, direction: Direction) -> ShownDirection:
    """A principal direction, in deviations."""
    reach = strength(subject.model, direction, subject.test_code)
    facts = {"name": direction.name, "variance": direction.share, "effect": reach}
    said = f"{percent(direction.share or 0)} of the variance; one deviation changes {percent(reach)}"
    return show_direction(subject, direction, DEVIATIONS, subject.code.mean(0), pick(subject), said, facts)


def contrast(subject: Subject, direction: Direction, means: Means) -> ShownDirection:
    """A difference of class means, in shares of the way."""
    rows = leaving(subject, direction)
    code, goal = subject.test_code[rows], direction.goal or 0
    start = means.whole if direction.start is None else means.mean[means.classes == direction.start][0]
    reach = strength(subject.model, direction, subject.test_code)
    facts: dict[str, Any] = {"name": direction.name, "effect": reach, "n": len(rows)}
    said = "no test examples to measure it on"
    if len(rows):
        before, after = measure_turned(subject.model, code, direction.step, goal, means)
        facts |= {"before": before, "after": after}
        seen = subject.model.spec.classes[goal]
        said = f"seen as {seen}: {percent(before)} before, {percent(after)} after, of {len(rows)}"
    return show_direction(subject, direction, PATH_SHARES, start, rows[spaced(len(rows))], said, facts)


def leaving(subject: Subject, direction: Direction) -> Tensor:
    """Rows of the test examples that a direction leads away: those of its start, or of all classes but its goal."""
    label = subject.test_label
    away = (
        label == direction.start if direction.start is not None else (label >= 0) & (label != direction.goal)
    )
    return away.nonzero()[:, 0]


def pick(subject: Subject) -> Tensor:
    """The test examples that strips start from: the same for every component."""
    return spaced(len(subject.test))


def spaced(count: int) -> Tensor:
    """At most ``STARTS`` rows of ``count``, well inside."""
    return torch.tensor(
        sorted({(2 * k + 1) * count // (2 * STARTS) for k in range(STARTS) if count}), dtype=torch.int64
    )


def show_direction(
    subject: Subject,
    direction: Direction,
    steps: tuple[float, ...],
    start: Float[Tensor, " K"],
    rows: Tensor,
    said: str,
    facts: dict[str, Any],
) -> ShownDirection:
    """A direction as a strip, or of vectors as bars."""
    if not subject.pictures:
        return ShownDirection(
            name=direction.name, said=said, facts=facts, bars=list(by_entry(subject, direction))
        )
    code = torch.cat([start[None], subject.test_code[rows]])
    made = strips(subject.model, direction, code, torch.tensor(steps))
    first = torch.cat([subject.average_of(direction.start)[None], subject.test.take(rows.numpy())])
    spec = subject.model.spec
    lines = [
        np.concatenate([drawn(real[None], spec), drawn(line, spec)])
        for real, line in zip(first, made, strict=True)
    ]
    alt = f"pictures: examples, and their codes moved along {direction.name}"
    words = ["real", *(use_minus_sign(f"{step:g}") for step in steps)]
    return ShownDirection(name=direction.name, said=said, facts=facts, strip=strip(lines, words, alt))


def by_entry(subject: Subject, direction: Direction) -> Iterator[Bar]:
    """What one step adds to each entry of a vector."""
    change = effect(subject.model, direction, subject.test_code)
    spec = subject.model.spec
    yield from bars(change, in_units(change, spec), names_of(spec))


def summary(found: Directions) -> Iterator[str]:
    """What there is to say of the directions in general."""
    shares = np.cumsum(found.all_shares)
    half = int((shares < 0.5).sum()) + 1
    yield (
        f"Half of the variance of the codes lies along {half} of {len(shares)} directions"
        f" ({percent(float(shares[half - 1]))})."
    )
    after = [way.facts["after"] for way in found.classes + found.pairs if "after" in way.facts]
    if after:
        yield (
            f"A whole way between class means turns {percent(float(np.mean(after)))} of the decodes into the class it "
            f"leads to, as the encoder sees them (mean of {number(len(after))} directions)."
        )
