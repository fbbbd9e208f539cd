"""The batch of a round, from the round's number alone.

    round, batch ─► positions round * batch ... of an endless stream ─► epoch, place = divmod(position, N)
                                                                         └► shuffle(seed, epoch)[place]

Each epoch is a shuffle of all records, or one through a buffer for archives that are read in sequence
(``shuffle_buffer``), so every one is seen once an epoch, also where an epoch ends inside a batch. A process takes its
own slice of the global batch. Nothing is remembered between rounds: a run that stopped goes on with the batch it would
have had. Examples that have no decoded copy are decoded on threads while the rounds before are computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core import randomness
from amalgan.core.errors import DataError
from amalgan.core.types import Batch
from amalgan.data.dataset.records import Records
from amalgan.data.dataset.shuffle_buffer import epoch_of
from amalgan.kinds import kind_of

AHEAD = 2
"""Rounds whose examples are decoded, where they are on no disk, while this one is computed."""
READ_AHEAD = 4
"""Rounds after these whose files are read, where archives are read in sequence."""
NEAR = 256
"""Records that lie in a few row groups."""
RESIDENT_BYTES = 1 << 30
"""Bytes up to this size move to an accelerator as a whole, once; of floats it would gain little."""


def batch_at(
    records: Records,
    *,
    seed: int,
    round: int,
    batch: int,
    rank: int = 0,
    world: int = 1,
    device: str | torch.device = "cpu",
) -> Batch:
    """This process's slice of the global ``batch`` of ``round``.

    Raises:
        DataError: there is nothing to draw from.
    """
    if not len(records):
        raise DataError("there are no records to draw a batch from; give a data set with training pictures")
    share = (batch * rank // world, batch * (rank + 1) // world)

    def rows_of(round: int) -> NDArray[np.int64]:
        start, stop = (round * batch + edge for edge in share)
        return drawn_rows(records, seed=seed, start=start, stop=stop)

    rows = rows_of(round)
    x = _examples(records, rows, torch.device(device))
    if records.store.is_catalog:
        for later in range(round + 1, round + 1 + AHEAD):
            records.expect(rows_of(later))
        read_ahead(records, seed=seed, round=round + 1 + AHEAD, batch=batch, share=share)
    return Batch(x, torch.from_numpy(records.labels[rows]).to(device), torch.from_numpy(rows).to(device))


def drawn_rows(records: Records, *, seed: int, start: int, stop: int) -> NDArray[np.int64]:
    """Positions ``start`` to ``stop`` of the endless stream of ``records``, shuffled whole or in a buffer."""
    size = records.shuffle_buffer
    if size is None:
        return stream_rows(len(records), seed=seed, start=start, stop=stop)
    ends = records.archive_ends
    parts = [
        epoch_of(ends, seed, epoch, size).order[a:b] for epoch, a, b in parts_of(len(records), start, stop)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def stream_rows(count: int, *, seed: int, start: int, stop: int) -> NDArray[np.int64]:
    """Positions ``start`` to ``stop`` of the endless stream of ``count`` records, each epoch shuffled as a whole."""
    parts = [shuffle(count, seed, epoch)[a:b] for epoch, a, b in parts_of(count, start, stop)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def parts_of(count: int, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Epochs of ``count`` records that positions ``start`` to ``stop`` fall into, and which places of each."""
    for epoch in range(start // count, -(-stop // count)):
        yield epoch, max(start - epoch * count, 0), min(stop - epoch * count, count)


def read_ahead(records: Records, *, seed: int, round: int, batch: int, share: tuple[int, int]) -> None:
    """Begin to read what ``round`` and the next ones need, archive by archive; nothing without a shuffle buffer.

    Args:
        share: first and last position of each ``batch`` that this process draws; others read the rest.
    """
    if (size := records.shuffle_buffer) is None:
        return
    count = len(records)
    for number, first, last in parts_of(count, round * batch, (round + READ_AHEAD) * batch):
        rows, places = epoch_of(records.archive_ends, seed, number, size).upcoming(first, last).T
        within = (places + number * count) % batch
        records.read_ahead(rows[(within >= share[0]) & (within < share[1])])


def in_sequence(records: Records, *, seed: int) -> NDArray[np.int64]:
    """All records, archives in random order, shuffled among NEAR neighbors alone: for those who read them once."""
    return epoch_of(records.archive_ends, seed, 0, NEAR).order


@lru_cache(maxsize=4)  # this epoch and the next, of all records and of the labeled ones
def shuffle(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of the records in one epoch."""
    generator = torch.Generator().manual_seed(randomness.key(seed, "epoch", epoch))
    order: NDArray[np.int64] = torch.randperm(count, generator=generator).numpy()
    return order


def _examples(records: Records, rows: NDArray[np.int64], device: torch.device) -> Tensor:
    pixels = records.store.pixels
    if (
        device.type == "cpu"
        or records.store.is_catalog
        or pixels.dtype != np.uint8
        or pixels.nbytes > RESIDENT_BYTES
    ):
        return records.take(rows).to(device)
    resident = _resident(records, str(device))
    return kind_of(records.spec).from_stored(resident[torch.from_numpy(rows).to(device)], records.spec)


@lru_cache(maxsize=2)
def _resident(records: Records, device: str) -> Tensor:
    return torch.from_numpy(records.pixels(slice(None))).to(device)
