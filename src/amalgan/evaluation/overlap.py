"""How the examples that a number is measured on relate to those that the model was trained on.

    model file: contents it was trained on ─┐
    examples ───────────────────────────────┴─► held out · other data · training · unknown, and a sentence

Every command that measures says it, by this rule alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from amalgan.data import Dataset, Records
from amalgan.data.dataset.contents import Found, contents_of, found_among
from amalgan.systems.model_file import Model

Relation = Literal["held out", "other data", "training", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What is known of some examples."""

    relation: Relation
    """held out: of the model's data, none trained on; other data: none trained on; training: some were; unknown."""
    judged: int
    seen: int | None
    """How many have the contents of a training example; None where nobody knows."""
    text: str

    @property
    def note(self) -> str | None:
        """What the reader of a number must be told; None where all is as it should be."""
        return None if self.relation == "held out" else self.text

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


class Named(Protocol):
    """A data set, as far as this needs it."""

    @property
    def name(self) -> str: ...

    @property
    def records(self) -> Records: ...

    @property
    def fingerprint(self) -> str: ...

    def as_shown(self, trained: Mapping[str, Any] | None) -> Dataset:
        """The data set with the training examples that a model was shown."""


def overlap(model: Model, data: Named, records: Records) -> Overlap:
    """Return how ``records`` of ``data`` relate to what ``model`` was trained on."""
    trained = model.header.get("data") or {}
    found = None if model.contents is None else found_among(records, model.contents)
    same = is_same(trained, data, records, found)
    if found is None and same:
        found = found_among(records, contents_of(data.as_shown(trained).train))
    relation: Relation = (
        "unknown" if found is None else "training" if found.examples else "held out" if same else "other data"
    )
    text = describe_overlap(
        relation, found, len(records), data.name, str(trained.get("name", "unknown data"))
    )
    return Overlap(relation=relation, judged=len(records), seen=found and found.examples, text=text)


def is_same(trained: Mapping[str, Any], data: Named, records: Records, found: Found | None) -> bool:
    """Whether ``data`` is what was trained on; its fingerprint, which is dear, is asked for only where it tells.

    Where all examples are judged and none of them was trained on, it is other data.
    """
    differs = found is not None and (found.examples > 0 or len(records) == len(data.records))
    return not differs and trained.get("fingerprint") == data.fingerprint


def describe_overlap(relation: Relation, found: Found | None, judged: int, name: str, trained: str) -> str:
    """Return the sentence."""
    if relation == "training" and found is not None:
        many = f"{'' if found.exact else 'about '}{found.examples:,}"
        return (
            f"{many} of the {judged:,} examples have the contents of training examples: numbers on them say what the "
            "model remembers, not what it does with new examples."
        )
    if relation == "held out":
        return f"None of the {judged:,} examples was trained on; they are held out of the model's own data."
    if relation == "other data":
        return (
            f"The model was trained on {trained}, and {name} is other data: none of the {judged:,} examples has the "
            "contents of a training example."
        )
    return (
        f"The model was trained on {trained}, and {name} is other data. The model's file is of an earlier version and "
        f"does not say which contents it was trained on: the {judged:,} examples may be among them."
    )
