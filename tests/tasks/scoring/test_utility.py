"""Training a classifier on samples tells good labels from bad ones; variety tells a collapse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, Records
from amalgan.evaluation.evaluate import evaluate
from amalgan.evaluation.scores.generation import outside_scores
from amalgan.evaluation.scores.score import Outside, Trial
from amalgan.evaluation.scores.utility import (
    outside_utility,
    real_utility,
    select_training_examples,
    utility_scores,
)
from amalgan.evaluation.scores.variety import outside_variety, variety_scores
from amalgan.features import Features
from amalgan.systems.base import System
from amalgan.systems.model_file import Model

Trained = Callable[[str, str], Model]


class Obedient(System):
    """Returns training examples of the class that is asked for, shifted by ``off`` classes."""

    def __init__(self, spec: DataSpec, records: Records, off: int = 0, distinct: int = 1000) -> None:
        super().__init__(None, spec)
        self.weight = nn.Parameter(torch.zeros(1))
        self.records = [
            records.select(np.flatnonzero(records.labels == label)[:distinct]) for label in range(10)
        ]
        self.off = off

    def generate(self, label: Tensor, draws: Draws) -> Tensor:
        numbers = draws.integers("which", 10_000).tolist()
        classes = [(max(0, int(one)) + self.off) % 10 for one in label]
        chosen = [
            self.records[at].take([n % len(self.records[at])]) for at, n in zip(classes, numbers, strict=True)
        ]
        return torch.cat(chosen)


def model_of(system: System) -> Model:
    return Model(system, {"system": "test", "spec": system.spec.__dict__}, "0" * 16)


@pytest.fixture
def trial(digits: Dataset, judge: Features) -> Trial:
    return Trial(data=digits, features=judge, count=300, seed=0)


def value(scores) -> float:
    (score,) = scores
    assert score.value is not None, score.name
    return score.value


def test_real_pictures_teach_best_and_wrong_labels_teach_wrong(digits: Dataset, trial: Trial) -> None:
    (real,) = real_utility(trial)
    assert real.key == "accuracy_from_real" and real.value is not None
    assert "trained on 300 real training examples only, 189 of the test split by content hash" in real.name
    assert value(outside_utility(Outside("the same", select_training_examples(trial)), trial)) == real.value
    wrong = value(utility_scores(model_of(Obedient(digits.spec, digits.train, off=1)), trial))
    few = value(utility_scores(model_of(Obedient(digits.spec, digits.train, distinct=1)), trial))
    assert real.value > 0.9 and wrong < 0.05
    assert 0.3 < few < real.value - 0.05  # one picture a class, however often, is no data set


def test_vectors_teach_a_logistic_regression(wine: Dataset, trained: Trained) -> None:
    trial = Trial(
        data=wine,
        features=Features("entries", nn.Identity(), labeled=False),
        count=1000,
        seed=0,
    )
    (score,) = real_utility(trial)
    assert "logistic regression" in score.name and score.value == pytest.approx(1.0, abs=0.1)
    assert 0 <= value(utility_scores(trained("autoencoder", "wine"), trial)) <= 1


def test_without_labels_there_is_nothing_to_teach(trial: Trial, digits: Dataset) -> None:
    bare = replace(digits.train, labels=np.full(len(digits.train), -1))
    unlabeled = replace(trial, data=replace(digits, train=bare))
    assert not list(real_utility(unlabeled))
    assert not list(utility_scores(model_of(Obedient(digits.spec, digits.train)), unlabeled))
    assert not list(outside_utility(Outside("x", bare), trial))


def test_variety_and_spacing_are_one_for_real_pictures_and_small_for_few(
    digits: Dataset, trial: Trial
) -> None:
    def found(system: System) -> dict[str, float]:
        return {score.key: score.value or 0.0 for score in variety_scores(model_of(system), trial)}

    real = {score.key: score.value for score in outside_variety(Outside("test", digits.test), trial)}
    assert real == pytest.approx({"variety": 1.0, "spacing": 1.0})
    again = found(Obedient(digits.spec, digits.train, distinct=1))
    assert again["spacing"] < 1e-6
    assert again["variety"] < 1e-6  # any class is asked for, and the same 0 is given


def test_examples_made_elsewhere_get_the_scores_that_a_model_making_them_would(
    digits: Dataset, judge: Features
) -> None:
    trial = Trial(data=digits, features=judge, count=10_000, seed=0)
    given = {score.key: score.value for score in outside_scores(Outside("x", digits.test), trial)}
    assert given["frechet_distance"] == pytest.approx(0, abs=1e-6)
    assert given["precision"] is None or given["precision"] > 0.9
    assert given["label_agreement"] == given["label_agreement_real"]

    class Playback(System):
        def __init__(self) -> None:
            super().__init__(None, digits.spec)
            self.weight = nn.Parameter(torch.zeros(1))

        def generate(self, label: Tensor, draws: Draws) -> Tensor:
            rows = (np.arange(len(label)) + 256 * draws.round) % len(digits.test)
            return digits.test.take(rows)

    played = evaluate(model_of(Playback()), digits, features=judge).metrics
    assert "label_agreement" not in played, "the model hears no label"
    shared = set(given) - {"label_agreement", "label_agreement_real"}
    assert {key: given[key] for key in shared} == {key: played[key] for key in shared}
