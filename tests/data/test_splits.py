"""Splits: by content alone, copies on one side, shares as stated."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgan.core.types import TEST, VALIDATION
from amalgan.data import open_data
from amalgan.data.dataset.splits import split
from amalgan.data.decoding.hashing import content_hashes


def hashes_of(contents):
    return content_hashes(np.array(contents, np.int64).view(np.uint8).reshape(-1, 8))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.integers(0, 60), max_size=200))
def test_every_record_stands_once_and_copies_stand_together(contents):
    found = split(hashes_of(contents), np.zeros(len(contents), np.uint8))
    sides = [set(np.array(contents, int)[rows]) for rows in (found.train, found.validation, found.test)]
    assert sorted(np.concatenate(found[:3])) == list(range(len(contents)))
    assert len(set().union(*sides)) == sum(map(len, sides))
    if len(set(contents)) >= 3:
        assert all(sides)


def test_shares():
    found = split(hashes_of(range(100_000)), np.zeros(100_000, np.uint8))
    assert abs(len(found.test) / 100_000 - 0.10) < 0.004
    assert abs(len(found.validation) / 90_000 - 0.05) < 0.003
    assert not found.own


def test_adding_records_moves_no_other():
    few = split(hashes_of(range(500)), np.zeros(500, np.uint8))
    many = split(hashes_of(range(800)), np.zeros(800, np.uint8))
    for before, after in zip(few[:3], many[:3], strict=True):
        assert before.tolist() == [row for row in after.tolist() if row < 500]


def test_given_splits_are_kept():
    given_splits = np.zeros(300, np.uint8)
    given_splits[:40], given_splits[40:60] = TEST, VALIDATION
    found = split(hashes_of(range(300)), given_splits)
    assert found.own
    assert found.test.tolist() == list(range(40))
    assert found.validation.tolist() == list(range(40, 60))


def test_copies_across_given_splits_are_reported(tmp_path, save, noise):
    for row in range(40):
        save(tmp_path / ("test" if row < 10 else "train") / f"{row}.png", noise(8, 8, seed=row))
    for row in (0, 1, 2):
        save(
            tmp_path / "train" / f"copy-{row}.bmp", noise(8, 8, seed=row), "BMP"
        )  # other bytes, equal pixels
    save(tmp_path / "train" / "again.png", noise(8, 8, seed=30))
    inspection = open_data(tmp_path).inspection
    assert inspection.duplicates.count == 4
    assert inspection.duplicates.across_splits == 3
    assert any("exact copies" in text for text in inspection.warnings)


def test_order_place_and_container_do_not_change_the_fingerprint(tmp_path, save, noise):
    for row in range(20):
        save(tmp_path / "one" / f"{row:02d}.png", noise(8, 8, seed=row))
        save(tmp_path / "two" / "deep" / f"{19 - row:02d}.png", noise(8, 8, seed=19 - row))
    one, two = open_data(tmp_path / "one"), open_data(tmp_path / "two" / "deep")
    assert one.fingerprint == two.fingerprint
    assert one.train.names == two.train.names
    save(tmp_path / "one" / "07.png", noise(8, 8, seed=777))
    assert open_data(tmp_path / "one").fingerprint != two.fingerprint
