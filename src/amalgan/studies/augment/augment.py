"""More training examples from a model, on disk, and whether they help: what ``amalgan augment`` does.

MODEL, DATA ─► training split ─► Order ─► DIR: pictures, manifest
                    └─► verify ─► verdict.json, verdict.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amalgan.config.data import DataConfig
from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.core import files
from amalgan.data import Dataset, Records, open_data
from amalgan.evaluation.scores.codes import labeled_only
from amalgan.metrics.effect import MARGIN
from amalgan.studies.augment.page import page
from amalgan.studies.augment.verify import SEEDS, cautions, check, check_leak, verify
from amalgan.studies.report.report import command
from amalgan.systems import registry
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Augmenter, Policy, PolicyName, counts_of
from amalgan.tasks.augment.augment import Order, read_order
from amalgan.tasks.generate import DecoderName

PAGE, FACTS = "verdict.html", "verdict.json"
SOON = 2.0
"""Seconds after which a remaining time is a fair guess."""

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be made, and how it is to be judged."""

    policy: PolicyName | None = None
    strength: float | None = None
    decoder: DecoderName | None = None
    times: float | None = None
    balance: bool = False
    seed: int = 0
    verify: bool = False
    seeds: int = SEEDS
    margin: float = MARGIN
    steps: int | None = None
    count: int = MOST_EVALUATED
    unseen: bool = False
    named: tuple[str, str] = ("MODEL", "DATA")
    """How the user names model and data."""
    reading: DataConfig = DataConfig()  # noqa: RUF009 - frozen

    @property
    def words(self) -> list[str]:
        """The command line that asks for it: flags that are not at their defaults."""
        given = [(name, getattr(self, name), getattr(PLAIN, name)) for name in MAKING + JUDGING]
        given += [(name, getattr(self.reading, name), None) for name in ("keep", "labeled")]
        flags = [
            [f"--{name}"]
            if value is True
            else [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
            for name, value, default in given
            if value != default
        ]
        return [*self.named, "--out", "augmented", *(word for flag in flags for word in flag)]


MAKING = ("policy", "strength", "decoder", "times", "balance", "seed")
JUDGING = ("verify", "seeds", "margin", "steps", "count", "unseen")
PLAIN = Asked()


@dataclass(frozen=True, kw_only=True)
class Augmented:
    """What was made and found."""

    facts: dict[str, Any]
    """The JSON object, but for skipped inputs."""
    cautions: list[str]
    data: Dataset


def augment(
    model: Model, place: str, asked: Asked, out: Path, *, tell: Tell = lambda what: None
) -> Augmented:
    """Make examples, write them to the folder ``out``, and judge them if that is asked for.

    Raises:
        AbilityError: the model cannot make them.
        DataError: there is nothing to make them of, or no verdict would hold.
        UsageError: the folder holds something else, or the settings contradict each other.
    """
    policy = Policy.of(model, asked.policy, asked.strength, asked.decoder)
    seed = (model.header.get("training") or {}).get("seed", 0)
    data = open_data(place, asked.reading, like=model.spec, at_least=1, seed=seed)
    if asked.verify:
        check(asked.seeds, asked.margin, asked.steps)
        check_leak(model, data, asked.unseen)
    notes = [*foreign(model, data), *(cautions(model, data) if asked.verify else ())]
    order = ordered(model, data, policy, asked, out)
    written = order.write(paced("making examples", tell))
    facts = order.facts | {"out": str(out), "written": written, "system": model.name, "digest": model.digest}
    if asked.verify:
        facts |= judged(order, data, asked, notes, tell)
    return Augmented(facts=facts, cautions=notes, data=data)


def ordered(model: Model, data: Dataset, policy: Policy, asked: Asked, out: Path) -> Order:
    """What goes into the folder."""
    records = sources(data)
    augmenter = Augmenter(
        model=model, policy=policy, take=records.take, labels=records.labels, seed=asked.seed
    )
    recipe = augmenter.recipe(counts_of(records.labels, asked.times, asked.balance))
    return Order(augmenter=augmenter, recipe=recipe, records=records, fingerprint=data.fingerprint, out=out)


def sources(data: Dataset) -> Records:
    """The labeled part of the training split; all of it where nothing is labeled."""
    return labeled_only(data.train) if len(labeled_only(data.train)) else data.train


def foreign(model: Model, data: Dataset) -> Iterator[str]:
    """That the model was trained on something else."""
    trained = model.header.get("data") or {}
    if trained.get("fingerprint") != data.fingerprint:
        yield (
            f"The model was trained on {trained.get('name', 'unknown data')}, whose contents are not those of "
            f"{data.name}."
        )


def judged(order: Order, data: Dataset, asked: Asked, notes: list[str], tell: Tell) -> dict[str, Any]:
    """The verdict, from the folder if it is there already, and its page."""
    place, plugin = (
        order.out / FACTS,
        registry.plugin_flags(order.augmenter.model.name, order.records.spec.kind),
    )
    facts = order.facts | {"amalgan": "verdict", "command": command("augment", *asked.words, *plugin)}
    before = read_order(place)
    if (order.out / PAGE).exists() and all(before.get(name) == value for name, value in facts.items()):
        return summarize_verdict(before, order.out)
    found = verify(
        order.augmenter.model,
        data,
        order.augmenter.policy,
        times=asked.times,
        balance=asked.balance,
        seed=asked.seed,
        seeds=asked.seeds,
        steps=asked.steps,
        margin=asked.margin,
        count=asked.count,
        tell=paced("training classifiers", tell),
    )
    facts |= found.to_json() | {"cautions": notes}
    files.write_text(order.out / PAGE, page(order, data, facts))
    files.write_json(place, facts)
    return summarize_verdict(facts, order.out)


def summarize_verdict(facts: dict[str, Any], out: Path) -> dict[str, Any]:
    """What the JSON object says of a verdict."""
    names = (
        "verdict",
        "interval",
        "points",
        "sentences",
        "margin",
        "metric",
        "seeds",
        "steps",
        "real",
        "added",
    )
    more = ("test", "beside", "arms", "copies")
    return {name: facts[name] for name in (*names, *more)} | {"page": str(out / PAGE)}


def paced(what: str, tell: Tell) -> Callable[[int, int], None]:
    """Tells how many are done and how long the rest will take."""
    started_at = time.monotonic()

    def report_progress(done: int, of: int) -> None:
        spent = time.monotonic() - started_at
        left = f", about {(of - done) * spent / done:.0f} s left" if done and spent > SOON else ""
        tell(f"{what}: {done:,} of {of:,}{left} ...")

    return report_progress
