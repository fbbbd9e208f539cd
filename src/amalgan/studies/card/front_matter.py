"""What a model card says to programs: YAML between two lines of dashes, as the Hugging Face hub reads it.

Values are JSON, which is YAML. Metrics stand in ``model-index``, under names that say their n, split and feature
network. The Fréchet distance is not called FID: its network is another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from amalgan.core.errors import UsageError
from amalgan.evaluation.evaluate import Evaluation
from amalgan.kinds import kind_of
from amalgan.studies.html.page import readable
from amalgan.studies.report.report import HEADLINES
from amalgan.systems.abilities import Classifies, Encodes, Generates, Restores
from amalgan.systems.model_file import Model

LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}")
DOUBTFUL = re.compile(r"[^a-z0-9._-]+")


def front_matter(model: Model, evaluation: Evaluation | None, license: str | None) -> str:
    """Return the block of YAML at the head of a card.

    Raises:
        UsageError: ``license`` is no identifier.
    """
    check_license(license)
    pairs = {
        "license": license,
        "library_name": "amalgan",
        "pipeline_tag": pipeline_tag(model),
        "tags": list(tags(model)),
        "model-index": index(model, evaluation) if evaluation else None,
    }
    lines = [f"{name}: {json.dumps(value)}" for name, value in pairs.items() if value is not None]
    return "\n".join(["---", *lines, "---", ""])


def check_license(license: str | None) -> None:
    """Refuse what cannot be the identifier of a license."""
    if license is not None and not LICENSE.fullmatch(license):
        raise UsageError(
            f"the license is {license!r}; expected an identifier of small letters, as apache-2.0, mit or cc-by-4.0."
        )


def pipeline_tag(model: Model) -> str | None:
    """Return the hub's word for what the model is used for, where it has one."""
    if kind_of(model.spec).refuses("files"):
        return None
    able = {
        "unconditional-image-generation": Generates,
        "image-to-image": Restores,
        "image-feature-extraction": Encodes,
    }
    return next((tag for tag, ability in able.items() if isinstance(model.system, ability)), None)


def tags(model: Model) -> Iterator[str]:
    """Yield words that the model is found by."""
    yield "amalgan"
    yield readable(model.name)
    yield from ("autoencoder",) * (isinstance(model.system, Encodes) and model.name != "autoencoder")
    yield from ("image-classification",) * (isinstance(model.system, Classifies) and bool(model.spec.classes))


def index(model: Model, evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return what was measured as the hub lists it."""
    data = str(readable(str((model.header.get("data") or {}).get("name") or "data")))
    metrics = [
        {"type": key, "value": value, "name": readable(evaluation.names[key])}
        for key in HEADLINES
        if (value := evaluation.metrics.get(key)) is not None
    ]
    task = {"type": pipeline_tag(model) or "other"}
    dataset = {"type": DOUBTFUL.sub("-", data.lower()) or "data", "name": data, "split": evaluation.split}
    results = [{"task": task, "dataset": dataset, "metrics": metrics}] if metrics else []
    return [{"name": f"{readable(model.name)} of {data}", "results": results}]
