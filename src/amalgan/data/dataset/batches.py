"""The batch of a round, from the round's number alone.

    round, batch ─► positions round * batch ... of an endless stream ─► epoch, place = divmod(position, N)
                                                                         └► shuffle(seed, epoch)[place]

Each epoch is a shuffle of all records, so every one is seen once an epoch, also where an epoch ends inside a
batch. A process takes its own slice of the global batch. Nothing is remembered between rounds: a run that
stopped goes on with the batch it would have had.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core import randomness
from amalgan.core.errors import DataError
from amalgan.core.types import Batch
from amalgan.data.dataset.records import Records
from amalgan.kinds import kind_of

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
    start, stop = (round * batch + batch * part // world for part in (rank, rank + 1))
    rows = stream_rows(len(records), seed=seed, start=start, stop=stop)
    x = _examples(records, rows, torch.device(device))
    return Batch(x, torch.from_numpy(records.labels[rows]).to(device), torch.from_numpy(rows).to(device))


def stream_rows(count: int, *, seed: int, start: int, stop: int) -> NDArray[np.int64]:
    """Positions ``start`` to ``stop`` of the endless shuffled stream of ``count`` records."""
    epochs = range(start // count, -(-stop // count))
    parts = [
        shuffle(count, seed, epoch)[max(start - epoch * count, 0) : min(stop - epoch * count, count)]
        for epoch in epochs
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


@lru_cache(maxsize=4)  # this epoch and the next, of all records and of the labeled ones
def shuffle(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of the records in one epoch."""
    generator = torch.Generator().manual_seed(randomness.key(seed, "epoch", epoch))
    order: NDArray[np.int64] = torch.randperm(count, generator=generator).numpy()
    return order


def _examples(records: Records, rows: NDArray[np.int64], device: torch.device) -> Tensor:
    pixels = records.store.pixels
    if device.type == "cpu" or pixels.dtype != np.uint8 or pixels.nbytes > RESIDENT_BYTES:
        return records.take(rows).to(device)
    resident = _resident(records, str(device))
    return kind_of(records.spec).from_stored(resident[torch.from_numpy(rows).to(device)], records.spec)


@lru_cache(maxsize=2)
def _resident(records: Records, device: str) -> Tensor:
    return torch.from_numpy(records.pixels(slice(None))).to(device)
