"""Random numbers that are a function of (seed, purpose, round, position in the global batch).

    (seed, purpose, round) ── BLAKE2b ──► 63-bit key ──► generator ──► numbers for the global batch ──► our rows

Nothing here, and nothing in a loss, touches a global generator. A rank or a micro-batch draws the numbers of
the whole global batch and keeps its own rows, so one process, several processes and micro-batches see equal
noise, and a run that stopped and went on sees what the run that never stopped saw. Numbers are drawn on the CPU,
then moved: a GPU sees the same ones.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Generator, Tensor

T = TypeVar("T")


def key(*parts: str | int) -> int:
    """Hash ``parts`` to an integer in [0, 2^63): equal parts, equal key, on every machine."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


@dataclass(frozen=True, kw_only=True)
class Draws:
    """The random numbers of one round, for some rows of its global batch.

    Each ``purpose`` is a stream of its own: asking for one never changes another. Asking twice for the same
    purpose in one round gives the same numbers.
    """

    seed: int
    round: int
    total: int
    """Rows of the global batch."""
    start: int = 0
    """First of our rows."""
    count: int | None = None
    """How many rows are ours; all from ``start`` when None."""
    device: str = "cpu"
    among: tuple[int, ...] | None = None
    """Which of our rows are meant; all of them when None."""
    temperature: float = 1.0
    """Deviation of normal numbers: below 1 what is made of them is more typical and varies less."""

    @property
    def rows(self) -> slice:
        """Our rows within the global batch."""
        return slice(self.start, self.total if self.count is None else self.start + self.count)

    @property
    def positions(self) -> Tensor:
        """Where our rows stand in the global batch, int64 (rows,), on the CPU."""
        return self._chosen(torch.arange(self.total))

    def narrow(self, start: int, count: int) -> Draws:
        """The same streams for ``count`` of our rows from ``start`` (a micro-batch)."""
        return replace(self, start=self.start + start, count=count)

    def some(self, rows: Tensor) -> Draws:
        """The same streams for some of our rows: what is drawn for them does not change."""
        return replace(self, among=tuple(rows.tolist()))

    def generator(self, purpose: str) -> Generator:
        """A fresh CPU generator at the start of the stream ``purpose``."""
        return Generator().manual_seed(key(self.seed, purpose, self.round))

    def normal(self, purpose: str, *shape: int) -> Tensor:
        """Normal numbers of mean 0 and deviation ``temperature``, float32 (rows, *shape)."""
        standard = torch.randn(self.total, *shape, generator=self.generator(purpose))
        return self._ours(float(self.temperature) * standard)

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), float32 (rows, *shape)."""
        return self._ours(torch.rand(self.total, *shape, generator=self.generator(purpose)))

    def integers(self, purpose: str, below: int, *shape: int) -> Tensor:
        """Uniform integers in [0, below), int64 (rows, *shape)."""
        return self._ours(torch.randint(below, (self.total, *shape), generator=self.generator(purpose)))

    def _ours(self, numbers: Tensor) -> Tensor:
        return self._chosen(numbers).to(self.device)

    def _chosen(self, numbers: Tensor) -> Tensor:
        ours = numbers[self.rows]
        return ours if self.among is None else ours[list(self.among)]


def build_seeded(build: Callable[[], T], seed: int) -> T:
    """What ``build`` returns when torch's global generator, which initializes weights, starts from ``seed``.

    The generator is put back as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


@contextmanager
def generators_kept() -> Iterator[None]:
    """Put the global generators of Python, NumPy and torch back as the caller had them; also a decorator.

    Layers draw from torch's when they are made, also where their weights are read from a file afterwards.
    """
    python, numpy = random.getstate(), np.random.get_state()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
