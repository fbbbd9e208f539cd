"""Words: data that ships inside dependencies."""

import numpy as np
import pytest
from sklearn import datasets

from amalgan.core.errors import DataError
from amalgan.data import open_data
from amalgan.data.readers import builtin
from amalgan.kinds import text_of


def test_digits():
    dataset = open_data("digits")
    found = datasets.load_digits()
    assert text_of(dataset.spec) == "8x8 gray" and len(dataset.records) == 1797
    assert np.array_equal(dataset.records.labels, found.target)
    assert np.array_equal(np.rint(dataset.records.pixels(slice(None))[:, 0] * (16 / 255)), found.images)
    assert min(np.bincount(dataset.test.labels, minlength=10)) >= 8
    assert dataset.name == "digits" and dataset.inspection.skipped == ()


def test_photos_hold_out_two_photographs():
    dataset = open_data("photos")
    assert text_of(dataset.spec) == "32x32 RGB" and dataset.spec.classes == ()
    assert 3000 < len(dataset.records) < 6000
    assert {name.split("/")[1].split("-")[0] for name in dataset.test.names} == {"chelsea", "coffee"}
    trained = {name.split("/")[1].split("-")[0] for name in (*dataset.train.names, *dataset.validation.names)}
    assert trained == {"astronaut", "hubble_deep_field", "ihc", "retina", "rocket"}


def test_photo_tiles_are_cut_where_they_say():
    from skimage import data

    records = open_data("photos").records
    row = records.names.index("test/chelsea-1-02-05")
    tile = data.chelsea()[64:96, 160:192].transpose(2, 0, 1)
    assert np.array_equal(records.pixels([row])[0], tile)


def test_photos_without_their_package_say_how_to_get_it(monkeypatch):
    monkeypatch.setitem(builtin.WORDS, "photos", ("no-such-package", builtin.WORDS["photos"][1]))
    with pytest.raises(DataError, match=r"pip install amalgan\[demo\]"):
        open_data("photos")


@pytest.mark.parametrize(
    ("word", "shape", "classes"),
    [
        ("iris", (150, 4), 3),
        ("wine", (178, 13), 3),
        ("breast_cancer", (569, 30), 2),
        ("diabetes", (442, 10), 0),
    ],
)
def test_tables(word, shape, classes):
    dataset = open_data(word)
    assert (len(dataset.records), *dataset.spec.shape) == shape
    assert len(dataset.spec.classes) == classes
    assert np.allclose(dataset.records.pixels(slice(None)), getattr(datasets, f"load_{word}")().data)


def test_the_grid_is_25_gaussians_two_apart():
    dataset = open_data("grid")
    assert dataset.own_splits and (len(dataset.test), len(dataset.records)) == (5000, 30_000)
    assert dataset.spec.classes[:6] == ("a1", "a2", "a3", "a4", "a5", "b1")
    values, labels = dataset.records.pixels(slice(None)).astype(float), dataset.records.labels
    places = np.array([(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)])
    apart = values - places[labels]
    assert np.bincount(dataset.test.labels).tolist() == [200] * 25
    assert np.abs(apart.mean(0)).max() < 4 * 0.05 / 30_000**0.5
    assert np.allclose(np.cov(apart.T), 0.05**2 * np.eye(2), atol=4 * 0.05**2 / 30_000**0.5 * 2**0.5)


def test_ten_numbers_tell_all_but_the_noise_of_gaussians():
    dataset = open_data("gaussians")
    assert dataset.own_splits and (len(dataset.test), *dataset.spec.shape) == (2000, 100)
    values = dataset.train.pixels(slice(None)).astype(float)
    variances = np.linalg.eigvalsh(np.cov(values.T))[::-1]
    assert variances[9] > 1
    assert np.allclose(variances[10:], 0.1**2, rtol=0.25)


@pytest.mark.parametrize("word", ["grid", "gaussians"])
def test_made_data_is_the_same_every_time(word):
    first, second = (next(builtin.find(word).open().blocks()).values for _ in range(2))
    assert np.array_equal(first, second)
