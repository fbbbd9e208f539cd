"""Shards at addresses that do not fit the disk together are trained on all the same, one after the other."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError
from amalgan.data import batch_at, open_data
from amalgan.data.readers import remote

SHARDS, EACH = 5, 12
ADDRESS = "memory://set/{0..4}.tar"


@pytest.fixture
def shards(tmp_path: Path, encode: Any, noise: Any) -> Path:
    """Five shards on disk, and at an address."""
    system = pytest.importorskip("fsspec").filesystem("memory")
    system.store.clear()
    (tmp_path / "set").mkdir()
    for shard in range(SHARDS):
        place = tmp_path / "set" / f"{shard}.tar"
        with tarfile.open(place, "w") as archive:
            for row in range(EACH):
                data = encode(noise(16, 16, seed=shard * EACH + row))
                entry = tarfile.TarInfo(f"{'cat' if row % 3 else 'dog'}/{shard}{row:02d}.png")
                entry.size = len(data)
                archive.addfile(entry, BytesIO(data))
        system.pipe_file(f"/set/{shard}.tar", place.read_bytes())
    return tmp_path / "set"


@pytest.fixture
def downloads(shards: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of shards as they are downloaded; there is room for two, which is checked."""
    size = (shards / "0.tar").stat().st_size
    monkeypatch.setattr(remote, "cap_bytes", lambda: 2.5 * size)
    told, real = list[str](), remote._written

    def written(fs: Any, path: str, place: Path, declared: int) -> str:
        found = real(fs, path, place, declared)
        told.append(place.name.partition("-")[2])
        assert sum(file.stat().st_size for file in place.parent.iterdir()) <= 2.5 * size
        return found

    monkeypatch.setattr(remote, "_written", written)
    return told


def config(way: Any) -> DataConfig:
    return DataConfig(size="16", channels=1, decode=way, shuffle_buffer=10)


def test_the_data_is_that_of_the_same_shards_on_disk(shards: Path, downloads: list[str]) -> None:
    here, there = open_data(shards, config("once")), open_data(ADDRESS, config("on-demand"))
    assert here.fingerprint == there.fingerprint and here.records.names == there.records.names
    assert {*downloads} == {f"{shard}.tar" for shard in range(SHARDS)} and len(downloads) > SHARDS
    for round in (0, 1, 2, 8, 3, 20):
        one, other = (batch_at(found.train, seed=1, round=round, batch=4) for found in (here, there))
        assert all(torch.equal(value, getattr(other, name)) for name, value in vars(one).items())


def test_opened_again_nothing_is_downloaded_but_what_is_drawn(downloads: list[str]) -> None:
    open_data(ADDRESS, config("on-demand"))
    downloads.clear()
    records = open_data(ADDRESS, config("on-demand")).records
    assert downloads == []
    records.pixels(np.array([5, 3, 4]))
    assert downloads == ["0.tar"]


def test_an_epoch_in_sequence_downloads_every_shard_about_once(downloads: list[str]) -> None:
    records = open_data(ADDRESS, config("on-demand")).train
    downloads.clear()
    for round in range(len(records) // 4):
        batch_at(records, seed=1, round=round, batch=4)
    assert len({*downloads}) >= SHARDS - 2  # up to two are there from the opening
    assert len(downloads) <= 2 * SHARDS + 2


def test_a_shard_that_does_not_fit_alone_is_named(
    downloads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "cap_bytes", lambda: 5000)
    with pytest.raises(DataError, match=r"0\.tar has .* bytes; there is room for 5,000"):
        open_data(ADDRESS, config("on-demand"))
