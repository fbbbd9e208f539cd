"""How much of the class a code tells, beside what as many principal components tell.

labeled training examples ─┬─► codes ──────────────────► linear probe, nearest neighbors ─► test accuracy
                           └─► principal components ───► the same, as the baseline
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.types import UNLABELED
from amalgan.data import Records
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.score import Score, Trial, accuracy
from amalgan.metrics.utility import knn_accuracy, linear_probe
from amalgan.systems.model_file import Model
from amalgan.tasks.embed.embed import embed

FIT_ENTRIES = 2**26
"""Principal components are fitted to so many examples as have this many entries in all (256 MiB)."""


class Sets(NamedTuple):
    """Labeled training and test examples in some representation."""

    train: Float[Tensor, "N K"]
    train_label: Int[Tensor, " N"]
    test: Float[Tensor, "M K"]
    test_label: Int[Tensor, " M"]


def code_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Accuracies of codes and of principal components; nothing where no test example is labeled."""
    train, test = labeled_only(trial.data.train), labeled_only(trial.held_out)
    if not len(test):
        return
    train = picked(train, trial.count, trial.seed)
    labels = torch.from_numpy(train.labels), torch.from_numpy(test.labels)
    codes = (torch.from_numpy(embed(model, records).code) for records in (train, test))
    coded = Sets(next(codes), labels[0], next(codes), labels[1])
    yield from accuracies(trial, coded, "", f"codes of {coded.train.shape[1]} entries")
    parts = components(train, test, coded.train.shape[1], trial.seed)
    projected = Sets(parts[0], labels[0], parts[1], labels[1])
    yield from accuracies(trial, projected, "_components", f"{parts[0].shape[1]} principal components")


def accuracies(trial: Trial, sets: Sets, suffix: str, what: str) -> Iterator[Score]:
    """Linear probe and nearest neighbors in one representation."""
    n = len(sets.test)
    how = f"{what}, {len(sets.train)} training examples, {n} of the {trial.split}"
    yield accuracy(f"linear_probe{suffix}", lambda: linear_probe(*sets), f"linear probe, accuracy, {how}", n)
    yield accuracy(
        f"knn_accuracy{suffix}", lambda: knn_accuracy(*sets), f"5 nearest neighbors, accuracy, {how}", n
    )


def labeled_only(records: Records) -> Records:
    """The records that have a label."""
    return records.select(np.flatnonzero(records.labels != UNLABELED))


def components(train: Records, test: Records, most: int, seed: int) -> tuple[Tensor, Tensor]:
    """At most ``most`` principal components of the training examples, for both sets."""
    from sklearn.decomposition import PCA  # scikit-learn takes a second to import

    fitted_to = picked(train, max(2, FIT_ENTRIES // train.spec.size), seed)
    entries = fitted_to.take(slice(None)).flatten(1).numpy()
    net = PCA(min(most, *entries.shape), svd_solver="randomized", random_state=seed).fit(entries)

    def project(records: Records) -> Tensor:
        parts = [net.transform(batch.x.flatten(1).numpy()) for batch in records.batches(CHUNK)]
        return torch.from_numpy(np.concatenate(parts))

    return project(train), project(test)
