"""A part of the training pictures, or of their labels: balanced, nested, decided by content (and seed)."""

from dataclasses import replace

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.core.errors import ConfigError, DataError
from amalgan.core.types import UNLABELED
from amalgan.data import open_data
from amalgan.data.dataset.subsets import hide_labels, keep


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


def labeled(records):
    return set(records.index[records.labels != UNLABELED])


@pytest.mark.parametrize(("most", "count"), [(100, 100), (0.05, None), (10, 10), (10_000, None)])
def test_labels_are_hidden_but_for_so_many_of_each_class(digits, most, count):
    found = hide_labels(digits.train, most, seed=0)
    shown = found.labels != UNLABELED
    assert np.array_equal(found.index, digits.train.index)
    assert np.array_equal(found.labels[shown], digits.train.labels[shown])
    assert shown.sum() == (count or min(round(most * len(found)) if most < 1 else most, len(found)))
    if shown.sum() < 1000:
        assert np.ptp(np.bincount(found.labels[shown], minlength=10)) <= 1


def test_labels_are_nested_and_the_seed_chooses_them(digits):
    for seed in (0, 1):
        few, more = (labeled(hide_labels(digits.train, most, seed)) for most in (20, 100))
        assert few < more
    chosen = [labeled(hide_labels(digits.train, 100, seed)) for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] and len(chosen[0] & chosen[2]) < 30


def test_zero_hides_every_label_and_the_classes_stay_known(digits, tmp_path):
    none = open_data("digits", DataConfig(cache=str(tmp_path), labeled=0))
    assert (none.train.labels == UNLABELED).all() and not len(none.labeled)
    assert np.array_equal(none.train.index, digits.train.index)
    assert (none.spec, len(none.whole)) == (digits.spec, len(digits.whole))


def test_only_labels_of_training_are_hidden_and_after_what_is_kept(digits, tmp_path):
    cache = str(tmp_path)
    few = open_data("digits", DataConfig(cache=cache, labeled=100), seed=1)
    assert (len(few.train), len(few.labeled)) == (len(digits.train), 100)
    assert (few.labeled.labels != UNLABELED).all()
    for split in ("whole", "validation", "test", "records"):
        assert np.array_equal(getattr(few, split).labels, getattr(digits, split).labels)
    assert (few.spec, few.fingerprint) == (digits.spec, digits.fingerprint)
    both = open_data("digits", DataConfig(cache=cache, keep=300, labeled=0.1))
    assert (len(both.train), len(both.labeled)) == (300, 30)


def test_labels_that_were_missing_stay_missing(digits):
    some = replace(digits.train, labels=np.where(digits.train.labels < 5, digits.train.labels, UNLABELED))
    found = hide_labels(some, 0.1, seed=0)
    known = (some.labels != UNLABELED).sum()
    assert (found.labels != UNLABELED).sum() == round(0.1 * known) and found.labels.max() == 4


def test_what_cannot_be_hidden_is_said(digits, tmp_path):
    with pytest.raises(
        DataError, match=r"--labeled 9 leaves 9 labels for 10 classes.*Give 10 or more, or 0 for none"
    ):
        hide_labels(digits.train, 9, seed=0)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (40, 9, 9), np.uint8))
    with pytest.raises(DataError, match=r"no training example has a label. Leave it out"):
        open_data(tmp_path / "x.npy", DataConfig(cache=str(tmp_path / "cache"), labeled=20))
    with pytest.raises(ConfigError, match="--labeled is -1"):
        DataConfig(labeled=-1)
