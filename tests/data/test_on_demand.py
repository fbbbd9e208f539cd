"""Examples decoded when they are drawn are those of a store, wherever their files lie."""

from __future__ import annotations

import tarfile
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError, FileError
from amalgan.data import batch_at, open_data
from amalgan.data.dataset import batches, store_writer
from amalgan.data.dataset.prefetching import CALLS_KEPT, Prefetched

ONCE, ON_DEMAND = DataConfig(decode="once"), DataConfig(decode="on-demand")


def as_folder(album: Path) -> Path:
    return album


def as_zip(album: Path) -> Path:
    with zipfile.ZipFile(album.with_suffix(".zip"), "w") as archive:
        for path in sorted(album.rglob("*.png")):
            archive.write(path, path.relative_to(album))
    return album.with_suffix(".zip")


def as_shards(album: Path) -> Path:
    place = album.with_name("shards")
    place.mkdir()
    for number in range(3):
        with tarfile.open(place / f"{number}.tar", "w") as archive:
            for path in sorted(album.rglob("*.png"))[number::3]:
                archive.add(path, path.relative_to(album))
    return place


def as_parquet(album: Path) -> Path:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    paths = sorted(album.rglob("*.png"))
    table = {"image": [path.read_bytes() for path in paths], "label": [path.parent.name for path in paths]}
    parquet.write_table(arrow.table(table), album.with_suffix(".parquet"), row_group_size=7)
    return album.with_suffix(".parquet")


FORMS = (as_folder, as_zip, as_shards, as_parquet)


@pytest.fixture(params=FORMS, ids=lambda form: form.__name__)
def data(request: Any, album: Path, save: Any) -> Path:
    """The pictures of the album, one of them saved again, and one that cannot be read."""
    (album / "cat" / "copy.png").write_bytes((album / "cat" / "01.png").read_bytes())
    (album / "cat" / "bad.png").write_bytes(b"no picture")
    return Path(request.param(album))


def test_all_that_is_known_of_the_data_is_the_same(data: Path, own_cache: Path) -> None:
    drawn, stored = open_data(data, ON_DEMAND), open_data(data, ONCE)
    assert drawn.records.store.is_catalog and not stored.records.store.is_catalog
    assert drawn.fingerprint == stored.fingerprint
    assert drawn.inspection == stored.inspection and len(drawn.inspection.skipped) == 1
    for part in ("train", "validation", "test"):
        one, other = getattr(drawn, part), getattr(stored, part)
        assert np.array_equal(one.index, other.index) and np.array_equal(one.labels, other.labels)
    assert len([*own_cache.glob("store-*/pixels.npy")]) == 1


def test_batches_are_the_same_in_any_order_of_rounds(data: Path) -> None:
    drawn, stored = (open_data(data, way).train for way in (ON_DEMAND, ONCE))
    for round in (0, 1, 2, 7, 3, 3, 40):
        one, other = (batch_at(records, seed=1, round=round, batch=8) for records in (drawn, stored))
        assert all(torch.equal(value, getattr(other, name)) for name, value in vars(one).items())


def test_the_next_batches_are_decoded_before_they_are_asked_for(album: Path) -> None:
    records = open_data(album, ON_DEMAND).train
    decoding = records.store.pixels._decoding
    batch_at(records, seed=1, round=0, batch=4)
    expected = set(records.index[batches.stream_rows(len(records), seed=1, start=4, stop=12)].tolist())
    assert decoding.waiting.keys() == expected
    batch_at(records, seed=1, round=1, batch=4)
    assert len(decoding.waiting) == 8


@pytest.mark.parametrize("limit", ["cap", "disk"])
def test_without_room_for_pixels_they_are_decoded_on_demand_and_this_is_said(
    album: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    needed = 30 * (256 + store_writer.BESIDE_PIXELS)
    cramp(monkeypatch, limit, needed - 1)
    found = open_data(album)
    assert found.records.store.is_catalog and "--decode once" in found.note
    assert not [*own_cache.glob("store-*/pixels.npy")]
    with pytest.raises(DataError, match=r"30 .* take"):
        open_data(album, ONCE)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(own_cache.parent))
    assert open_data(album).records.store.is_catalog  # the catalog that is there
    assert not open_data(album, ONCE).note and not open_data(album).records.store.is_catalog


def test_without_room_for_a_catalog_nothing_is_written(
    album: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cramp(monkeypatch, "cap", 30 * store_writer.BESIDE_PIXELS - 1)
    with pytest.raises(DataError, match="AMALGAN_CACHE_GIB"):
        open_data(album)
    assert [*own_cache.iterdir()] == []


def cramp(monkeypatch: pytest.MonkeyPatch, limit: str, size: int) -> None:
    """Leave room for ``size`` bytes."""
    from amalgan.data.dataset import room

    if limit == "cap":
        monkeypatch.setenv("AMALGAN_CACHE_GIB", repr(size / 2**30))
    else:
        monkeypatch.setattr(room, "disk_usage", lambda _: type("usage", (), {"free": size}))


def test_arrays_cannot_be_decoded_on_demand(tmp_path: Path, own_cache: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((30, 8, 8), np.uint8))
    with pytest.raises(DataError, match=r"no files of images.*Leave it out"):
        open_data(tmp_path / "x.npy", ON_DEMAND)


def test_a_picture_that_changes_while_it_is_trained_on_is_named(album: Path, save: Any, noise: Any) -> None:
    records = open_data(album, ON_DEMAND).records
    save(album / "cat" / "01.png", noise(16, 16, seed=500))
    with pytest.raises(FileError, match=r"01\.png is not what it was"):
        records.pixels(np.array([5, 0, 1, 2, 3]))


def test_what_was_expected_and_never_taken_is_forgotten() -> None:
    decoding = Prefetched(lambda row: row * row)
    for call in range(3 * CALLS_KEPT):
        decoding.expect([0, 4 * call + 1, 4 * call + 2, 4 * call + 3])
    assert len(decoding.waiting) == 3 * CALLS_KEPT + 1 == len(decoding.named)
    assert 0 in decoding.waiting and 1 not in decoding.waiting
    assert decoding.take([5, 95, 5, 3]) == [25, 9025, 25, 9]
    assert 95 not in decoding.waiting


def test_what_is_expected_is_done_once_and_on_other_threads() -> None:
    done: list[tuple[int, bool]] = []
    here = threading.current_thread()

    def work(row: int) -> int:
        done.append((row, threading.current_thread() is here))
        return row

    decoding = Prefetched(work)
    decoding.expect([1, 2])
    decoding.expect([2, 3])
    assert decoding.take([3, 2, 1]) == [3, 2, 1]
    assert sorted(done) == [(1, False), (2, False), (3, False)]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_archives_that_are_read_at_random_places_are_told(album: Path, form: Any) -> None:
    data = form(album)
    told = open_data(data, ON_DEMAND).note
    assert ("--shuffle-buffer" in told) == (form in (as_shards, as_parquet))
    assert not open_data(data, DataConfig(decode="on-demand", shuffle_buffer=9)).note
    assert not open_data(data, ONCE).note
