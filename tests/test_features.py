"""The feature network: the same every time, kept, good at what it is for, and honest about where it is not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from amalgan import features
from amalgan.config.data import DataConfig
from amalgan.core import tensor_file
from amalgan.core.errors import UsageError
from amalgan.core.randomness import build_seeded
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, open_data
from amalgan.features import features_of, ranking, training, views
from amalgan.features.network import LARGEST_SIDE, FeatureNetwork, fit
from drawings import pictures


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
    monkeypatch.setattr(training, "VIEWS", 0)
    monkeypatch.setattr(training, "LEAST_ROUNDS", 50)


def test_it_tells_digits_apart(cache: Path) -> None:
    """Chance is 0.1, and 0.5 for whole or damaged."""
    data = opened("digits", cache)
    found = features_of(data, cache=cache)
    right = found.classify(data.test.take(slice(None))) == torch.from_numpy(data.test.labels)
    assert found.labeled and right.double().mean() > 0.96
    assert found.accuracy["class"] == pytest.approx(float(right.double().mean()))
    assert found.accuracy["whole_or_damaged"] > 0.75 and found.accuracy["n"] == len(data.test)
    assert found(data.test.take(slice(9))).shape == (9, features.FEATURES)


@pytest.mark.parametrize("labels", [True, False], ids=["labeled", "not"])
@pytest.mark.parametrize("kind", ["discs", "waves", "blots"])
def test_known_sets_are_ranked_in_order(
    kind: str, labels: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held-out pictures first, then slightly bent ones, blurred ones, and what is ruined."""
    monkeypatch.setattr(training, "VIEWS", 16_000)
    target, label = tmp_path / "x.npz", np.arange(600) % 3
    x = pictures(kind, label, size=16)
    np.savez(target, **({"x": x, "y": label} if labels else {"x": x}))
    data = opened(target, tmp_path)
    found = features_of(data, cache=tmp_path)
    assert not {"frechet_distance", "kernel_distance"} & set(found.unfit), found.unfit
    real, held_out = ranking.split_halves(data)
    gray = found(torch.zeros_like(held_out))
    assert ranking.neighborhoods(found(real), gray).precision == 0


def test_a_measure_that_is_fooled_is_found_out(tmp_path: Path) -> None:
    """Features that see nothing but the mean color, and features that do not see at all."""
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)

    def blind(x: Tensor) -> Tensor:
        return torch.randn(len(x), 5, generator=torch.Generator().manual_seed(len(x))).double()

    def color(x: Tensor) -> Tensor:
        return x.mean((1, 2, 3), keepdim=True).flatten(1).double().repeat(1, 2)

    assert set(ranking.find_fooled_measures(blind, data)) == set(ranking.HIGHER_IS_BETTER)
    assert "frechet_distance" in ranking.find_fooled_measures(color, data)
    assert all(
        "does not rank" in why or "it ranks" in why
        for why in ranking.find_fooled_measures(blind, data).values()
    )


def test_every_kind_of_damage_damages() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(64, 3, 12, 20, generator=generator) * 2 - 1
    views_of, kind, bad = views.damaged(x, x, generator)
    assert set(kind.tolist()) == set(range(1, len(views.KINDS) + 1))
    assert ((views_of - x).flatten(1).abs().mean(1) > 0.01).all() and views_of.abs().max() <= 1
    assert (bad > 0).all() and (bad <= 1).all()


def test_colored_noise_has_the_mean_and_the_covariance_of_the_data() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 1, 2, 2, generator=generator) @ torch.tensor([[1.0, 0.8], [0.0, 0.5]]) + 1
    noise = views.colored_noise(40_000, x, generator).flatten(1)
    assert torch.allclose(noise.mean(0), x.flatten(1).mean(0), atol=0.03)
    assert torch.allclose(noise.T.cov(), x.flatten(1).T.cov(), atol=0.05)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 31), (1, 300, 500), (3, 64, 64)])
def test_pictures_of_any_size_are_looked_at_at_a_bounded_one(shape: tuple[int, int, int]) -> None:
    net = build_seeded(lambda: FeatureNetwork(DataSpec(kind="image", shape=shape), 3), 0)
    assert max(net.size) <= LARGEST_SIDE and min(net.size) >= 8
    x = torch.rand(2, *shape)
    assert net(x).shape == (2, features.FEATURES) and torch.allclose(net(x), net(fit(x, net.size)), atol=1e-4)


@pytest.mark.usefixtures("brief")
def test_training_twice_gives_the_same_weights_whatever_the_global_generator(tmp_path: Path) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    torch.manual_seed(1)
    first = features_of(data, cache=tmp_path / "a")
    torch.manual_seed(2)
    second = features_of(data, cache=tmp_path / "b")
    assert first.name == second.name and first.unfit == second.unfit
    for name, tensor in first.net.state_dict().items():
        assert torch.equal(tensor, second.net.state_dict()[name])


@pytest.mark.usefixtures("brief")
def test_of_two_that_train_it_at_once_the_quicker_one_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    teach = training.teach

    def overtaken(net: FeatureNetwork, *lesson: Any, **how: Any) -> None:
        teach(net, *lesson, **how)
        other = {name: tensor + 1 for name, tensor in net.state_dict().items()}
        tensor_file.write(features.kept_at(data, tmp_path), other, {"what": "a feature network"})

    monkeypatch.setattr(training, "teach", overtaken)
    found = features_of(data, cache=tmp_path)
    monkeypatch.setattr(training, "teach", None)
    assert found.name == features_of(data, cache=tmp_path).name


@pytest.mark.usefixtures("brief")
def test_it_is_trained_and_examined_once_and_then_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    first = features_of(data, cache=tmp_path)
    monkeypatch.setattr(training, "teach", None)
    monkeypatch.setattr("amalgan.features.judge.find_fooled_measures", None)
    second = features_of(data, cache=tmp_path)
    x = data.test.take(slice(None))
    assert first.name == second.name and torch.equal(first(x), second(x))
    assert (first.accuracy, first.unfit) == (second.accuracy, second.unfit)


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
    assert sum("-labels-" in name for name in names) == sum("-unlabeled-" in name for name in names) == 2


@pytest.mark.usefixtures("brief")
def test_the_users_cache_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    features_of(opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path))
    assert len(list((tmp_path / "amalgan").glob("features-*.safetensors"))) == 1


@pytest.mark.usefixtures("brief")
def test_without_labels_it_tells_pictures_but_no_classes(tmp_path: Path) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=False), tmp_path)
    found = features_of(data, cache=tmp_path)
    assert not found.labeled and {"same_picture", "whole_or_damaged"} < set(found.accuracy)
    with pytest.raises(UsageError, match="no classes"):
        found.classify(data.test.take(slice(None)))


def test_vectors_are_their_own_features(tmp_path: Path) -> None:
    data = opened("wine", tmp_path)
    found = features_of(data, cache=tmp_path)
    x = data.test.take(slice(None))
    assert found.name == "standardized-entries" and not found.labeled and not found.unfit
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
    monkeypatch.setattr("amalgan.features.judge.CHUNK", 7)
    assert torch.allclose(found(x), whole, atol=1e-4)


@pytest.mark.usefixtures("brief")
def test_labels_that_are_missing_do_no_harm(tmp_path: Path) -> None:
    data = opened(stripes(tmp_path / "x.npz", 0, labels=True), tmp_path)
    data.whole.labels[:40] = -1
    net = features.build_untrained(data)
    training.teach(net, data.whole, labeled=True, device="cpu")
    right = net.classify(net(data.test.take(slice(None)))).argmax(1) == torch.from_numpy(data.test.labels)
    assert right.double().mean() > 0.9


def test_many_classes_are_shown_more_views_and_large_pictures_fewer() -> None:
    assert training.rounds_for(10**6, 784, 10) == training.rounds_for(10**6, 784, 0) == 625
    assert training.rounds_for(10**6, 784, 1000) == 300_000 // 64
    assert training.rounds_for(10**6, 64 * 64, 0) < 625
    assert training.rounds_for(50, 784, 2) == training.LEAST_ROUNDS
