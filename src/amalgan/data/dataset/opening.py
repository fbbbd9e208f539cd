"""Open a data set: the one door that trains, tasks and studies use.

data ─► source ─► cached store ─► labels, splits, spec ─► Dataset
                  (decoded once)          ▲
                  like: a model's DataSpec ┘
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError
from amalgan.core.file_names import class_name
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data.dataset.choosing import opened_store
from amalgan.data.dataset.inspection import TRAINING_LEAST, Inspection, Skipped, inspect
from amalgan.data.dataset.records import Records
from amalgan.data.dataset.splits import Splits, split
from amalgan.data.dataset.store import Store
from amalgan.data.dataset.subsets import hide_labels, keep
from amalgan.data.decoding.ordered import Progress
from amalgan.kinds import kind_named, kind_of, text_of

PLAIN = DataConfig()
REASONS_SHOWN = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A data set, read and split."""

    spec: DataSpec
    name: str
    """Short; never a path."""
    records: Records
    """Everything that was read."""
    train: Records
    """What is trained on: the training split, or the part of it that was to be kept, with the labels left to it."""
    whole: Records
    """The whole training split."""
    validation: Records
    """A twentieth of what would be trained on, or the data's own."""
    test: Records
    own_splits: bool
    """The test split is the data's own."""
    split_by: str
    """How splits came about that are not the data's own."""
    inspection: Inspection
    fingerprint: str
    """Hash of contents, labels and splits as read: the same wherever the data lies, and however it is stored."""
    note: str = ""
    """Why the examples are decoded on demand, where nobody asked for it, and what would make this faster."""

    @cached_property
    def labeled(self) -> Records:
        """What is trained on and has a label."""
        return self.train.select(np.flatnonzero(self.train.labels != UNLABELED))

    def as_shown(self, trained: Mapping[str, Any] | None) -> Dataset:
        """The same with the training examples that a model was shown, where it was trained on a part of these.

        ``trained`` is what the model's file says of its data: fingerprint, and number of training examples.
        """
        facts = trained or {}
        same, shown = facts.get("fingerprint") == self.fingerprint, facts.get("train", 0)
        return replace(self, train=keep(self.train, shown)) if same and 0 < shown < len(self.train) else self


def open_data(
    data: str | Path,
    config: DataConfig = PLAIN,
    *,
    like: DataSpec | None = None,
    at_least: int = TRAINING_LEAST,
    seed: int = 0,
    progress: Progress | None = None,
) -> Dataset:
    """Open a word or a path.

    ``like`` reads it as a model expects its data: size, channels, class order, units. ``progress`` is told
    how many pictures are done, and of how many. ``seed`` chooses the labels that ``config.labeled`` leaves.

    Raises:
        DataError: nothing readable is there, fewer than ``at_least`` examples are usable, more than
            ``config.max_bad`` are not, it is not what ``like`` asks for, or there are no labels to hide.
    """
    name, store, note = opened_store(data, config, like, progress)
    found = dataset_of(name, store, config, like=like, at_least=at_least, seed=seed)
    return replace(found, note=note)


def dataset_of(
    name: str, store: Store, config: DataConfig, *, like: DataSpec | None, at_least: int, seed: int = 0
) -> Dataset:
    """The data set that a store or a catalog holds; raises as ``open_data`` does."""
    require_enough(store, name, config.max_bad, at_least)
    _require_kind(store, name, config)
    splits = split(store.groups, store.splits)
    if by := store.facts.get("split_by"):
        splits = splits._replace(own=False, by=by)
    if like is None and at_least > 1 and not len(splits.train):
        raise DataError(f"{name} holds a test split only; add a train folder, or rename the test folder.")
    spec = _own_spec(store, splits, config) if like is None else checked_spec(like, store, name)
    labels, unknown = labels_of(store, spec)
    found = _dataset(store, name, spec, splits, labels, unknown, like is not None)
    return replace(found, train=_kept(found.whole, config, seed))


def _dataset(
    store: Store,
    name: str,
    spec: DataSpec,
    splits: Splits,
    labels: NDArray[np.int64],
    unknown: tuple[str, ...],
    like_a_model: bool,
) -> Dataset:
    everything = Records(store=store, spec=spec, index=np.arange(len(store)), labels=labels)
    whole = everything.select(splits.train)
    return Dataset(
        spec=spec,
        name=name,
        records=everything,
        train=whole,
        whole=whole,
        validation=everything.select(splits.validation),
        test=everything.select(splits.test),
        own_splits=splits.own,
        split_by=splits.by,
        inspection=inspect(
            store,
            name=name,
            spec=spec,
            splits=splits,
            labels=labels,
            unknown=unknown,
            like_a_model=like_a_model,
        ),
        fingerprint=_fingerprint(store),
    )


def _kept(whole: Records, config: DataConfig, seed: int) -> Records:
    """What is trained on: the examples that are kept, with the labels that are left."""
    train = whole if config.keep is None else keep(whole, config.keep)
    train = replace(train, shuffle_buffer=config.shuffle_buffer)
    return train if config.labeled is None else hide_labels(train, config.labeled, seed)


def require_enough(store: Store, name: str, max_bad: int | None, at_least: int) -> None:
    skipped = [Skipped(*pair) for pair in store.facts["skipped"]]
    first = "".join(f"\n  {item.name}: {item.reason}" for item in skipped[:REASONS_SHOWN])
    if max_bad is not None and len(skipped) > max_bad:
        raise DataError(
            f"{name} has {len(skipped)} unusable files; --max-bad allows {max_bad}. "
            f"Mend or remove them:{first}"
        )
    why = "".join(f"\n  {remark}" for remark in store.facts["remarks"][:REASONS_SHOWN])
    if len(store) < at_least:
        raise DataError(
            f"{name} has {len(store)} usable examples of {len(store) + len(skipped)}; "
            f"at least {at_least} are needed. "
            f"Add {kind_named(store.kind).nouns}, or mend these:{first or why or ' (none was found)'}"
        )


def _require_kind(store: Store, name: str, config: DataConfig) -> None:
    if config.kind is not None and kind_named(config.kind) is not kind_named(store.kind):
        raise DataError(f"{name} holds {kind_named(store.kind).nouns}. Leave out --kind {config.kind}.")


def _own_spec(store: Store, splits: Splits, config: DataConfig) -> DataSpec:
    return kind_named(store.kind).spec_of(store, splits.train, config)


def checked_spec(like: DataSpec, store: Store, name: str) -> DataSpec:
    """What a model reads, held against what is there.

    Raises:
        DataError: they are of another kind, another shape, or other columns.
    """
    checked_shape(like, store.kind, store.pixels.shape[1:], name)
    check_names(like, tuple(store.facts.get("names", ())), name)
    return like


def checked_shape(like: DataSpec, kind: str, stored: tuple[int, ...], name: str) -> None:
    """Refuse examples of another kind, or another stored shape, than a model reads."""
    if (kind, kind_of(like).fits(stored, like)) != (like.kind, True):
        found = replace(like, kind=kind, shape=kind_named(kind).shape_of(stored), facts={})
        raise DataError(
            f"{name} holds {text_of(found)} an example; this model reads {text_of(like)}. Give data of its kind."
        )


def check_names(like: DataSpec, names: tuple[str, ...], name: str) -> None:
    """Refuse a table whose columns are others than those that a model was trained on."""
    if like.names and names and names != like.names:
        at = next(at for at, (own, asked) in enumerate(zip(names, like.names, strict=True)) if own != asked)
        raise DataError(
            f"column {at + 1} of {name} is {names[at]!r}; this model reads {like.names[at]!r} there. "
            "Give the columns of its training data, in their order."
        )


def labels_of(store: Store, spec: DataSpec) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels in the order of ``spec.classes``, and the store's classes that it lacks."""
    own = store.facts["classes"]
    known = {class_name(name): number for number, name in enumerate(spec.classes)}
    order = np.array([*(known.get(class_name(name), UNLABELED) for name in own), UNLABELED], np.int64)
    labels = order[store.labels]
    if not own and (around := store.facts.get("outer")) in known:
        labels = np.full_like(labels, known[around])
    return labels, tuple(name for name in own if class_name(name) not in known)


def _fingerprint(store: Store) -> str:
    digest = blake2b(json.dumps([store.pixels.shape[1:], store.facts["classes"]]).encode(), digest_size=16)
    parts = [store.hashes, store.labels, store.splits]
    if not np.array_equal(store.groups, store.hashes):  # the splits follow from more than the pixels
        parts.append(store.groups)
    for part in parts:
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
