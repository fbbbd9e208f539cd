"""The order through a shuffle buffer: every record once an epoch, by archives, never more than the buffer at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgan.config.data import DataConfig
from amalgan.core.errors import ConfigError
from amalgan.data import batch_at, open_data
from amalgan.data.dataset.batches import AHEAD, drawn_rows
from amalgan.data.dataset.shuffle_buffer import Epoch, epoch_of
from amalgan.data.readers.sources import ends_of
from data.test_on_demand import as_parquet, as_shards


def ends_for(sizes: list[int]) -> tuple[int, ...]:
    return tuple(np.cumsum(sizes).tolist())


def held(epoch: Epoch, place: int) -> int:
    """Records that are read and not drawn before the one at ``place`` is."""
    return int(epoch.read[place]) - place


archives = st.lists(st.integers(1, 30), min_size=1, max_size=8)


@settings(deadline=None)
@given(sizes=archives, seed=st.integers(0, 3), epoch=st.integers(0, 3), size=st.integers(1, 60))
def test_every_record_is_drawn_once_and_the_buffer_is_never_larger(sizes, seed, epoch, size) -> None:
    ends = ends_for(sizes)
    found = epoch_of(ends, seed, epoch, size)
    assert sorted(found.order) == sorted(found.sequence) == list(range(ends[-1]))
    for place, record in enumerate(found.order):
        assert record in found.sequence[: found.read[place]]
        assert 1 <= held(found, place) <= size
    assert (found.sequence == found.order[found.places]).all()
    assert (np.abs(found.places - np.arange(ends[-1])) < size).all()


@settings(deadline=None)
@given(sizes=archives, seed=st.integers(0, 3))
def test_archives_are_read_whole_one_after_the_other(sizes, seed) -> None:
    ends = ends_for(sizes)
    sequence = epoch_of(ends, seed, 0, 5).sequence
    jumps = np.flatnonzero(np.diff(sequence) != 1) + 1
    starts = {0, *ends[:-1]}
    assert {int(sequence[0]), *sequence[jumps].tolist()} <= starts


def test_a_buffer_of_one_keeps_the_sequence_and_a_large_one_mixes_it() -> None:
    ends = (400, 800, 1200)
    plain, mixed = epoch_of(ends, 0, 0, 1), epoch_of(ends, 0, 0, 1200)
    assert (plain.order == plain.sequence).all()
    far = np.abs(mixed.places - np.arange(1200)).mean()
    assert 200 < far < 400  # a uniform shuffle moves a record by a third of all, 400


def test_epochs_and_seeds_differ() -> None:
    orders = {tuple(epoch_of((20, 40), seed, epoch, 10).order) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4


@settings(deadline=None)
@given(sizes=archives, size=st.integers(1, 40), start=st.integers(0, 100), count=st.integers(1, 40))
def test_what_comes_up_is_what_was_read_and_not_drawn(sizes, size, start, count) -> None:
    epoch = epoch_of(ends_for(sizes), 1, 2, size)
    stop = min(start + count, len(epoch.order))
    found = epoch.upcoming(start, stop)
    read = epoch.sequence[: epoch.read[stop - 1]] if stop > start else []
    drawn = set(epoch.order[:start].tolist())
    assert found[:, 0].tolist() == [row for row in read if row not in drawn]
    assert set(epoch.order[start:stop].tolist()) <= set(found[:, 0].tolist())


def config(way: Any, size: int = 6) -> DataConfig:
    return DataConfig(decode=way, shuffle_buffer=size)


@pytest.mark.parametrize(
    "form", [as_shards, as_parquet, lambda album: album], ids=["tar", "parquet", "folder"]
)
def test_batches_of_a_store_and_on_demand_are_the_same_and_follow_the_archives(
    album: Path, form: Any
) -> None:
    data = form(album)
    drawn, stored = open_data(data, config("on-demand")).train, open_data(data, config("once")).train
    assert drawn.archive_ends == stored.archive_ends and len(drawn.archive_ends) > 2
    for round in (0, 1, 2, 3, 9, 4, 30):
        one, other = (batch_at(records, seed=1, round=round, batch=4) for records in (drawn, stored))
        assert all(torch.equal(value, getattr(other, name)) for name, value in vars(one).items())
    whole = open_data(data, DataConfig(decode="once")).train
    assert not torch.equal(batch_at(whole, seed=1, round=30, batch=4).index, one.index)


def test_files_are_read_in_sequence(album: Path) -> None:
    records = open_data(as_shards(album), config("on-demand")).train
    read: list[int] = []
    pixels = records.store.pixels
    real = pixels._bytes.work
    pixels._bytes.work, pixels._bytes.threads = lambda row: read.append(row) or real(row), 1
    for round in range(len(records) // 4 - AHEAD):
        batch_at(records, seed=1, round=round, batch=4)
        pixels._bytes.pool.submit(int).result()
    sequence = records.index[epoch_of(records.archive_ends, 1, 0, 6).sequence].tolist()
    first = drawn_rows(records, seed=1, start=0, stop=4 * (1 + AHEAD))
    later = [row for row in sequence if row not in records.index[first]]
    assert len(read) > 8 and read[: len(later)] == later[: len(read)]


def test_a_process_reads_only_what_it_draws(album: Path) -> None:
    data, named = as_shards(album), []
    for rank in (0, 1):
        own = open_data(data, config("on-demand", 20)).train
        batch_at(own, seed=1, round=0, batch=4, rank=rank, world=2)
        named.append(set(own.store.pixels._bytes.named))
    assert named[0] and named[1] and not named[0] & named[1]


def test_the_shards_of_a_source_are_its_archives(album: Path) -> None:
    from amalgan.data.readers.resolving import find_source

    assert ends_of(find_source(as_shards(album))) == [10, 20, 30]
    assert ends_of(find_source(as_parquet(album))) == [7, 14, 21, 28, 30]
    assert ends_of(find_source(album)) == []


def test_a_buffer_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="--shuffle-buffer is 0"):
        DataConfig(shuffle_buffer=0)
