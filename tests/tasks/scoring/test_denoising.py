"""The denoising gain: zero for who changes nothing, what the arithmetic says for who changes all."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from amalgan.data import Dataset, open_data
from amalgan.evaluation.scores.denoising import SIGMA, denoising_scores, gain
from amalgan.evaluation.scores.score import Trial
from amalgan.systems.model_file import Model
from support import build


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    from amalgan.config.data import DataConfig

    cache: Path = tmp_path_factory.mktemp("cache")
    return open_data("digits", DataConfig(cache=str(cache)))


def model(name: str, data: Dataset) -> Model:
    return Model(build(name, data.spec).eval(), {"system": name, "spec": {}}, "0", None)


def test_the_gain_is_that_of_the_arithmetic(digits: Dataset) -> None:
    trial = Trial(data=digits, features=None, count=100, seed=0)
    untrained = model("restorer", digits)
    (score,) = denoising_scores(untrained, trial)
    assert score.key == "denoising_gain" and score.value == pytest.approx(0, abs=1e-9)
    assert str(trial.n) in score.name and f"deviation {SIGMA}" in score.name

    sound = trial.held_out.take(slice(None))
    two_levels = torch.where(sound > 0, -2 / 127.5, 2 / 127.5)
    noise = torch.randn(20, *sound.shape, generator=torch.Generator().manual_seed(7)) * (SIGMA / 127.5)
    error = float(((sound + noise).clamp(-1, 1) - sound).square().mean())
    expected = 10 * math.log10(error / (2 / 127.5) ** 2)
    found = gain(lambda x: sound[: len(x)] + two_levels[: len(x)], untrained, trial)
    assert found == pytest.approx(expected, abs=0.15)


def test_who_cannot_pass_pictures_through_has_no_score(digits: Dataset) -> None:
    trial = Trial(data=digits, features=None, count=50, seed=0)
    assert not list(denoising_scores(model("gan", digits), trial))
    (score,) = denoising_scores(model("autoencoder", digits), trial)
    assert score.value is not None and score.value < 0  # untrained
