"""Says what a run is doing, every ten seconds at least, where there is no terminal that shows it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from rich.console import Console

from amalgan.training.ledger import Ledger

PROGRESS_SECONDS, SILENT_SECONDS = 6.0, 9.0
"""After so much silence a round says how far training is; where no round ends for longer, the work is named instead,
so that a line is out within ten seconds."""


@dataclass
class Narrator:
    """Everything that a run says goes through here, so that it is known when something was said last."""

    console: Console
    ledger: Ledger
    spoken_at: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """One line to the user; names of files are no markup."""
        self.spoken_at = time.monotonic()
        self.console.print(text, highlight=False, soft_wrap=True, markup=False)

    def silent(self, seconds: float) -> bool:
        """Whether nothing was said for longer than this."""
        return time.monotonic() - self.spoken_at > seconds

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Within the block work that says nothing itself is named again and again."""
        over = Event()
        thread = Thread(target=self.speak, args=(over,), daemon=True)
        if not self.console.is_terminal:
            thread.start()
        try:
            yield
        finally:
            over.set()
            if thread.ident is not None:
                thread.join()

    def speak(self, over: Event) -> None:
        """Name the present work after each silence, until it is over."""
        while not over.wait(0.5):
            if self.silent(SILENT_SECONDS):
                self.say(self.ledger.now)
