"""A trained model as a sampler of imbalanced-learn: ``fit_resample(X, y)``.

X, y ─► codes ─► new codes of each class ─► X and more, y and more

It follows the protocol of imbalanced-learn and scikit-learn, so it stands in their pipelines; it needs neither of the
two samplers' packages. Give the model's own training examples: a cross-validation that also splits what the model has
seen flatters it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from amalgan.data import to_pixels
from amalgan.data.held import examples
from amalgan.errors import UsageError
from amalgan.tasks.augmenting.additions import Augmenter, Policy, PolicyName, counts_of
from amalgan.tasks.generate import DecoderName
from amalgan.trained import Model, load
from amalgan.types import DataSpec


class Resampler(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Adds examples that a model makes of X until every class is as large as the largest, or ``times`` as many.

    Args:
        model: a model, or where it lies.
        policy, strength, decoder, times, balance: as ``amalgan augment`` has them.
        random_state: the seed.
    """

    def __init__(
        self,
        model: Model | str | Path,
        *,
        policy: PolicyName | None = None,
        times: float | None = None,
        balance: bool = True,
        strength: float | None = None,
        decoder: DecoderName | None = None,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.policy = policy
        self.times = times
        self.balance = balance
        self.strength = strength
        self.decoder = decoder
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """X with new examples behind it, and their classes.

        Args:
            X: uint8 pictures (N, H, W) or (N, H, W, 3), or flattened (N, D); or vectors (N, D) in the data's units.
            y: their classes, names or numbers.

        Raises:
            UsageError: X is not of the model's kind, X and y differ in length, or a class is unknown to a generator.
        """
        door = self.model if isinstance(self.model, Model) else load(self.model)
        given, names = np.asarray(X), np.asarray(y)
        if len(given) != len(names):
            raise UsageError(f"X has {len(given)} examples and y {len(names)} classes; give one for each")
        if given[:1].size not in (0, door.spec.size):
            raise UsageError(f"X has {given[:1].size} numbers an example; this model makes {door.spec.text}")
        x = examples(unfolded(given, door.spec), door.spec)
        policy = Policy.of(door.held, self.policy, self.strength, self.decoder)
        values, labels = classes_of(names, door.spec, known=policy.kind == "generate")
        by = Augmenter(
            model=door.held,
            policy=policy,
            take=lambda rows: x[torch.from_numpy(rows)],
            labels=labels,
            seed=self.random_state,
        )
        counts = counts_of(labels, self.times, self.balance)
        if not any(counts.values()):
            return given, names
        recipe = by.recipe(counts)
        made = to_pixels(torch.cat(list(by.chunks(recipe))), door.spec)
        more = made.reshape(len(made), *given.shape[1:]).astype(given.dtype, copy=False)
        return np.concatenate([given, more]), np.concatenate([names, values[recipe.label]])


def unfolded(x: NDArray[Any], spec: DataSpec) -> NDArray[Any]:
    """Flattened pictures as pictures again."""
    if spec.kind == "vector" or x.ndim != 2 or x.shape[1] != spec.size:
        return x
    channels, height, width = spec.shape
    return x.astype(np.uint8).reshape(len(x), height, width, *([3] if channels == 3 else []))


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
