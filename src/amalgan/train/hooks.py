"""What happens beside training: saving, logging, showing. The loop knows none of it."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from amalgan import files
from amalgan.errors import Interrupted
from amalgan.train.loop import Report
from amalgan.train.processes import Processes
from amalgan.train.state import TrainState

SAVE_SECONDS = 15.0


@dataclass
class Signals:
    """Remembers that the user or the system asked us to stop."""

    number: int = 0

    @classmethod
    @contextmanager
    def caught(cls) -> Iterator[Signals]:
        """Within the block SIGINT and SIGTERM are remembered instead of obeyed."""
        signals = cls()
        handled = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, signals.remember) for number in handled]
        try:
            yield signals
        finally:
            for number, handler in zip(handled, before, strict=True):
                signal.signal(number, handler)

    def remember(self, number: int, frame: FrameType | None) -> None:
        """Signal handler."""
        self.number = number


@dataclass
class Save:
    """Saves the state at least every 15 seconds and at signals, then leaves on a signal."""

    write: Callable[[TrainState], None]
    signals: Signals
    processes: Processes
    saved_at: float = field(default_factory=time.monotonic)

    def __call__(self, state: TrainState, report: Report) -> None:
        asked = self.processes.any(bool(self.signals.number))
        if asked or time.monotonic() - self.saved_at > SAVE_SECONDS * 0.8:
            self.write(state)
            self.saved_at = time.monotonic()
        if asked:
            number = self.signals.number or int(signal.SIGTERM)
            raise Interrupted(
                f"stopped by {signal.Signals(number).name} at {state.images:,} images; the state is saved. "
                "Go on with --resume.",
                number,
            )


@dataclass
class Log:
    """Appends one JSON line every ``every`` rounds: images, seconds, terms and notes averaged over the rounds."""

    target: Path
    every: int
    started_at: float = field(default_factory=time.monotonic)
    sums: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, state: TrainState, report: Report) -> None:
        for name, value in report.items():
            self.sums.setdefault(name, []).append(value)
        if state.round % self.every == 0:
            means = {name: sum(values) / len(values) for name, values in self.sums.items()}
            line = {
                "round": state.round,
                "images": state.images,
                "seconds": time.monotonic() - self.started_at,
            }
            files.append_line(self.target, json.dumps(line | means))
            self.sums = {}


@dataclass
class Periodic:
    """Calls ``action`` whenever another ``every_images`` pictures were drawn."""

    action: Callable[[TrainState], None]
    every_images: int

    def __call__(self, state: TrainState, report: Report) -> None:
        before = state.images - (state.images // state.round)
        if state.images // self.every_images > before // self.every_images:
            self.action(state)
