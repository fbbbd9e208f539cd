"""Progress on stderr: a live line where there is a terminal, plain lines where there is none."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from amalgan.config.run import RunConfig
from amalgan.training.loop import Report
from amalgan.training.narration import PROGRESS_SECONDS, Narrator
from amalgan.training.state import TrainState

SMOOTHING = 0.05


@dataclass
class Show:
    """A hook that shows images, speed, remaining time and losses."""

    narrator: Narrator
    run: RunConfig
    left: Callable[[TrainState], float]
    """Seconds until the model is published."""
    progress: Progress
    task: TaskID
    started_at: float
    first_images: int
    smooth: dict[str, float]

    @classmethod
    @contextmanager
    def on(
        cls, narrator: Narrator, run: RunConfig, left: Callable[[TrainState], float], *, images: int
    ) -> Iterator[Show]:
        """Show the progress of ``run`` within the block, from ``images`` on."""
        columns = (
            TextColumn("[bold]training"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} images · {task.fields[speed]:.0f}/s ·"),
            TextColumn("{task.fields[left]} left · {task.fields[losses]}"),
        )
        console = narrator.console
        progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        with progress:
            task = progress.add_task(
                "training", total=run.images, completed=images, speed=0.0, left="", losses=""
            )
            yield cls(narrator, run, left, progress, task, time.monotonic(), images, {})

    def __call__(self, state: TrainState, report: Report) -> None:
        for name, value in report.items():
            self.smooth[name] = self.smooth.get(name, value) * (1 - SMOOTHING) + value * SMOOTHING
        if self.narrator.console.is_terminal:
            self.draw(state)
        elif self.narrator.silent(PROGRESS_SECONDS):
            done, total = f"{state.images:,}", f"{self.total(state):,}"
            self.narrator.say(
                f"{done}/{total} images · {self.speed(state):.0f}/s · {format_duration(self.left(state))} left "
                f"· {self.losses(8)}"
            )

    def draw(self, state: TrainState) -> None:
        """Bring the live line up to date."""
        self.progress.update(
            self.task,
            completed=state.images,
            total=self.total(state),
            speed=self.speed(state),
            left=format_duration(self.left(state)),
            losses=self.losses(4),
        )

    def total(self, state: TrainState) -> int:
        """Images in all, as planned now."""
        return state.schedule(self.run).rounds * self.run.batch

    def speed(self, state: TrainState) -> float:
        """Images a second."""
        return (state.images - self.first_images) / max(time.monotonic() - self.started_at, 1e-6)

    def losses(self, most: int) -> str:
        """The smoothed terms, named."""
        plain = Counter(name.split("/")[-1] for name in self.smooth)
        return " ".join(
            f"{name if plain[short] > 1 else short} {value:.3g}"
            for name, value in list(self.smooth.items())[:most]
            for short in [name.split("/")[-1]]
        )


def format_duration(seconds: float) -> str:
    """A time as people say it; never below 0."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes, hours = whole // 60, whole // 3600
    return f"{minutes} min {whole % 60} s" if hours < 2 else f"{hours} h {minutes % 60} min"
