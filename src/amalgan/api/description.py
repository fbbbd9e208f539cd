"""A model in a few lines: what ``repr`` says, and what a notebook shows with some of its pictures."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from amalgan.core.file_names import shown
from amalgan.core.notebook import html_picture, html_table, number
from amalgan.kinds import kind_of
from amalgan.kinds import text_of as spec_text
from amalgan.studies.card.picture import draw_generated
from amalgan.systems.abilities import Generates
from amalgan.systems.model_file import Model

WIDEST = 100
"""Characters of a line."""
PICTURES = 16
"""So many are shown."""


def facts_of(model: Model) -> dict[str, str]:
    """Return what there is to say of ``model``, by title; whatever its header lacks is left out."""
    header, spec = model.header, model.spec
    can = header.get("abilities", [])
    rows = {
        "reads and makes": spec_text(spec),
        "classes": f"{len(spec.classes)}: {', '.join(map(str, spec.classes[:12]))}"
        if spec.classes
        else "none",
        "can": ", ".join(map(str, can)).replace("_", " ") if isinstance(can, list) else "",
        "trained on": origin(mapping(header.get("data")), mapping(header.get("training"))),
        "parameters": f"{sum(parameter.numel() for parameter in model.system.parameters()):,}",
        "metrics": measured(mapping(header.get("metrics"))),
        "doubts": " ".join(model.doubts),
        "digest": model.digest,
    }
    return {title: short(text) for title, text in rows.items() if text}


def mapping(value: Any) -> Mapping[str, Any]:
    """Return ``value`` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def origin(data: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """Return what a model was trained on, and for how long."""
    found = {
        str(data.get("name", "")): True,
        f"{number(data.get('train'), whole=True)} examples": "train" in data,
        f"{number(training.get('images'), whole=True)} images": "images" in training,
        f"seed {training.get('seed')}": "seed" in training,
    }
    return ", ".join(text for text, there in found.items() if text and there)


def measured(metrics: Mapping[str, Any]) -> str:
    """Return names and values in one line."""
    return ", ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in metrics.items())


def short(text: str) -> str:
    """Return ``text`` as one line that nothing acts in and that is not too long."""
    plain = shown(text)
    return plain if len(plain) <= WIDEST else f"{plain[: WIDEST - 3]}..."


def text_of(model: Model) -> str:
    """Return the facts as lines, at most ten."""
    lines = [f"  {title:<16} {text}" for title, text in facts_of(model).items()]
    return "\n".join([f"Model of system {short(model.name)}", *lines])


def html_of(model: Model) -> str:
    """Return the facts as a table, with some generated pictures where there can be any."""
    rows = {"system": short(model.name), **facts_of(model)}
    return html_table(rows.items()) + pictured(model)


def pictured(model: Model) -> str:
    """Return generated pictures as HTML; nothing of a model that makes none, or that fails to."""
    if kind_of(model.spec).refuses("drawing") or not isinstance(model.system, Generates):
        return ""
    with suppress(Exception), warnings.catch_warnings():  # whoever looks at a model must not see it fail
        warnings.simplefilter("ignore")
        return html_picture(draw_generated(model, PICTURES), f"{PICTURES} generated pictures")
    return ""
