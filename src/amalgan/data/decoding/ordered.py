"""Work on threads, results in order, only a little ahead.

    0 1 2 3 ... ─► chunks ─► threads ─► 0 1 2 3 ...      at most a few chunks wait, however many there are

Pillow and zlib release the interpreter while they decode, so that threads are enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from amalgan.core.environment import cores

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Is told how many are done, and of how many."""
CHUNK = 64


def in_order(
    work: Callable[[int], T], count: int, progress: Progress | None = None
) -> Generator[T, None, None]:
    """``work(0)``, ``work(1)`` ... ``work(count - 1)``."""
    for done, results in enumerate(_chunks(work, count), start=1):
        yield from results
        if progress is not None:
            progress(min(done * CHUNK, count), count)


def _chunks(work: Callable[[int], T], count: int) -> Iterator[list[T]]:
    def chunk(start: int) -> list[T]:
        return [work(row) for row in range(start, min(start + CHUNK, count))]

    starts = iter(range(0, count, CHUNK))
    threads = cores()
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[Future[list[T]]] = deque()
        try:
            ahead.extend(pool.submit(chunk, start) for start in islice(starts, 2 * threads))
            while ahead:
                yield ahead.popleft().result()
                ahead.extend(pool.submit(chunk, start) for start in islice(starts, 1))
        finally:  # on an error, and when nobody wants the rest
            for future in ahead:
                future.cancel()


def part_of(progress: Progress | None, part: int, parts: int) -> Progress | None:
    """The progress of one of several passes over the same things."""
    if progress is None:
        return None
    return lambda done, count: progress(part * count + done, parts * count)
