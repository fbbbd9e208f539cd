"""The feature network: the same every time, kept, and good at what it is for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from amalgan import features, tensorfile
from amalgan.config.data import DataConfig
from amalgan.data import Dataset, open_data
from amalgan.errors import UsageError
from amalgan.features import Classifier, features_of


def opened(source: Path | str, cache: Path) -> Dataset:
    return open_data(source, DataConfig(cache=str(cache)))


def stripes(target: Path, seed: int, labels: bool) -> Path:
    """Horizontal and vertical stripes with noise, 8 x 8."""
    random = np.random.default_rng(seed)
    label = np.arange(120) % 2
    line = (np.arange(8) % 4 < 2) * 200
    plain = np.where(label[:, None, None] == 0, line[None, :, None], line[None, None, :])
    pixels = (plain + random.integers(0, 50, (120, 8, 8))).astype(np.uint8)
    np.savez(target, **({"x": pixels, "y": label} if labels else {"x": pixels}))
    return target


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "IMAGES", 0)
    monkeypatch.setattr(features, "LEAST_ROUNDS", 50)


def test_it_tells_digits_apart(cache: Path) -> None:
    """Chance is 0.1."""
    data = opened("digits", cache)
    found = features_of(data, cache=cache)
    right = found.classify(data.test.take(slice(None))) == torch.from_numpy(data.test.labels)
    assert found.labeled and right.double().mean() > 0.96
    assert found(data.test.take(slice(9))).shape == (9, features.FEATURES)


@pytest.mark.usefixtures("brief")
def test_training_twice_gives_the_same_weights_whatever_the_global_generator(tmp_path: Path) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    torch.manual_seed(1)
    first = features_of(data, cache=tmp_path / "a")
    torch.manual_seed(2)
    second = features_of(data, cache=tmp_path / "b")
    assert first.name == second.name
    for name, tensor in first.net.state_dict().items():
        assert torch.equal(tensor, second.net.state_dict()[name])


@pytest.mark.usefixtures("brief")
def test_of_two_that_train_it_at_once_the_quicker_one_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    teach = features.teach

    def overtaken(net: Classifier, *lesson: Any) -> None:
        teach(net, *lesson)
        other = {name: tensor + 1 for name, tensor in net.state_dict().items()}
        tensorfile.write(features.kept_at(data, tmp_path), other, {"what": "a feature network"})

    monkeypatch.setattr(features, "teach", overtaken)
    found = features_of(data, cache=tmp_path)
    monkeypatch.setattr(features, "teach", None)
    assert found.name == features_of(data, cache=tmp_path).name


@pytest.mark.usefixtures("brief")
def test_it_is_trained_once_and_then_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    first = features_of(data, cache=tmp_path)
    monkeypatch.setattr(features, "teach", None)
    second = features_of(data, cache=tmp_path)
    x = data.test.take(slice(None))
    assert first.name == second.name and torch.equal(first(x), second(x))


@pytest.mark.usefixtures("brief")
def test_a_damaged_file_in_the_cache_is_replaced(tmp_path: Path) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    name = features_of(data, cache=tmp_path).name
    (kept,) = tmp_path.glob("features-*")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-9])
    assert features_of(data, cache=tmp_path).name == name and kept.read_bytes() == whole


@pytest.mark.usefixtures("brief")
def test_other_data_gives_another_name(tmp_path: Path) -> None:
    names = {
        features_of(
            opened(stripes(tmp_path / f"{seed}{labels}.npz", seed, labels), tmp_path), cache=tmp_path
        ).name
        for seed in (0, 1)
        for labels in (True, False)
    }
    assert len(names) == 4
    assert sum("labels" in name for name in names) == sum("clusters" in name for name in names) == 2


@pytest.mark.usefixtures("brief")
def test_the_users_cache_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    features_of(opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path))
    assert len(list((tmp_path / "amalgan").glob("features-*.safetensors"))) == 1


@pytest.mark.usefixtures("brief")
def test_without_labels_it_learns_clusters_that_part_the_kinds(tmp_path: Path) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=False), tmp_path)
    found = features_of(data, cache=tmp_path)
    assert not found.labeled
    x = data.train.take(slice(None))
    groups = found.classify(x)
    upright = x[:, 0, 0, 2] < 0  # the third place of the first row is dark in vertical stripes only
    assert 0 < upright.sum() < len(x)
    assert not set(groups[upright].tolist()) & set(groups[~upright].tolist())


def test_vectors_are_their_own_features(tmp_path: Path) -> None:
    data = opened("wine", tmp_path)
    found = features_of(data, cache=tmp_path)
    x = data.test.take(slice(None))
    assert found.name == "standardized-entries" and not found.labeled
    assert torch.equal(found(x), x.double())
    with pytest.raises(UsageError, match="no classes"):
        found.classify(x)


@pytest.mark.usefixtures("brief")
def test_pictures_are_seen_within_their_range_and_alike_in_any_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    found = features_of(data, cache=tmp_path)
    x = 3 * data.train.take(slice(None))
    whole = found(x)
    assert torch.equal(whole, found(x.clamp(-1, 1)))
    monkeypatch.setattr(features, "CHUNK", 7)
    assert torch.allclose(found(x), whole, atol=1e-5)


@pytest.mark.usefixtures("brief")
def test_examples_without_a_label_are_left_out_of_training(tmp_path: Path) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    data.train.labels[:40] = -1
    net = features.Classifier(data.spec, 2)
    features.teach(net, data.train, data.train.labels, "cpu")
    right = net.logits(data.test.take(slice(None))).argmax(1) == torch.from_numpy(data.test.labels)
    assert right.all()


def test_many_classes_are_shown_more_pictures_and_few_as_many_as_ever(cache: Path) -> None:
    assert features.images_for(10) == features.images_for(333) == features.IMAGES
    assert features.images_for(1000) == 300_000
    assert features.recipe(opened("digits", cache)) == "3944a7d1a6617f28", (
        "models judged before must stay comparable"
    )
