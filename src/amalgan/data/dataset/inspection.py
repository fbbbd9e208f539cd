"""What was found in a data set, what was not usable and why, and what to think of it before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.file_names import look_alikes
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data.dataset.splits import Splits
from amalgan.data.dataset.store import Store
from amalgan.data.decoding.proportions import count_sizes, cut_away
from amalgan.kinds import kind_of, text_of

FEW = 200
TRAINING_LEAST = 16
FEW_A_CLASS = 10
UNBALANCED = 10
SIZES_SHOWN = 20
NAMES_SHOWN = 10
MUCH = 0.1
"""A share of the pictures, or of their area, that is worth a warning."""


@dataclass(frozen=True)
class Skipped:
    """A file or row that could not be used."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Records whose pixels are exactly those of an earlier one."""

    count: int
    across_splits: int
    """Test and validation records that also stand in another split."""
    near_across: int = 0
    """Those that look nearly like a record of another split, without being exact copies of one."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The preflight of a data set."""

    name: str
    read: int
    """Usable examples."""
    skipped: tuple[Skipped, ...]
    ignored: int
    """Files that only an operating system cares about (.DS_Store, Thumbs.db, hidden files)."""
    sizes: dict[str, int]
    """Original height x width and how many have it, the most frequent first; ``other`` for the rest."""
    modes: dict[str, int]
    """What the files held, in Pillow's names (L, RGB, P, CMYK, I;16 ...), or the kind of array."""
    classes: dict[str, int]
    unlabeled: int
    duplicates: Duplicates
    spec: DataSpec
    chosen: str
    """How size and channels were chosen."""
    cut_away: float
    """The share of the pictures' area that is never seen at this size, on average."""
    splits: dict[str, int]
    own_splits: bool
    split_by: str
    """How splits came about that are not the data's own: ``content hash``, ``time``."""
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``skipped`` is a list of {name, reason}."""
        return asdict(self) | {"spec": self.spec.to_json(), "shape": text_of(self.spec)}


def inspect(
    store: Store,
    *,
    name: str,
    spec: DataSpec,
    splits: Splits,
    labels: NDArray[np.int64],
    unknown: tuple[str, ...],
    like_a_model: bool,
) -> Inspection:
    """Take stock of an opened store.

    Args:
        unknown: its classes that the model does not have.
        like_a_model: it is read as a model expects, which leaves no choice of size and fit.
    """
    facts = store.facts
    counts = np.bincount(labels[labels != UNLABELED], minlength=len(spec.classes))
    duplicates = _duplicates(store, splits)
    cut = _cut_away(store, spec)
    found = Inspection(
        name=name,
        read=len(store),
        skipped=tuple(Skipped(*pair) for pair in facts["skipped"]),
        ignored=facts["ignored"],
        sizes={} if kind_of(spec).refuses("size") else _sizes(store.sizes),
        modes=facts["modes"],
        classes={name: int(count) for name, count in zip(spec.classes, counts, strict=True)},
        unlabeled=int((labels == UNLABELED).sum()),
        duplicates=duplicates,
        spec=spec,
        chosen=facts["chosen"],
        cut_away=cut,
        splits={part: len(getattr(splits, part)) for part in ("train", "validation", "test")},
        own_splits=splits.own,
        split_by=splits.by,
        warnings=(
            *facts["remarks"],
            *_warnings(store, counts, duplicates, spec),
            *_cut_warning(cut, spec, like_a_model),
            *_unknown(unknown),
            *_class_warnings(spec, splits, labels, like_a_model),
        ),
    )
    return found


def _sizes(sizes: NDArray[np.int32]) -> dict[str, int]:
    kinds, counts = count_sizes(sizes)
    texts = Counter({f"{h}x{w}": int(count) for (h, w), count in zip(kinds, counts, strict=True)})
    shown = dict(texts.most_common(SIZES_SHOWN))
    rest = len(sizes) - sum(shown.values())
    return shown | ({"other": rest} if rest else {})


def _duplicates(store: Store, splits: Splits) -> Duplicates:
    contents = np.sort(store.contents[:, 0])
    count = int((contents[1:] == contents[:-1]).sum())
    across = _across(store.contents, splits)
    return Duplicates(count=count, across_splits=across, near_across=_across(store.groups, splits) - across)


def _across(hashes: NDArray[np.uint64], splits: Splits) -> int:
    """How many test and validation records share their hash with a record of another split."""
    train, validation, test = (hashes[rows, 0] for rows in splits[:3])
    train, validation = np.sort(train), np.sort(validation)
    in_validation = _standing_in(train, validation)
    in_test = _standing_in(train, test) | _standing_in(validation, test)
    return int(in_validation.sum() + in_test.sum())


def _standing_in(ordered: NDArray[np.uint64], contents: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which ``contents`` are among the ``ordered`` ones."""
    if not len(ordered):
        return np.zeros(len(contents), np.bool_)
    places = np.searchsorted(ordered, contents).clip(max=len(ordered) - 1)
    return np.asarray(ordered[places] == contents, np.bool_)


def _warnings(store: Store, counts: NDArray[np.int64], duplicates: Duplicates, spec: DataSpec) -> list[str]:
    present = counts[counts > 0]
    claims = [
        (
            len(store) < TRAINING_LEAST,
            f"only {len(store)} usable examples: training needs at least {TRAINING_LEAST}",
        ),
        (
            TRAINING_LEAST <= len(store) < FEW,
            f"only {len(store)} examples: a model may memorize them; augment them or gather more",
        ),
        (
            len(present) > 1 and present.max() > UNBALANCED * present.min(),
            "classes are unbalanced: the largest has more than ten times the examples of the smallest",
        ),
        (
            len(present) > 0 and present.min() < FEW_A_CLASS,
            f"some class has fewer than {FEW_A_CLASS} examples",
        ),
        (
            duplicates.across_splits > 0,
            f"{duplicates.across_splits} test or validation examples are exact copies of others "
            "in another split: scores on them mean nothing",
        ),
        (
            _enlarged(store, spec) > MUCH,
            "more than a tenth of the pictures are smaller than what they are enlarged to",
        ),
        (
            len(store) > 0 and duplicates.count > len(store) // 2,
            "more than half of the examples are exact copies",
        ),
        (
            duplicates.near_across > 0,
            f"{duplicates.near_across} test or validation examples are near-copies of others in another split "
            "(saved again, or scaled): scores on them mean little",
        ),
        (
            0 in spec.spread,
            f"{spec.spread.count(0)} of {len(spec.spread)} columns never vary in training; "
            "models give them back as they are",
        ),
    ]
    return [text for holds, text in claims if holds]


def _enlarged(store: Store, spec: DataSpec) -> float:
    """Share of pictures with a side shorter than the side they are made into."""
    if kind_of(spec).refuses("size") or not len(store):
        return 0.0
    return float((store.sizes < np.array(spec.shape[1:])).any(axis=1).mean())


def _cut_away(store: Store, spec: DataSpec) -> float:
    """Share of the pictures' area that is cut away, on average."""
    if kind_of(spec).refuses("size") or not len(store):
        return 0.0
    return float(cut_away(store.sizes, (spec.shape[1], spec.shape[2]), spec.fit).mean())


def _cut_warning(share: float, spec: DataSpec, like_a_model: bool) -> list[str]:
    """``cut`` is asked for in order to cut: it is no surprise."""
    if share <= MUCH or spec.fit != "crop":
        return []
    height, width = spec.shape[1:]
    text = f"{share:.0%} of the pictures' area is cut away, on average, to make them {height}x{width}"
    if like_a_model:
        return [f"{text}, the size that the model reads"]
    return [f"{text}: --fit pad shows them whole, --fit stretch too, and --size gives other proportions"]


def _unknown(names: tuple[str, ...]) -> list[str]:
    return [f"the model does not know the classes {', '.join(names)}: read as unlabeled"] if names else []


def _class_warnings(
    spec: DataSpec, splits: Splits, labels: NDArray[np.int64], like_a_model: bool
) -> Iterator[str]:
    """Classes that look alike, and those that nothing can be learned of."""
    for one, other in look_alikes(spec.classes):
        yield f"the classes {one!r} and {other!r} look alike and are two; rename one if they should be one"
    if like_a_model or not len(splits.train):
        return
    missing = sorted(set(range(len(spec.classes))) - set(labels[splits.train].tolist()))
    if missing:
        names = ", ".join(spec.classes[number] for number in missing[:NAMES_SHOWN])
        more = ", ..." if len(missing) > NAMES_SHOWN else ""
        yield f"{len(missing)} of the classes have no training example: {names}{more}"
