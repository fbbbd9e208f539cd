"""The whole exploration, as numbers and as a page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amalgan.core import files
from amalgan.core.errors import AbilityError, UsageError
from amalgan.data import Dataset
from amalgan.evaluation.overlap import overlap
from amalgan.kinds import kind_of, text_of
from amalgan.studies.explore import attribution, directions, nearest_training
from amalgan.studies.explore.subject import Subject
from amalgan.studies.html.page import render
from amalgan.studies.report.report import command
from amalgan.systems import registry
from amalgan.systems.abilities import Decodes, Encodes, Generates
from amalgan.systems.model_file import Model
from amalgan.tasks.judging import why_silent

FORMAT = 1
PAGE, FACTS = "explore.html", "explore.json"
COUNT = 500
FEWEST = 16


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """What was found out."""

    facts: dict[str, Any]
    """``explore.json``."""
    directions: directions.Directions | None
    nearest_training: list[nearest_training.NearestTraining]
    attribution: list[attribution.Attribution]

    @property
    def page(self) -> str:
        """``explore.html``."""
        return render(
            "explore.html.j2",
            facts=self.facts,
            directions=self.directions,
            nearest_training=self.nearest_training,
            attributions=self.attribution,
        )

    def write(self, out: Path) -> Path:
        """Write ``explore.html`` and ``explore.json`` into the folder ``out``; return the page's path."""
        files.write_json(out / FACTS, self.facts)
        files.write_text(out / PAGE, self.page)
        return out / PAGE


def explore(
    model: Model,
    data: Dataset,
    *,
    count: int = COUNT,
    seed: int = 0,
    named: tuple[str, str] = ("MODEL", "DATA"),
    tell: Callable[[str], None] | None = None,
) -> Exploration:
    """Look into ``model``: whatever applies to its abilities.

    Args:
        count: at most so many test examples are measured on, and so many are generated.
        named: how the user names model and data.

    Raises:
        AbilityError: the model neither encodes nor generates and has no critic.
        UsageError: ``count`` is too small.
    """
    if count < FEWEST:
        raise UsageError(f"count is {count}; an exploration needs at least {FEWEST}")
    tell = tell or (lambda _: None)
    subject = Subject(model=model, data=data, count=count, seed=seed)
    system = model.system
    tell("moving codes")
    both = isinstance(system, Encodes) and isinstance(system, Decodes)
    found_directions = directions.find_directions(subject) if both else None
    tell("looking for neighbors")
    found_nearest = (
        nearest_training.find_nearest_training(subject)
        if isinstance(system, Generates) and subject.unseen
        else []
    )
    attributions = attribution.attribute_networks(subject, tell)
    if not (found_directions or found_nearest or attributions):
        raise AbilityError(
            f"a model of system {model.name!r} neither encodes nor generates and has no critic: there is nothing to "
            "explore. Any of the built-in systems has something; amalgan systems lists them."
        )
    facts = facts_of(subject, found_directions, found_nearest, attributions, named)
    return Exploration(
        facts=facts, directions=found_directions, nearest_training=found_nearest, attribution=attributions
    )


def facts_of(
    subject: Subject,
    found_directions: directions.Directions | None,
    found_nearest: list[nearest_training.NearestTraining],
    attributions: list[attribution.Attribution],
    named: tuple[str, str],
) -> dict[str, Any]:
    """Everything on the page but its pictures."""
    model, data = subject.model, subject.data
    noun, related = nearest_training.noun(subject), overlap(model, data, subject.test)
    sentences = [
        *(directions.summary(found_directions) if found_directions else ()),
        *nearest_training.summary(found_nearest, noun),
    ]
    return {
        "amalgan": "exploration",
        "format": FORMAT,
        "command": command(
            "explore",
            *named,
            "--out",
            "explored",
            *list_changed_flags(subject),
            *registry.plugin_flags(model.name, model.spec.kind),
        ),
        "system": model.name,
        "summary": (inspect.getdoc(type(model.system)) or "").split("\n")[0],
        "digest": model.digest,
        "reads": text_of(model.spec),
        "noun": noun,
        "data": {"name": data.name, "fingerprint": data.fingerprint, "own_splits": data.own_splits},
        "n": {"train": len(subject.train), "test": len(subject.test), "generated": subject.count},
        "seed": subject.seed,
        "sentences": sentences,
        "overlap": related.to_json(),
        "cautions": [*filter(None, [related.note, why_silent(model)]), *unseen(subject)],
        "directions": direction_numbers(found_directions) if found_directions else None,
        "neighbors": [each.facts for each in found_nearest],
        "patch": kind_of(model.spec).part_side(model.spec.shape),
        "looks": [each.facts for each in attributions],
    }


def direction_numbers(found: directions.Directions) -> dict[str, Any]:
    """The numbers of all directions."""
    return {
        "variance": found.all_shares,
        "components": [way.facts for way in found.components],
        "classes": [way.facts for way in found.classes],
        "pairs": [way.facts for way in found.pairs],
    }


def unseen(subject: Subject) -> Iterator[str]:
    """What it means that there are no test examples."""
    if not subject.unseen:
        yield (
            f"{subject.data.name} has {len(subject.data.train)} training and {len(subject.data.test)} test examples: "
            "all of it stands in for both, and nearest training examples are left out. Give the data that the model "
            "was trained on."
        )


def list_changed_flags(subject: Subject) -> list[str]:
    """The flags that are not at their defaults."""
    count = ["--count", str(subject.count)] if subject.count != COUNT else []
    return count + (["--seed", str(subject.seed)] if subject.seed else [])
