"""The Card view of a page: the facts of the model card, and what is true of the page alone."""

from __future__ import annotations

from typing import Any

from amalgan.evaluation.evaluate import Evaluation
from amalgan.studies.card.facts import parts_of
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.model_file import Model

HERE = "This page"


def card(model: Model, evaluation: Evaluation | None) -> list[dict[str, Any]]:
    """Return the parts of the card, as JSON."""
    parts = parts_of(model, evaluation)
    if isinstance(model.system, Encodes) and isinstance(model.system, Decodes):
        parts["What to know"].append((HERE, "The browser scales your pictures, not amalgan.", ""))
    parts["What to know"].append((HERE, "It computes on your processor; nothing leaves your machine.", ""))
    return [{"title": title, "rows": [list(row) for row in rows]} for title, rows in parts.items() if rows]
