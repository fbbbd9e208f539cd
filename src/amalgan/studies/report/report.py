"""The report of one model: what it is, what it can do, how well, and what to watch out for.

model, data ─┬─► evaluate ─► every number ─► report.json ─┐
             └─► exhibits ─► pictures and plots ──────────┴─► report.html
"""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.core import files
from amalgan.data import Dataset
from amalgan.evaluation.evaluate import Evaluation, evaluate
from amalgan.features import Features
from amalgan.kinds import kind_of, text_of
from amalgan.studies.html import figures
from amalgan.studies.html.page import entries, readable, render
from amalgan.studies.html.palette import Face
from amalgan.studies.html.plots import Drawing
from amalgan.studies.report.exhibits import Exhibits, exhibits
from amalgan.studies.report.sentences import sentences
from amalgan.systems import registry
from amalgan.systems.abilities import Decodes, Encodes, Generates, Realizes, Restores
from amalgan.systems.model_file import Model

FORMAT = 1
PAGE, FACTS = "report.html", "report.json"

HEADLINES = {
    "frechet_distance": ("Fréchet distance", "of new examples; lower is better"),
    "precision": ("precision", "higher is better"),
    "recall": ("recall", "higher is better"),
    "label_agreement": ("label agreement", "higher is better"),
    "psnr": ("PSNR of x′, dB", "higher is better"),
    "psnr_pca": ("PSNR of principal components, dB", "what x′ should beat"),
    "psnr_realistic": ("PSNR of x″, dB", "higher is better"),
    "squared_error": ("squared error of x′", "lower is better"),
    "linear_probe": ("linear probe on codes", "higher is better"),
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found out about a model."""

    facts: dict[str, Any]
    """``report.json``."""
    shown: Exhibits

    @property
    def page(self) -> str:
        """``report.html``."""
        facts, measured = self.facts, self.facts["evaluation"]
        headline = {
            key: (*said, measured["metrics"][key])
            for key, said in HEADLINES.items()
            if measured["metrics"].get(key) is not None
        }
        return render(
            "model.html.j2",
            report=facts,
            face=Face(facts["system"], 0),
            shown=self.shown,
            headline=headline,
            curves=curves(facts),
            settings=[f"{name}: {json.dumps(value)}" for name, value in entries(facts["config"])],
        )

    def write(self, out: Path) -> Path:
        """Write ``report.html`` and ``report.json`` into the folder ``out``; return the page's path."""
        files.write_json(out / FACTS, self.facts)
        files.write_text(out / PAGE, self.page)
        return out / PAGE


def report(
    model: Model,
    data: Dataset,
    *,
    features: Features | None,
    count: int = MOST_EVALUATED,
    seed: int = 0,
    named: tuple[str, str] = ("MODEL", "DATA"),
    tell: Callable[[str], None] | None = None,
) -> Report:
    """Measure ``model`` and show what it can do.

    Args:
        features, count, seed, tell: as ``evaluate`` has them.
        named: how the user names model and data, for the commands on the page.

    Raises:
        DataError, UsageError: as ``evaluate`` does.
    """
    tell = tell or (lambda _: None)
    found = evaluate(model, data, features=features, count=count, seed=seed, tell=tell)
    shown = exhibits(model, data, features, seed=seed, tell=tell)
    return Report(facts=facts_of(model, data, found, shown, named, count), shown=shown)


def facts_of(
    model: Model, data: Dataset, found: Evaluation, shown: Exhibits, named: tuple[str, str], count: int
) -> dict[str, Any]:
    """Everything on the page but its pictures."""
    header, noun = model.header, kind_of(model.spec).nouns
    return {
        "amalgan": "model report",
        "format": FORMAT,
        "command": command(
            "report",
            *named,
            "--out",
            "report",
            *list_changed_flags(found.seed, count),
            *registry.plugin_flags(model.name, model.spec.kind),
        ),
        "system": model.name,
        "summary": (inspect.getdoc(type(model.system)) or "").split("\n")[0],
        "paper": model.system.paper,
        "digest": model.digest,
        "numbers": sum(tensor.numel() for tensor in model.system.state_dict().values()),
        **{name: header.get(name) or {} for name in ("config", "spec", "versions")},
        "abilities": list(header.get("abilities") or []),
        "training": known(header.get("training"), "images", "seed", "batch", "curve"),
        "data": known(header.get("data"), "name", "fingerprint", "train"),
        "reads": text_of(model.spec),
        "judged_on": {
            "name": data.name,
            "fingerprint": data.fingerprint,
            "train": len(data.train),
            "test": len(data.test),
            "own_splits": data.own_splits,
        },
        "evaluation": found.to_json(),
        "sentences": sentences(found, noun),
        "cautions": list(filter(None, [found.overlap.note])),
        "nearest": shown.near,
        "commands": dict(commands(model, *named)),
    }


def known(facts: dict[str, Any] | None, *names: str) -> dict[str, Any]:
    """Those entries of a part of the header; None where it says nothing."""
    return {name: (facts or {}).get(name) for name in names}


def list_changed_flags(seed: int, count: int) -> Iterator[str]:
    """The flags that are not at their defaults."""
    if count != MOST_EVALUATED:
        yield from ("--count", str(count))
    if seed:
        yield from ("--seed", str(seed))


def curves(facts: dict[str, Any]) -> list[Drawing]:
    """The validation curve that the model file carries."""
    cell = {"system": facts["system"], "curve": facts["training"]["curve"] or []}
    run = {"cells": [cell], "systems": [{"name": facts["system"], "images": facts["training"]["images"]}]}
    return figures.curves(run, {facts["system"]: Face(facts["system"], 0)})


def commands(model: Model, name: str, data: str) -> Iterator[tuple[str, str]]:
    """What to type to use the model, by what it does."""
    for what, words in uses(model, name, data):
        yield what, command(*words, *registry.plugin_flags(model.name, model.spec.kind))


def uses(model: Model, name: str, data: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The same as words."""
    system = model.system
    if isinstance(system, Generates):
        yield "make new examples", ("generate", name, "--count", "64", "--out", "new")
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        yield "reconstruct", ("reconstruct", name, data, "--out", "rebuilt")
    if isinstance(system, Restores):
        yield "restore", ("restore", name, data, "--task", system.tasks[0], "--out", "restored")
    if isinstance(system, Realizes):
        yield (
            "reconstruct realistically",
            ("reconstruct", name, data, "--decoder", "realistic", "--out", "rebuilt"),
        )
    if isinstance(system, Encodes):
        yield "write codes", ("embed", name, data, "--out", "codes.npz")
    yield "measure again", ("evaluate", name, data)


def command(*words: str) -> str:
    """A command line, quoted as a shell needs it."""
    return str(readable(shlex.join(["amalgan", *words])))
