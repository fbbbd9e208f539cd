"""The outside ruler: what it measures keeps the order of sets of known quality, and it says where it does not apply."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import amalgan as ag
from amalgan.config import imagenet_weights as config
from amalgan.config.data import DataConfig
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, open_data
from amalgan.evaluation.scores import outer
from amalgan.evaluation.scores.score import Trial
from amalgan.features import outside_network

pytestmark = pytest.mark.skipif(config.imagenet_weights() is None, reason="the imagenet extra is missing")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Tiles of four photographs that ship with scikit-image."""
    from skimage.data import astronaut, chelsea, coffee, rocket

    folder = tmp_path_factory.mktemp("tiles")
    pictures = []
    for whole in (astronaut(), chelsea(), coffee(), rocket()):
        photograph = whole[::2, ::2]  # at full size, tiles have nothing that a blur would take away
        height, width = (side // 24 * 24 for side in photograph.shape[:2])
        cut = photograph[:height, :width].reshape(height // 24, 24, width // 24, 24, 3)
        pictures.append(cut.swapaxes(1, 2).reshape(-1, 24, 24, 3))
    np.savez(folder / "tiles.npz", x=np.concatenate(pictures))
    return open_data(folder / "tiles.npz", DataConfig(cache=str(folder / "cache")))


def test_it_keeps_the_order_of_sets_of_known_quality(tiles: Dataset) -> None:
    assert outside_network.explain_unfit(tiles) == ""


def test_what_fools_it_is_not_given(tiles: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that sees nothing ranks nothing."""
    monkeypatch.setattr(
        outside_network, "extract_features", lambda x: torch.ones(len(x), 1280, dtype=torch.float64)
    )
    trial = Trial(data=tiles, features=None, count=50, seed=0)
    score = outer.far(trial, "outer_distance", trial.outer_real, "generated")
    assert score.value is None and "not given: on this data" in score.name


@pytest.mark.parametrize(
    ("spec", "applies"),
    [
        (DataSpec(kind="image", shape=(3, 16, 20)), True),
        (DataSpec(kind="image", shape=(1, 8, 32)), False),
        (DataSpec(kind="vector", shape=(64,)), False),
    ],
)
def test_it_applies_to_pictures_that_are_not_too_small(spec: DataSpec, applies: bool) -> None:
    assert outside_network.applies(spec) == applies
    assert not outside_network.applies(replace(spec, shape=(8,) * len(spec.shape)))


def test_a_model_is_scored_for_every_kind_of_picture_that_it_makes(tiles: Dataset, tmp_path: Path) -> None:
    pictures = tiles.train.pixels(slice(None)).transpose(0, 2, 3, 1)
    model = ag.train("fusion", pictures, images=640, out=tmp_path / "run", quiet=True)
    trial = Trial(data=replace(tiles, spec=tiles.spec), features=None, count=60, seed=0)
    found = {score.key: score for score in outer.outer_scores(model.model, trial)}
    assert set(found) == {
        "outer_distance",
        "outer_distance_faithful",
        "outer_distance_reconstruction",
        "outer_distance_reconstruction_realistic",
        "outer_floor",
    }
    values = {key: score.value for key, score in found.items()}
    assert all(value is not None for value in values.values())
    assert all(values["outer_floor"] < value for key, value in values.items() if key != "outer_floor")
    taught = [key for key, score in found.items() if "its critic was taught" in score.name]
    assert len(taught) == 4, (
        "a fusion's critic looks through the same network, and each score but the floor says so"
    )
