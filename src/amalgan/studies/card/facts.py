"""The facts of a model card, in rows of words: the page of a model and its Markdown card show the same.

model, evaluation ─► parts: what it is, what it learned from, how good it is, what to know ─┬─► page: JSON
                                                                                            └─► card: Markdown
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from amalgan.core.notebook import number
from amalgan.evaluation.evaluate import Evaluation
from amalgan.kinds import kind_of, text_of
from amalgan.networks.priors import NeighborPrior
from amalgan.studies.html.page import readable
from amalgan.studies.report.report import HEADLINES
from amalgan.systems.abilities import Decodes, Encodes, Generates
from amalgan.systems.model_file import Model

Row = tuple[str, str, str]
"""A name, a value, and a note."""

FITS = {
    "crop": "cut to its proportions, and scaled",
    "pad": "scaled whole, on a background",
    "stretch": "scaled, and distorted where its proportions are others",
    "cut": "cut to its middle, at its own scale",
}


def parts_of(model: Model, evaluation: Evaluation | None) -> dict[str, list[Row]]:
    """Return the parts of the card by title, with control characters as escapes."""
    parts = {
        "What it is": what(model),
        "What it learned from": learned(model),
        "How good it is": measured(model, evaluation),
        "What to know": limits(model, evaluation),
    }
    return {title: [readable_row(row) for row in rows] for title, rows in parts.items()}


def readable_row(row: Row) -> Row:
    """Return a row in which nothing acts on a terminal."""
    name, value, note = map(readable, row)
    return name, value, note


def what(model: Model) -> Iterator[Row]:
    """Yield the system, its size and its name."""
    summary = (inspect.getdoc(type(model.system)) or "").split("\n")[0]
    yield "System", model.name, summary
    yield "Idea", model.system.paper, ""
    yield "Reads and makes", f"{text_of(model.spec)} {noun(model)}", ""
    yield "Weights", f"{sum(one.numel() for one in model.system.parameters()):,}", "critics included"
    yield "Model", model.digest, "the same for equal weights"


def learned(model: Model) -> Iterator[Row]:
    """Yield what the file says of its training."""
    data, training = model.header.get("data") or {}, model.header.get("training") or {}
    if name := data.get("name"):
        yield "Data", str(name), ""
    if count := data.get("train"):
        yield f"Training {noun(model)}", f"{count:,}", ""
    if classes := model.spec.classes:
        yield "Classes", str(len(classes)), ", ".join(classes[:20])
    if images := training.get("images"):
        yield f"{noun(model).capitalize()} seen", f"{images:,}", "in batches, the same ones again and again"


def measured(model: Model, evaluation: Evaluation | None) -> Iterator[Row]:
    """Yield the metrics, each with its n, its split and its interval over examples."""
    if evaluation is None:
        yield from unmeasured(model)
        return
    for key, (name, reading) in HEADLINES.items():
        value = evaluation.metrics.get(key)
        if value is not None:
            yield name, number(value), f"{interval(evaluation, key)}{evaluation.names[key]}; {reading}"


def interval(evaluation: Evaluation, key: str) -> str:
    """Return a metric's interval in words; nothing where its name says it, or there is none."""
    found = evaluation.intervals.get(key)
    if found is None or "95 %" in evaluation.names[key]:
        return ""
    return f"95 % interval {number(found[0])} to {number(found[1])}; "


def unmeasured(model: Model) -> Iterator[Row]:
    """Yield what training measured, and say that nothing else was."""
    for key, value in (model.header.get("metrics") or {}).items():
        if value is not None:
            yield key.replace("_", " ").replace("psnr", "PSNR"), number(value), "measured in training"
    yield f"Test {noun(model)}", "not measured", "give data (--data), and they are"


def limits(model: Model, evaluation: Evaluation | None) -> Iterator[Row]:
    """Yield what not to take it for."""
    for doubt in cautions(evaluation) if evaluation else model.doubts:
        yield "Caution", doubt.replace("_", " "), ""
    system = model.system
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        if not kind_of(model.spec).refuses("size"):
            yield "Your pictures", f"Each is {FITS[model.spec.fit]}, as in training.", ""
        yield "Other subjects", "They come out as the nearest that it knows of its own.", ""
    if isinstance(system, Generates):
        yield (
            f"New {noun(model)}",
            "They show nothing that exists. Saved files say which model made them.",
            "",
        )
    if model.part(NeighborPrior) is not None:
        yield (
            "Training examples",
            "The file keeps codes of some, which it can decode.",
            "--prior.kind neighbors",
        )


def noun(model: Model) -> str:
    """Return what its examples are called."""
    return kind_of(model.spec).nouns


def cautions(evaluation: Evaluation) -> Iterator[str]:
    """Yield what its reader must know, but not why some numbers are not there: the card shows none of those."""
    missing = tuple(f"{key}: " for key, value in evaluation.metrics.items() if value is None)
    yield from (warning for warning in evaluation.warnings if not missing or not warning.startswith(missing))
