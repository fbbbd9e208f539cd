"""Bits at equal PSNR lie on the line between two qualities, and a model that cannot reach the PSNR says so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from amalgan.core.errors import DataError
from amalgan.data import Dataset
from amalgan.evaluation.scores import size as score_size
from amalgan.evaluation.scores.score import Trial
from amalgan.evaluation.scores.size import bits_at, psnr_of_components, reached, size_scores
from amalgan.systems.model_file import Model
from amalgan.tasks.compress import compress

Trained = Callable[[str, str], Model]


def test_bits_are_interpolated_between_the_two_nearest_qualities(
    trained: Trained, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, records = trained("autoencoder", "digits"), digits.test.select(np.arange(40))
    psnrs, bits = np.cumsum([18, 0.5, 2, 1, 0.1, 3, 1, 2]), np.cumsum([0.2, 0.1, 0.3, 0.1, 0.1, 1, 0.5, 2])
    monkeypatch.setattr(score_size, "reached", lambda model, x, level: (psnrs[level], bits[level]))
    for psnr in np.linspace(psnrs[0], psnrs[-1], 30):
        assert bits_at(model, records, psnr) == pytest.approx(np.interp(psnr, psnrs, bits), rel=1e-6)
    for psnr in (17.9, 27.7):
        with pytest.raises(DataError, match=r"its qualities decode at 18.00 to 27.60 dB"):
            bits_at(model, records, psnr)


def test_what_is_weighed_is_what_is_written(trained: Trained, digits: Dataset) -> None:
    model, x = trained("codec", "digits"), digits.test.take(slice(20))
    psnr, bits = reached(model, x, 3)
    written = 8 * sum(len(code) for code in compress.pack_chunk(model, x, 3)) / (20 * 64)
    assert bits == pytest.approx(written) and 0 < psnr < 40


@pytest.mark.parametrize("system", ["autoencoder", "codec"])
def test_every_model_with_tables_is_weighed_at_the_same_psnr(
    trained: Trained, digits: Dataset, system: str
) -> None:
    trial = Trial(data=digits, features=None, count=100, seed=0)
    (score,) = size_scores(trained(system, "digits"), trial)
    psnr = psnr_of_components(trial, trial.held_out)
    assert score.key == "bits_per_pixel" and f"bits a pixel at {psnr:.2f} dB" in score.name
    assert score.value is None or 0 < score.value < 8
    assert score.value is not None or "its qualities decode at" in score.name


def test_there_is_nothing_to_weigh_without_tables_or_pictures(
    trained: Trained, digits: Dataset, wine: Dataset
) -> None:
    assert not list(size_scores(trained("gan", "digits"), Trial(data=digits, features=None, count=9, seed=0)))
    assert not list(size_scores(trained("codec", "wine"), Trial(data=wine, features=None, count=9, seed=0)))
    assert score_size.WEIGHED >= 100
