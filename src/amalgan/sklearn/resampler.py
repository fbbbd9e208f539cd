"""A sampler of imbalanced-learn on a trained model, or on one that is trained on what is given: ``fit_resample(X, y)``.

X, y ─► codes ─► new codes of each class ─► X and more, y and more

It follows the protocol of imbalanced-learn and scikit-learn, so it stands in their pipelines and passes the checks of
imbalanced-learn, which is not needed. Give the model's own training examples, or no model, so that one is trained on
each X: a cross-validation that splits what a model has seen before flatters it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import InputTags, Tags, TargetTags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d, validate_data

from amalgan.api.model import Model, load
from amalgan.core.errors import TargetError, UsageError
from amalgan.core.types import DataSpec
from amalgan.data import to_pixels
from amalgan.data.dataset.in_memory import examples
from amalgan.kinds import text_of
from amalgan.sklearn.rows import model_of, picture_shape
from amalgan.tasks.augment.additions import Augmenter, Policy, PolicyName, counts_of
from amalgan.tasks.generate import DecoderName


@dataclass
class SamplerInput(InputTags):  # type: ignore[misc]
    """What it takes, with the word of imbalanced-learn for tables."""

    sparse: bool = True
    dataframe: bool = True


@dataclass
class SamplerOwn:
    """What imbalanced-learn asks of its samplers: whether they choose rows, and say which."""

    sample_indices: bool = False


@dataclass
class SamplerTags(Tags):  # type: ignore[misc]
    """The tags of an estimator, and those of a sampler."""

    sampler_tags: SamplerOwn | None = None


class Resampler(OneToOneFeatureMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Adds examples that a model makes of X until every class is as large as the largest, or ``times`` as many.

    Args:
        model: a model, or where it lies; without one, one is trained on X.
        policy, strength, decoder, times, balance: as ``amalgan augment`` has them.
        system, images, settings: what is trained without a model, on how many rows in all, and its configuration.
        random_state: the seed.

    Attributes:
        sampling_strategy_: how many examples are added to each class.
    """

    _estimator_type = "sampler"

    def __init__(
        self,
        model: Model | str | Path | None = None,
        *,
        policy: PolicyName | None = None,
        times: float | None = None,
        balance: bool = True,
        strength: float | None = None,
        decoder: DecoderName | None = None,
        system: str = "autoencoder",
        images: int = 20_000,
        settings: Any = None,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.policy = policy
        self.times = times
        self.balance = balance
        self.strength = strength
        self.decoder = decoder
        self.system = system
        self.images = images
        self.settings = settings
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Resampler:
        """Find out how many examples each class lacks; nothing is made.

        Raises:
            TargetError: y holds no classes, or only one where classes are to be balanced.
        """
        self._checked(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """X with new examples behind it, and their classes, in what they came in: array, list, sparse matrix or table.

        Args:
            X: uint8 pictures (N, H, W) or (N, H, W, 3), or flattened (N, D); or vectors (N, D) in the data's units.
            y: their classes, names or numbers; or a column for each class, with one 1 a row.

        Raises:
            UsageError: X is not of the model's kind, X and y differ in length, or a class is unknown to a generator.
            TargetError: y holds no classes, or only one where classes are to be balanced.
        """
        given, names, counts = self._checked(X, y)
        more, classes = self._made(given, names, counts) if any(counts.values()) else (given[:0], names[:0])
        return like(X, np.concatenate([given, more])), like_target(y, np.concatenate([names, classes]))

    def _checked(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any], dict[int, int]]:
        """Examples, their classes, and how many are to be added to each, by number."""
        names = classes_in(y)
        given = validate_data(self, X, accept_sparse=True, skip_check_array=np.ndim(X) != 2)
        given = given.toarray() if issparse(given) else np.asarray(given)
        if len(given) != len(names):
            raise UsageError(f"X has {len(given)} examples and y {len(names)} classes; give one for each")
        values, labels = np.unique(names, return_inverse=True)
        if self.balance and not self.times and len(values) < 2:
            raise TargetError(
                f"y has {len(values)} class; to balance takes two or more. Set times to add examples."
            )
        counts = counts_of(labels.astype(np.int64), self.times, self.balance)
        self.sampling_strategy_ = {values[at]: count for at, count in counts.items() if count}
        return given, names, counts

    def _made(
        self, given: NDArray[Any], names: NDArray[Any], counts: dict[int, int]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """New examples and their classes."""
        door = self._door(given, names)
        if given[:1].size not in (0, door.spec.size):
            raise UsageError(
                f"X has {given[:1].size} numbers an example; this model makes {text_of(door.spec)}"
            )
        x = examples(unfolded(given, door.spec), door.spec)
        policy = Policy.of(door.model, self.policy, self.strength, self.decoder)
        values, labels = classes_of(names, door.spec, known=policy.kind == "generate")
        by = Augmenter(
            model=door.model,
            policy=policy,
            take=lambda rows: x[torch.from_numpy(rows)],
            labels=labels,
            seed=self.random_state,
        )
        recipe = by.recipe(counts_of(labels, self.times, self.balance))
        made = to_pixels(torch.cat(list(by.chunks(recipe))), door.spec)
        more = made.reshape(len(made), *given.shape[1:]).astype(given.dtype, copy=False)
        return more, values[recipe.label]

    def _door(self, given: NDArray[Any], names: NDArray[Any]) -> Model:
        """The model that was given, or one that is trained on ``given``."""
        if self.model is not None:
            return self.model if isinstance(self.model, Model) else load(self.model)
        x = given.astype(np.float32) if given.ndim == 2 else given
        order = {"images": self.images, "settings": self.settings, "seed": self.random_state}
        return model_of(x, np.array([str(name) for name in names]), self.system, **order)

    def __sklearn_tags__(self) -> Any:
        plain = super().__sklearn_tags__()
        found = {field.name: getattr(plain, field.name) for field in fields(plain)}
        found |= {"estimator_type": "sampler", "target_tags": TargetTags(required=True)}
        return SamplerTags(**found | {"input_tags": SamplerInput(), "sampler_tags": SamplerOwn()})


def classes_in(y: Any) -> NDArray[Any]:
    """Return the class of each example, of one column or of a column a class.

    Raises:
        TargetError: it holds no classes, or several an example.
    """
    try:
        check_classification_targets(y)
        kind = type_of_target(y)
    except ValueError as error:
        raise TargetError(f"y holds no classes: {error}") from None
    found = np.asarray(y)
    if kind != "multilabel-indicator":
        return np.asarray(column_or_1d(found, warn=False))
    if (found.sum(1) > 1).any():
        raise TargetError(
            "y holds several classes an example; give one each, or a column a class with one 1 a row"
        )
    return np.asarray(found.argmax(1))


def like(X: Any, rows: NDArray[Any]) -> Any:
    """Return ``rows`` as what ``X`` is: an array, a list, a sparse matrix, or a table of pandas."""
    if issparse(X):
        return type(X)(rows)
    if isinstance(X, list):
        return rows.tolist()
    if not (hasattr(X, "iloc") and hasattr(X, "columns")):
        return rows
    return type(X)(rows, columns=X.columns).astype(dict(X.dtypes))


def like_target(y: Any, classes: NDArray[Any]) -> Any:
    """Return ``classes`` as what ``y`` is; a column a class where it has that."""
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        classes = np.eye(np.shape(y)[1], dtype=np.asarray(y).dtype)[classes]
    if isinstance(y, list):
        return classes.tolist()
    if not hasattr(y, "iloc"):
        return classes
    if hasattr(y, "columns"):
        return type(y)(classes, columns=y.columns)
    return type(y)(classes, name=y.name, dtype=y.dtype)


def unfolded(x: NDArray[Any], spec: DataSpec) -> NDArray[Any]:
    """Flattened pictures as pictures again."""
    if picture_shape(spec) is None or x.shape[1:] != (spec.size,):
        return x
    return x.astype(np.uint8).reshape(len(x), *(picture_shape(spec) or ()))


def classes_of(names: NDArray[Any], spec: DataSpec, known: bool) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """What each number stands for, and the number of each example.

    Args:
        known: the numbers must be the model's own, since it is asked for them.
    """
    values, labels = np.unique(names, return_inverse=True)
    if not known:
        return values, labels.astype(np.int64)
    places = {name: place for place, name in enumerate(spec.classes)}
    if unknown := [value for value in values if str(value) not in places]:
        raise UsageError(
            f"class {str(unknown[0])!r}: this model knows {', '.join(spec.classes) or 'no classes'}; another policy "
            "than generate takes any class"
        )
    numbers = np.array([places[str(value)] for value in values])
    whole = np.empty(len(places), values.dtype)
    whole[numbers] = values
    return whole, numbers[labels].astype(np.int64)
