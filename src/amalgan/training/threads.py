"""How many threads torch computes on in a run with --minutes: as many as it would, or one where that is faster.

Threads wait for one another: on a machine whose cores are busy two are many times slower than one
(``benchmarks/threads.py``). The number is kept in the state, since results depend on it in their last digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import torch

TURNS = 3


def faster(act: Callable[[], object], clock: Callable[[], float]) -> int:
    """One thread, or as many as torch takes now: on which ``act`` takes less time, tried in turn."""
    every = torch.get_num_threads()
    if every == 1:
        return 1
    act()
    turns = [(seconds(act, clock, 1), seconds(act, clock, every)) for _ in range(TURNS)]
    return 1 if median(one for one, _ in turns) < median(many for _, many in turns) else every


def seconds(act: Callable[[], object], clock: Callable[[], float], threads: int) -> float:
    """What ``act`` takes on so many threads."""
    with use_threads(threads):
        started_at = clock()
        act()
        return clock() - started_at


@contextmanager
def use_threads(count: int | None) -> Iterator[None]:
    """Within the block torch computes on ``count`` threads; on as many as before where it is None."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
