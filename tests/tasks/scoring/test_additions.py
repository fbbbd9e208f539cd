"""What samples add: much where they are real and the real ones few, a loss where their labels are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from amalgan.data import Dataset, Records
from amalgan.evaluation.scores import additions as score_additions
from amalgan.evaluation.scores.additions import addition_scores, outside_additions
from amalgan.evaluation.scores.score import Outside, Trial


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_additions, "SEEDS", 1)
    monkeypatch.setattr(score_additions, "STEPS", 40)


@pytest.fixture(scope="module")
def trial(digits: Dataset) -> Trial:
    """Ten real digits a class."""
    rows = np.concatenate([np.flatnonzero(digits.whole.labels == label)[:10] for label in range(10)])
    few = replace(digits, train=digits.whole.select(np.sort(rows)))
    return Trial(data=few, features=None, count=600, seed=0)


def points(trial: Trial, records: Records) -> float:
    (score,) = outside_additions(Outside("given", records), trial)
    assert score.key == "accuracy_gained" and score.value is not None
    assert "100 real training examples" in score.name
    return score.value


def test_real_digits_add_and_wrong_labels_take(trial: Trial):
    whole = trial.data.whole
    assert points(trial, whole) > 5
    assert points(trial, replace(whole, labels=(whole.labels + 1) % 10)) < -5


def test_only_what_generates_classes_is_judged(trial: Trial, trained):
    assert len(list(addition_scores(trained("fusion", "digits"), trial))) == 1
    bare = replace(trial.data.whole, labels=np.full(len(trial.data.whole), -1))
    assert not list(outside_additions(Outside("bare", bare), trial))
    unlabeled = Trial(data=replace(trial.data, train=bare), features=None, count=600, seed=0)
    assert not list(addition_scores(trained("fusion", "digits"), unlabeled))
