"""What a run spends its time on, and what it is doing now.

with ledger.doing("settling"): ...      inner work counts for itself alone, so all entries add up to the whole
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Ledger:
    """Seconds by kind of work. ``clock`` is wall time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.examples: Counter[str] = Counter()
        """Examples that each kind of work has seen."""
        self.times: Counter[str] = Counter()
        """Pieces of each kind of work that have ended."""
        self.earlier = 0.0
        """Seconds that the run has spent in earlier processes."""
        self.note = ""
        """How far the present work is, in words."""
        self.open = ["starting"]
        """The present work, innermost last."""
        self.begun_at = self.counted_at = clock()

    @property
    def now(self) -> str:
        """What is being done, and for how long."""
        far = f": {self.note}" if self.note else ""
        return f"{self.open[-1]}{far} ... ({self.clock() - self.begun_at:,.0f} s so far)"

    def count(self) -> None:
        """Book the time since the last call on the present work."""
        now = self.clock()
        self.seconds[self.open[-1]] += now - self.counted_at
        self.counted_at = now

    def spent(self, *, without: str) -> float:
        """Seconds of the run so far, but for one kind of work in this process."""
        self.count()
        return self.earlier + sum(self.seconds.values()) - self.seconds[without]

    @contextmanager
    def doing(self, what: str, examples: int = 0) -> Iterator[None]:
        """Within the block the run does ``what``, with so many examples."""
        self.count()
        self.open.append(what)
        self.note, self.begun_at = "", self.counted_at
        try:
            yield
        finally:
            self.count()
            self.open.pop()
            self.note, self.begun_at = "", self.counted_at
        self.examples[what] += examples
        self.times[what] += 1
