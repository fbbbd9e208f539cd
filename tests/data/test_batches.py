"""The batch of a round: stateless, sliced by rank, every record once an epoch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgan.core.errors import DataError
from amalgan.core.types import DataSpec
from amalgan.data import batch_at, from_pixels, open_data, to_pixels
from amalgan.data.dataset.batches import stream_rows


@pytest.fixture
def records(album):
    return open_data(album).records


@settings(deadline=None)
@given(count=st.integers(1, 50), batch=st.integers(1, 120), seed=st.integers(0, 5))
def test_each_epoch_shows_every_record_once(count, batch, seed):
    rounds = -(-3 * count // batch)
    rows = [stream_rows(count, seed=seed, start=r * batch, stop=(r + 1) * batch) for r in range(rounds)]
    assert all(len(part) == batch for part in rows)
    for epoch in range(3):
        assert sorted(np.concatenate(rows)[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_epochs_and_seeds_differ(records):
    orders = [
        stream_rows(30, seed=seed, start=30 * epoch, stop=30 * epoch + 30).tolist()
        for seed in (0, 1)
        for epoch in (0, 1)
    ]
    assert len({tuple(order) for order in orders}) == 4


@pytest.mark.parametrize("batch", [1, 4, 7, 64])
@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_out_the_global_batch(records, batch, world):
    for round in (0, 3, 5):
        whole = batch_at(records, seed=1, round=round, batch=batch)
        parts = [
            batch_at(records, seed=1, round=round, batch=batch, rank=rank, world=world)
            for rank in range(world)
        ]
        for name, value in vars(whole).items():
            assert torch.equal(torch.cat([getattr(part, name) for part in parts]), value)


def test_a_round_alone_is_the_round_after_others(records):
    from amalgan.data.dataset.batches import shuffle

    run = [batch_at(records, seed=3, round=round, batch=8) for round in range(12)]
    shuffle.cache_clear()
    alone = batch_at(records, seed=3, round=9, batch=8)
    assert all(torch.equal(value, getattr(alone, name)) for name, value in vars(run[9]).items())


def test_a_batch_holds_what_its_index_says(records):
    batch = batch_at(records, seed=0, round=2, batch=10)
    assert batch.x.dtype == torch.float32 and batch.x.shape == (10, 1, 16, 16)
    assert torch.equal(batch.x, records.take(batch.index.numpy()))
    assert batch.label.tolist() == records.labels[batch.index.numpy()].tolist()


def test_batches_goes_through_once_in_order(records):
    parts = list(records.batches(7))
    assert [len(part.x) for part in parts] == [7, 7, 7, 7, 2]
    assert torch.equal(torch.cat([part.x for part in parts]), records.take(slice(None)))
    assert torch.cat([part.index for part in parts]).tolist() == list(range(30))


def test_nothing_to_draw_from_is_said(records):
    with pytest.raises(DataError, match="no records"):
        batch_at(records.select([]), seed=0, round=0, batch=4)


def test_pixels_survive_the_way_in_and_out(noise):
    for channels in (1, 3):
        spec = DataSpec(kind="image", shape=(channels, 16, 16))
        pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16).repeat(channels, axis=1)
        back = to_pixels(from_pixels(pixels, spec), spec)
        assert np.array_equal(back, pixels[:, 0] if channels == 1 else pixels.transpose(0, 2, 3, 1))


def test_out_of_range_is_clipped_and_nan_is_black():
    spec = DataSpec(kind="image", shape=(1, 1, 4))
    x = torch.tensor([[[[-9.0, 9.0, float("nan"), 0.0]]]])
    assert to_pixels(x, spec).ravel().tolist() == [0, 255, 0, 128]


def test_vectors_come_back_in_their_units():
    spec = DataSpec(kind="vector", shape=(2,), center=(5.0, -1.0), spread=(2.0, 0.5))
    values = np.array([[7.0, -1.5], [5.0, -1.0]], np.float32)
    x = from_pixels(values, spec)
    assert x.tolist() == [[1.0, -1.0], [0.0, 0.0]]
    assert np.allclose(to_pixels(x, spec), values)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_sees_the_same_batch(records):
    here, there = (batch_at(records, seed=0, round=1, batch=9, device=device) for device in ("cpu", "cuda"))
    assert all(torch.equal(value, getattr(there, name).cpu()) for name, value in vars(here).items())
