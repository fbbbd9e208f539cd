"""Words: data that ships inside dependencies."""

import numpy as np
import pytest
from sklearn import datasets

from amalgan.data import builtin, open_data
from amalgan.errors import DataError


def test_digits():
    dataset = open_data("digits")
    found = datasets.load_digits()
    assert dataset.spec.text == "8x8 gray" and len(dataset.records) == 1797
    assert np.array_equal(dataset.records.labels, found.target)
    assert np.array_equal(np.rint(dataset.records.pixels(slice(None))[:, 0] * (16 / 255)), found.images)
    assert min(np.bincount(dataset.test.labels, minlength=10)) >= 8
    assert dataset.name == "digits" and dataset.inspection.skipped == ()


def test_photos_hold_out_two_photographs():
    dataset = open_data("photos")
    assert dataset.spec.text == "32x32 RGB" and dataset.spec.classes == ()
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
