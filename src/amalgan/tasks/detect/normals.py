"""Which examples are judged, and which normal ones they are compared with.

    DATA alone            judged: its test split     normals: its validation split, without the anomalous classes
    DATA and NORMALS      judged: DATA               normals: NORMALS; of training data, its held-out part
                                                     known: of training data, what was trained on

A normal that the model was trained on looks more normal than any new one, which would make every new example an
alarm. So of data that the model knows by content or by name, only what contents keep out of training is taken.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

import numpy as np

from amalgan.config.command_words import nearest
from amalgan.core.errors import DataError, UsageError
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset, Records
from amalgan.data.dataset.streaming import Stream
from amalgan.systems.model_file import Model

SplitName = Literal["auto", "test", "all"]


class Sides(NamedTuple):
    """Two views of data."""

    judged: Records
    split: str
    """Which of DATA they are: ``test`` or ``all``."""
    normal: Records
    source: str
    """Where the normals are from."""
    known: Records | None
    """Normal examples that the model was trained on; None where its training data is not at hand."""


def sides(
    model: Model,
    data: Dataset,
    normals: Dataset | None = None,
    *,
    anomalies: Collection[str] = (),
    split: SplitName = "auto",
) -> Sides:
    """What of ``data`` is judged, and by which normals; those of an anomalous class are no normals.

    Raises:
        UsageError: nothing says which examples are normal, an anomalous class is unknown, or a split is empty.
        DataError: no normal is left.
    """
    check_classes(data, anomalies)
    own = normals is None or normals.fingerprint == data.fingerprint
    if own and not (anomalies or trained_on(model, data)):
        raise UsageError(
            f"nothing says what is normal: the model was trained on {model.header.get('data', {}).get('name', '?')}, "
            f"not on {data.name}. Give normal examples that it was not trained on as --normals, or its training data."
        )
    found, source = (data.validation, f"validation split of {data.name}") if own else unseen(model, normals)
    normal, of = without(found, anomalies), data if own else normals
    if not len(normal):
        raise DataError(f"the {source} holds no normal example to compare with. Give some as --normals.")
    name, judged = chosen(data, split, own)
    known = without(of.whole, anomalies) if of is not None and trained_on(model, of) else None
    return Sides(judged, name, normal, source, known)


def sides_of_part(model: Model, stream: Stream, normals: Dataset | None) -> Sides:
    """The same where only a part of the data is judged, whose splits nobody knows.

    Raises:
        UsageError: no other normals are given.
    """
    if normals is None:
        raise UsageError(
            "--shard judges a part of DATA, which has no splits; give normal examples as --normals."
        )
    normal, source = unseen(model, normals)
    known = normals.whole if trained_on(model, normals) else None
    return Sides(stream.records, "all", normal, source, known)


def with_known(sides: Sides) -> Sides:
    """The same; where no training data is at hand, half of the normals are known, and the others are compared with.

    Raises:
        DataError: there is but one normal.
    """
    if sides.known is not None:
        return sides
    order, cut = np.random.default_rng(0).permutation(len(sides.normal)), len(sides.normal) // 2
    if not cut:
        raise DataError("patches are learned from half of the normals, and there is but one. Give more.")
    known, normal = (sides.normal.select(np.sort(half)) for half in (order[:cut], order[cut:]))
    return sides._replace(known=known, normal=normal, source=f"half of {sides.source}")


def without(records: Records, anomalies: Collection[str]) -> Records:
    """What is of none of these classes."""
    return records.select(np.flatnonzero(~np.isin(class_names(records), list(anomalies))))


def check_classes(data: Dataset, anomalies: Collection[str]) -> None:
    """Refuse the name of a class that ``data`` does not have."""
    known = sorted(set(class_names(data.records)) - {""})
    for name in anomalies:
        if name not in known:
            raise UsageError(
                f"--anomaly {name!r}: {data.name} has no such class{nearest(name, known)}. "
                f"It has {', '.join(known) or 'no labels at all'}."
            )


def trained_on(model: Model, data: Dataset) -> bool:
    """Whether a model was trained on ``data``, or on data of that name."""
    facts = model.header.get("data", {})
    return facts.get("fingerprint") == data.fingerprint or facts.get("name") == data.name


def unseen(model: Model, normals: Dataset | None) -> tuple[Records, str]:
    """What of ``normals`` the model was not trained on, and what that is called."""
    assert normals is not None
    if not trained_on(model, normals):
        return normals.records, normals.name
    held = np.sort(np.concatenate([normals.validation.index, normals.test.index]))
    rows = np.searchsorted(normals.records.index, held)
    return normals.records.select(rows), f"validation and test split of {normals.name}"


def chosen(data: Dataset, split: SplitName, own: bool) -> tuple[str, Records]:
    """The examples to judge: the test split where DATA has its own or gave the normals, else everything."""
    if split == "auto":
        split = "test" if len(data.test) and (own or data.own_splits) else "all"
    if split == "test" and not len(data.test):
        raise UsageError(f"--split test: {data.name} has no test split. Use --split all.")
    if split == "test":
        return "test", data.test
    if not own:
        return "all", data.records
    return "all", data.records.select(np.flatnonzero(~np.isin(data.records.index, data.validation.index)))


def class_names(records: Records) -> list[str]:
    """The class of each record by the names of its own data, which a model need not know; empty where unlabeled."""
    names = [*records.store.facts["classes"], ""]
    labels = np.asarray(records.store.labels)[records.index]
    return [str(names[label]) for label in np.where(labels == UNLABELED, -1, labels)]
