"""A model that was shown no labels has classes in name only: nothing asks it for one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset
from amalgan.evaluation.evaluate import all_scores
from amalgan.evaluation.scores.additions import addition_scores
from amalgan.evaluation.scores.score import Score, Trial
from amalgan.evaluation.scores.utility import utility_scores
from amalgan.features import Features
from amalgan.networks.priors import Groups
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Augmenter, Policy, PolicyName
from amalgan.tasks.classify import classify
from amalgan.tasks.generate import generate

Trained = Callable[[str, str], Model]
OF_ONE = {"label_agreement", "label_agreement_real"}


def shown(model: Model, *labels: int) -> Model:
    """The same model, as if training had shown it these labels alone."""
    system = copy.deepcopy(model.system)
    for part in system.modules():
        if isinstance(part, Groups):
            part.fit(torch.tensor(labels))
    return replace(model, system=system)


@pytest.mark.parametrize("system", ["autoencoder", "gan", "supervised", "augmented"])
def test_only_classes_that_were_shown_can_be_asked_for(trained: Trained, system: str) -> None:
    model = trained(system, "digits")
    assert model.system.classes_shown == tuple(range(10))
    some = shown(model, 3, 5, UNLABELED)
    assert some.system.classes_shown == (3, 5)
    next(generate(some, 2, label="5"))
    with pytest.raises(UsageError, match="label '4': this model knows 3, 5"):
        next(generate(some, 2, label="4"))
    with pytest.raises(UsageError, match="this model knows no classes"):
        next(generate(shown(model, UNLABELED), 2, label="4"))


def test_what_needs_classes_is_not_measured(trained: Trained, digits: Dataset, judge: Features) -> None:
    def lost(system: str, *labels: int) -> set[str]:
        model = trained(system, "digits")
        told, untold = (
            {score.key for score in (*all_scores(made, trial), *of_samples(made))}
            for made in (model, shown(model, *labels))
        )
        return told - untold

    def of_samples(model: Model) -> list[Score]:
        return [*utility_scores(model, trial), *addition_scores(model, trial)]

    trial = Trial(data=digits, features=judge, count=100, seed=0)
    of_samples_alone = {"accuracy_from_samples", "accuracy_gained"}
    assert lost("gan", UNLABELED) == OF_ONE | of_samples_alone
    assert lost("gan", 3, UNLABELED) == of_samples_alone
    assert lost("supervised", UNLABELED) >= OF_ONE | of_samples_alone | {"classifier_accuracy"}


def test_a_head_that_saw_no_label_classifies_nothing(trained: Trained, digits: Dataset) -> None:
    with pytest.raises(AbilityError, match="never saw a label"):
        classify(shown(trained("supervised", "digits"), UNLABELED), digits.test)


def test_no_new_examples_of_classes_it_was_not_shown(trained: Trained, digits: Dataset) -> None:
    def take(rows: NDArray[np.int64]) -> Tensor:
        return digits.train.take(rows)

    def recipe(kind: PolicyName) -> int:
        model = shown(trained("autoencoder", "digits"), 3, UNLABELED)
        policy = Policy.of(model, kind)
        by = Augmenter(model=model, policy=policy, take=take, labels=digits.train.labels)
        return len(by.recipe({3: 4, 4: 4}))

    assert recipe("noise") == 8
    with pytest.raises(UsageError, match="new examples of 4, which this model was never shown"):
        recipe("generate")
