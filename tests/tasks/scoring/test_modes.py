"""Modes of generated examples: all are found where all are there, and one where there is one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from amalgan.config.data import DataConfig
from amalgan.data import Dataset, Records, open_data
from amalgan.evaluation.scores.modes import mode_scores
from amalgan.evaluation.scores.score import Trial
from amalgan.features import Features, features_of
from amalgan.metrics.modes import INSIDE


def measured(data: Dataset, judge: Features, made: Records) -> dict[str, float | None]:
    trial = Trial(data=data, features=judge, count=10_000, seed=0)
    scores = list(mode_scores(trial, trial.extract_features(batch.x for batch in made.batches(500))))
    assert not scores or f"among {len(made)} generated" in scores[0].name
    return {score.key: score.value for score in scores}


def of_class(records: Records, *wanted: int) -> Records:
    return records.select(np.flatnonzero(np.isin(records.labels, wanted)))


@pytest.fixture(scope="module")
def grid(reading: DataConfig) -> Dataset:
    return open_data("grid", reading)


def test_new_examples_of_the_grid_find_all_its_modes(grid: Dataset) -> None:
    found = measured(grid, features_of(grid), grid.test)
    assert found["modes"] == found["modes_real"] == 25
    assert found["near_modes"] == found["near_modes_real"] == pytest.approx(INSIDE, abs=0.006)
    assert found["mode_divergence"] == pytest.approx(0, abs=0.001)


def test_two_modes_of_the_grid_are_two(grid: Dataset) -> None:
    found = measured(grid, features_of(grid), of_class(grid.test, 3, 20))
    assert found["modes"] == 2 and found["modes_real"] == 25
    assert found["near_modes"] == pytest.approx(INSIDE, abs=0.015)
    assert found["mode_divergence"] == pytest.approx(math.log(25 / 2), abs=0.01)


def test_examples_between_the_modes_find_none(grid: Dataset) -> None:
    trial = Trial(data=grid, features=features_of(grid), count=100, seed=0)
    between = (grid.spec.center[0] + 1.0 - torch.tensor(grid.spec.center)) / torch.tensor(grid.spec.spread)
    found = {score.key: score for score in mode_scores(trial, between.expand(50, 2).double())}
    assert found["modes"].value == found["near_modes"].value == 0
    assert found["mode_divergence"].value is None
    assert "no example is near a mode" in found["mode_divergence"].name


def test_modes_of_pictures_are_the_classes_that_the_feature_network_sees(
    digits: Dataset, judge: Features
) -> None:
    two = of_class(digits.train, 3, 8)
    found = measured(digits, judge, two)
    assert found["modes"] == len(judge.classify(two.take(slice(None))).unique())
    assert found["mode_divergence"] == pytest.approx(math.log(5), abs=0.1)
    assert "near_modes" not in found
    everything = measured(digits, judge, digits.test)
    assert everything["modes"] == everything["modes_real"] == 10


def test_data_without_classes_has_no_modes(reading: DataConfig) -> None:
    diabetes = open_data("diabetes", reading)
    assert measured(diabetes, features_of(diabetes), diabetes.test) == {}
