"""What happens beside training: saving, logging, showing. The loop knows none of it."""

from __future__ import annotations

import json
import math
import signal
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

from amalgan.config.run import RunConfig
from amalgan.core import files
from amalgan.core.errors import Interrupted
from amalgan.core.json_schema import fitting
from amalgan.training.loop import Report
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

SAVE_SECONDS = 12.0
"""Between two saves, where these are cheap."""
SAVE_SHARE = 0.02
"""Of the time, what saving may take."""
MOST_BYTES_A_DAY, DAY = 250e9, 86_400


@dataclass
class Signals:
    """Remembers that the user or the system asked us to stop.

    Asked so are SIGINT and SIGTERM; SIGHUP (the terminal is gone), unless ``nohup`` has it ignored; SIGUSR1, which
    schedulers send some time before a job's end.
    """

    number: int = 0
    deferred: bool = False
    """Whether a signal is only remembered, since somebody looks after every round."""

    @classmethod
    @contextmanager
    def caught(cls) -> Iterator[Signals]:
        """Within the block signals to stop become ``Interrupted``. Threads other than the main one catch none."""
        signals = cls()
        handled = stopping() if current_thread() is main_thread() else ()
        before = [signal.signal(number, signals.receive) for number in handled]
        try:
            yield signals
        except KeyboardInterrupt:
            number = signals.number or int(signal.SIGINT)
            raise Interrupted(
                f"stopped by {signal.Signals(number).name}; what was saved before is kept. Go on with --resume.",
                number,
            ) from None
        finally:
            for number, handler in zip(handled, before, strict=True):
                signal.signal(number, handler)

    @contextmanager
    def remembered(self) -> Iterator[None]:
        """Within the block signals wait for ``Save``, which saves first; one that came after its last look counts."""
        self.deferred = True
        try:
            yield
        finally:
            self.deferred = False
        if self.number:
            raise KeyboardInterrupt

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Signal handler. What it raises is no ``Exception``, so that nobody takes it for a bad picture."""
        self.number = number
        if not self.deferred:
            raise KeyboardInterrupt


def stopping() -> tuple[int, ...]:
    """The signals that ask to stop, but for those that the user has us ignore."""
    more = (signal.SIGHUP, signal.SIGUSR1) if hasattr(signal, "SIGHUP") else ()
    heard = [number for number in more if signal.getsignal(number) == signal.SIG_DFL]
    return (signal.SIGINT, signal.SIGTERM, *heard)


@dataclass
class Save:
    """Saves the state every 12 seconds and at signals, then leaves on a signal.

    Where a save is dear it is made less often: saving takes at most a fiftieth of the time, and writes at most 250 GB a
    day.
    """

    write: Callable[[TrainState], None]
    signals: Signals
    processes: Processes
    size: Callable[[], int] = lambda: 0
    """Bytes of what was saved last."""
    clock: Callable[[], float] = time.monotonic
    saved_at: float | None = None
    interval: float = field(default_factory=lambda: SAVE_SECONDS)
    """Seconds to the next save."""

    def __call__(self, state: TrainState, report: Report) -> None:
        asked = self.processes.highest(self.signals.number)
        self.saved_at = self.clock() if self.saved_at is None else self.saved_at
        if asked or self.clock() - self.saved_at > self.interval:
            self.save(state)
        if asked:
            raise Interrupted(
                f"stopped by {signal.Signals(asked).name} at {state.images:,} images; the state is saved. "
                "Go on with --resume.",
                asked,
            )

    def save(self, state: TrainState) -> None:
        """Save, and let what that took tell when to save again."""
        started_at = self.clock()
        self.write(state)
        self.saved_at = self.clock()
        took = self.saved_at - started_at
        self.interval = max(SAVE_SECONDS, took / SAVE_SHARE, self.size() * DAY / MOST_BYTES_A_DAY)


@dataclass
class Log:
    """Appends one JSON line every ``every`` rounds: images, seconds, terms and notes averaged over the rounds.

    The first round has a line of its own, so that whoever watches sees at once that training runs.
    """

    target: Path
    every: int
    on_report: Callable[[TrainState, Report], None] = lambda state, facts: None
    """Is called after each line."""
    started_at: float = field(default_factory=time.monotonic)

    def __call__(self, state: TrainState, report: Report) -> None:
        for name, value in report.items():
            state.unlogged.setdefault(name, []).append(value)
        if state.round % self.every == 0 or state.round == 1:
            facts = {name: sum(values) / len(values) for name, values in state.unlogged.items()}
            self.append(state, facts)
            state.unlogged = {}
            self.on_report(state, facts)

    def append(self, state: TrainState, facts: dict[str, float]) -> None:
        """Write one line: where the run is, and ``facts``."""
        line = {
            "round": state.round,
            "images": state.images,
            "seconds": time.monotonic() - self.started_at,
        }
        files.append_line(self.target, json.dumps(line | facts))


def trim(log: Path, round: int) -> None:
    """Drop the lines of ``log`` beyond ``round``, which a resumed run writes again, and any that is cut short."""
    if log.exists():
        whole = [
            line
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
            if round_of(line) <= round
        ]
        files.write_text(log, "".join(f"{line}\n" for line in whole))


def round_of(line: str) -> float:
    """The round that a line of the log tells of; infinity where it is no such line."""
    found = fitting(line, {"round": int})
    return found["round"] if found else math.inf


@dataclass
class Periodic:
    """Calls ``action`` whenever another ``every`` of ``of`` equal parts of training are done."""

    action: Callable[[TrainState], None]
    run: RunConfig
    every: int
    of: int

    def __call__(self, state: TrainState, report: Report) -> None:
        if self.passed(state, state.round) > self.passed(state, state.round - 1):
            self.action(state)

    def passed(self, state: TrainState, round: int) -> int:
        """How many times it is due by ``round``."""
        progress = state.schedule(self.run).progress(round)
        return bisect_right(
            range(1, self.of // self.every + 1), progress, key=lambda time: time * self.every / self.of
        )
