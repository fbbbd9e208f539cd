"""CPU seconds of training alone: what is measured or written in between does not count.

start ─► spent() … paused(): sample, save … spent()          one thread, so CPU seconds are seconds of work
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Counts this process's CPU seconds from its making."""

    def __init__(self) -> None:
        self.started_at = time.process_time()
        self.left_out = 0.0

    def spent(self) -> float:
        """CPU seconds so far, without the pauses."""
        return time.process_time() - self.started_at - self.left_out

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What happens within does not count."""
        before = time.process_time()
        yield
        self.left_out += time.process_time() - before
