"""A part of the training pictures: balanced, nested, decided by content."""

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.data import open_data
from amalgan.data.keeping import keep
from amalgan.errors import ConfigError


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return open_data("digits", DataConfig(cache=str(tmp_path_factory.mktemp("cache"))))


def test_a_number_keeps_every_class_as_often(digits):
    assert np.bincount(keep(digits.train, 100).labels).tolist() == [10] * 10


def test_a_share_keeps_so_many(digits):
    assert len(keep(digits.train, 0.1)) == round(0.1 * len(digits.train))


def test_fewer_are_among_more(digits):
    small, large = keep(digits.train, 0.05), keep(digits.train, 0.3)
    assert set(small.index) < set(large.index)


def test_order_of_records_does_not_matter(digits):
    shuffled = digits.train.select(np.random.default_rng(0).permutation(len(digits.train)))
    assert set(keep(shuffled, 50).index) == set(keep(digits.train, 50).index)


def test_a_class_with_few_pictures_gives_all_it_has(digits):
    zeros, ones = np.flatnonzero(digits.train.labels == 0)[:3], np.flatnonzero(digits.train.labels == 1)
    found = keep(digits.train.select(np.concatenate([zeros, ones])), 20)
    assert np.bincount(found.labels).tolist() == [3, 17]


def test_only_training_is_cut(digits, tmp_path):
    little = open_data("digits", DataConfig(cache=str(tmp_path), keep=0.1))
    assert len(little.train) == round(0.1 * len(digits.train))
    assert len(little.whole) == len(digits.train)
    assert (len(little.test), little.fingerprint) == (len(digits.test), digits.fingerprint)


@pytest.mark.parametrize("most", [0, -1, float("nan"), float("inf")])
def test_nonsense_is_refused(most):
    with pytest.raises(ConfigError, match="--keep is"):
        DataConfig(keep=most)
