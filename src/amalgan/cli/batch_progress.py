"""How far a batch is: a live line where there is a terminal, a plain one every ten seconds where there is none."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from amalgan.cli.output import say

PLAIN_SECONDS = 10.0


class Sized(Protocol):
    """A chunk of examples."""

    def __len__(self) -> int: ...


S = TypeVar("S", bound=Sized)


@dataclass
class Pace:
    """Counts what is done and says what is left."""

    console: Console
    progress: Progress
    task: TaskID
    what: str
    of: int
    done: int
    first: int
    started_at: float
    shown_at: float

    def follow(self, chunks: Iterable[S]) -> Iterator[S]:
        """``chunks``, counted as they pass."""
        for chunk in chunks:
            yield chunk
            self.advance(len(chunk))

    def advance(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        now = time.monotonic()
        if self.console.is_terminal:
            self.progress.update(self.task, completed=self.done)
        elif now - self.shown_at > PLAIN_SECONDS:
            self.shown_at = now
            speed = (self.done - self.first) / max(now - self.started_at, 1e-6)
            left = (self.of - self.done) / max(speed, 1e-6)
            say(
                self.console, f"{self.what}: {self.done:,} of {self.of:,}, {speed:,.0f}/s, {left:,.0f} s left"
            )


@contextmanager
def pace(console: Console, what: str, of: int, done: int = 0) -> Iterator[Pace]:
    """Show how far ``what`` is, beginning at ``done`` of ``of``."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f} ·"),
        TimeRemainingColumn(compact=True),
    )
    if done and done < of:
        say(console, f"{what}: going on at {done:,} of {of:,}")
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with progress:
        task, now = progress.add_task(what, total=of, completed=done), time.monotonic()
        yield Pace(console, progress, task, what, of, done, done, now, now)
