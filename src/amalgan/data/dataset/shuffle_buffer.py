"""The order of an epoch where archives are read in sequence: through a shuffle buffer of a stated size.

    archives ─► in random order, one after the other ─► sequence ─► buffer ─► order

The record at place p of the sequence gets the key p + size * u, with u uniform in [0, 1); the order is that of keys.
So a record moves by fewer than ``size`` places, and who reads the sequence holds at most ``size`` records that were
read and not drawn yet. The first records of an epoch are drawn before the buffer is full, so an epoch begins at once.

The order is a function of (archives, seed, epoch, size) alone, as that of a whole shuffle is: a state keeps no place in
it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.core import randomness

Rows = NDArray[np.int64]


class Epoch(NamedTuple):
    """One epoch of N records."""

    order: Rows
    """(N,) records as they are drawn."""
    sequence: Rows
    """(N,) records as they are read."""
    read: Rows
    """(N,) how many of ``sequence`` have been read when each of ``order`` is drawn."""
    size: int
    """Of the buffer."""
    places: Rows
    """(N,) the place in the order of each of ``sequence``."""

    def upcoming(self, start: int, stop: int) -> Rows:
        """Records that must have been read before place ``stop`` of the order, but for those drawn before ``start``.

        They come as they are read, beside their places in the order: (n, 2).
        """
        if stop <= start:
            return np.zeros((0, 2), np.int64)
        within = slice(max(0, start - self.size), int(self.read[stop - 1]))
        both = np.stack([self.sequence[within], self.places[within]], axis=1)
        return both[both[:, 1] >= start]


@lru_cache(maxsize=4)  # this epoch and the next, of all records and of the labeled ones
def epoch_of(ends: tuple[int, ...], seed: int, epoch: int, size: int) -> Epoch:
    """The epoch number ``epoch`` of the records of archives, of which each ends where ``ends`` says.

    Args:
        ends: of archives, rising; the last one is the number of records.
        size: records in the buffer, 1 or more.
    """
    generator = torch.Generator().manual_seed(randomness.key(seed, "shuffle buffer", epoch))
    sequence = _joined(ends, torch.randperm(len(ends), generator=generator).tolist())
    moved = size * torch.rand(len(sequence), dtype=torch.float64, generator=generator).numpy()
    keys = np.arange(len(sequence)) + moved
    order = np.argsort(keys, kind="stable")
    read = np.minimum(keys[order].astype(np.int64) + 1, len(sequence))
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return Epoch(sequence[order], sequence, read, size, places)


def _joined(ends: tuple[int, ...], numbers: list[int]) -> Rows:
    """The records of archives, in the order of ``numbers``."""
    starts = (0, *ends[:-1])
    return np.concatenate([np.arange(starts[number], ends[number]) for number in numbers])
