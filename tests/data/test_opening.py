"""Size, channels, a model's own form, and what the inspection says."""

import json

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.core.errors import ConfigError, DataError
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data import open_data


def test_channels_are_one_only_if_all_are_gray(album, save, noise):
    assert open_data(album).spec.shape[0] == 1
    save(album / "cat" / "color.png", noise(16, 16, 3, seed=70))
    dataset = open_data(album)
    assert dataset.spec.shape[0] == 3
    assert "color" in dataset.inspection.chosen


def test_size_and_channels_as_asked(album):
    dataset = open_data(album, DataConfig(size="12x20", channels=3))
    assert dataset.spec.shape == (3, 12, 20)
    assert dataset.inspection.sizes == {"16x16": 30}


def test_a_background_that_is_no_color_is_a_fault_of_the_flag(album):
    with pytest.raises(ConfigError, match="--background"):
        open_data(album, DataConfig(background="foo"))


MODEL = DataSpec(kind="image", shape=(3, 8, 12), classes=("owl", "dog", "cat"))


def test_like_reads_in_the_models_form(album, save, noise):
    save(album / "eel" / "1.png", noise(16, 16, seed=80))
    dataset = open_data(album, like=MODEL)
    assert dataset.spec == MODEL
    assert dataset.records.take([0]).shape == (1, 3, 8, 12)
    for name, label in zip(dataset.records.names, dataset.records.labels, strict=True):
        expected = {"cat": 2, "dog": 1, "eel": UNLABELED}[name.split("/")[0]]
        assert label == expected
    assert dataset.inspection.classes == {"owl": 0, "dog": 10, "cat": 20}
    assert any("eel" in text for text in dataset.inspection.warnings)


def test_one_picture_is_enough_for_a_model(tmp_path, save, noise):
    photo = save(tmp_path / "photo.jpg", noise(60, 80, 3), "JPEG")
    save(tmp_path / "other.png", noise(8, 8))
    dataset = open_data(photo, like=MODEL, at_least=1)
    assert dataset.records.names == ["photo.jpg"]
    assert dataset.records.original_size(0) == (60, 80)
    assert dataset.name == "photo.jpg"


def test_a_file_that_is_no_picture_says_why(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"notes.txt holds strings an example; this model reads 8x12 RGB"):
        open_data(tmp_path / "notes.txt", like=MODEL, at_least=1)


def test_vectors_are_standardized_as_the_model_was(tmp_path):
    spec = DataSpec(kind="vector", shape=(2,), center=(1.0, 2.0), spread=(2.0, 4.0))
    np.save(tmp_path / "x.npy", np.array([[3.0, 6.0]] * 3))
    dataset = open_data(tmp_path / "x.npy", like=spec, at_least=1)
    assert dataset.records.take(slice(None)).tolist() == [[1.0, 1.0]] * 3


def test_data_of_another_kind_is_refused_in_words(album, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((20, 3)))
    vectors = DataSpec(kind="vector", shape=(2,), center=(0.0, 0.0), spread=(1.0, 1.0))
    with pytest.raises(DataError, match="3 numbers an example; this model reads 2 numbers"):
        open_data(tmp_path / "x.npy", like=vectors)
    with pytest.raises(DataError, match="3 numbers an example; this model reads 8x12 RGB"):
        open_data(tmp_path / "x.npy", like=MODEL)
    with pytest.raises(DataError, match="16x16 gray an example; this model reads 2 numbers"):
        open_data(album, like=vectors)


def test_inspection_is_json_and_counts_add_up(album, save, noise):
    save(album / "cat" / "wide.png", noise(16, 40, seed=90))
    (album / "cat" / "bad.png").write_bytes(b"")
    inspection = open_data(album).inspection
    data = json.loads(json.dumps(inspection.to_json()))
    assert data["read"] == 31 == sum(data["splits"].values()) == sum(data["sizes"].values())
    assert data["read"] == sum(data["classes"].values()) + data["unlabeled"] == sum(data["modes"].values())
    assert data["skipped"] == [{"name": "cat/bad.png", "reason": "is empty"}]
    assert data["sizes"] == {"16x16": 30, "16x40": 1}
    assert data["duplicates"] == {"count": 0, "across_splits": 0, "near_across": 0}


def test_warnings_say_what_to_expect(tmp_path, save, noise):
    for row in range(30):
        save(tmp_path / "many" / f"{row}.png", noise(8, 8, seed=row))
    save(tmp_path / "few" / "0.png", noise(8, 8, seed=99))
    texts = " ".join(open_data(tmp_path, DataConfig(size="32")).inspection.warnings)
    for words in ("only 31 examples", "unbalanced", "fewer than 10", "enlarged"):
        assert words in texts


def test_names_of_data_sets_are_never_paths(album):
    assert open_data(album).name == "album"
    assert str(album.parent) not in json.dumps(open_data(album).inspection.to_json())
