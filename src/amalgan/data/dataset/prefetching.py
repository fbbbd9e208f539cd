"""Work on threads that is begun before anybody asks for its result.

    expect: rows ─► threads ─► results that wait          take: rows ─► those that wait, others at once, in their order

What was expected and never taken is forgotten, so that what waits has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Generic, TypeVar

from amalgan.core.environment import cores

T = TypeVar("T")
CALLS_KEPT = 8
"""Calls of ``expect`` after which a result is let go that none of them named: those of two rounds or more."""


class Prefetched(Generic[T]):
    """Results of ``work`` on rows, some of them begun before they are asked for; one thread expects and takes."""

    def __init__(self, work: Callable[[int], T], threads: int | None = None) -> None:
        self.work, self.threads = work, threads or cores()
        self.waiting: dict[int, Future[T]] = {}
        self.named: dict[int, int] = {}
        """The last call that named each row."""
        self.calls = 0

    @cached_property
    def pool(self) -> ThreadPoolExecutor:
        """The threads; none before there is work."""
        return ThreadPoolExecutor(self.threads)

    def expect(self, rows: Sequence[int]) -> None:
        """Begin to work on ``rows``, in their order; what was expected long ago is forgotten."""
        self.calls += 1
        for row in rows:
            self.named[row] = self.calls
            if row not in self.waiting:
                self.waiting[row] = self.pool.submit(self.work, row)
        if self.calls % CALLS_KEPT == 0:
            self._forget()

    def take(self, rows: Sequence[int]) -> list[T]:
        """The results for ``rows``, in their order; what ``work`` raises is raised here."""
        found = [self._let_go(row) or self.pool.submit(self.work, row) for row in rows]
        return [future.result() for future in found]

    def expected(self, row: int) -> T | None:
        """The result for ``row``, if it was expected; for other threads than the one that expects."""
        future = self._let_go(row)
        return None if future is None else future.result()

    def _let_go(self, row: int) -> Future[T] | None:
        return self.waiting.pop(row, None)  # at once: threads that decode take from it too

    def _forget(self) -> None:
        for row in [row for row, call in self.named.items() if call <= self.calls - CALLS_KEPT]:
            del self.named[row]
            if future := self._let_go(row):
                future.cancel()
