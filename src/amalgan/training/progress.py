"""Progress on stderr: a live line where there is a terminal, plain lines where there is none."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from amalgan.training.loop import Report
from amalgan.training.state import TrainState

PLAIN_SECONDS = 10.0
SMOOTHING = 0.05


@dataclass
class Show:
    """A hook that shows images, speed, remaining time and losses."""

    console: Console
    progress: Progress
    task: TaskID
    total_images: int
    started_at: float
    first_images: int
    shown_at: float
    smooth: dict[str, float]

    @classmethod
    @contextmanager
    def on(cls, console: Console, *, images: int, of: int) -> Iterator[Show]:
        """Show progress on ``console`` within the block, from ``images`` of ``of``."""
        columns = (
            TextColumn("[bold]training"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} images · {task.fields[speed]:.0f}/s ·"),
            TimeRemainingColumn(compact=True),
            TextColumn("· {task.fields[losses]}"),
        )
        progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        with progress:
            task = progress.add_task("training", total=of, completed=images, speed=0.0, losses="")
            now = time.monotonic()
            yield cls(console, progress, task, of, now, images, now, {})

    def __call__(self, state: TrainState, report: Report) -> None:
        for name, value in report.items():
            self.smooth[name] = self.smooth.get(name, value) * (1 - SMOOTHING) + value * SMOOTHING
        now = time.monotonic()
        speed = (state.images - self.first_images) / max(now - self.started_at, 1e-6)
        if self.console.is_terminal:
            self.progress.update(self.task, completed=state.images, speed=speed, losses=self.losses(4))
        elif now - self.shown_at > PLAIN_SECONDS:
            self.shown_at = now
            left = (self.total_images - state.images) / max(speed, 1e-6)
            self.console.print(
                f"{state.images:,}/{self.total_images:,} images · {speed:.0f}/s · {left:.0f} s left · {self.losses(8)}",
                highlight=False,
                soft_wrap=True,
            )

    def losses(self, most: int) -> str:
        """The smoothed terms, named."""
        plain = Counter(name.split("/")[-1] for name in self.smooth)
        return " ".join(
            f"{name if plain[short] > 1 else short} {value:.3g}"
            for name, value in list(self.smooth.items())[:most]
            for short in [name.split("/")[-1]]
        )

    def tell(self, sentence: str) -> None:
        """One line above the progress."""
        self.console.print(sentence, highlight=False, soft_wrap=True, markup=False)
