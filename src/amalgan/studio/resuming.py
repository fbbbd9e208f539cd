"""A run goes on that was begun in a terminal, from its own plan; a process of its own, started by the studio.

    RUN/run.json ─► the same settings, seed and budget ─► --resume ─► as the run that never stopped
                                             └─ or: its model is published as it is now

The plan is checked as any configuration is, and the state against the plan: what differs is refused by name.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from amalgan.config.train_options import TrainOptions
from amalgan.core import locks
from amalgan.studio.answering import run_and_answer
from amalgan.studio.training import END
from amalgan.training.events import EventName, Teller
from amalgan.training.recorded import recorded_options
from amalgan.training.run import execute
from amalgan.training.state import TrainState

STOPPED = "stopped in the studio"
MOST_SECONDS = 120.0
"""That a process has for saving its state."""


class Ending(Teller):
    """Ends a run as soon as it has begun."""

    def note(self, name: EventName, state: TrainState, *more: Any, **facts: Any) -> None:
        """Remember an event; at the first one, training is over."""
        super().note(name, state, *more, **facts)
        if name == "started":
            state.stop = STOPPED


def resume(arguments: list[str]) -> dict[str, Any]:
    """Go on with a run: RUN, DATA, whether it goes on or ends."""
    run, data, how = arguments
    wait_for(Path(run) / locks.NAME)
    options = options_of(Path(run), data)
    result = execute(options, Console(stderr=True), teller=Ending() if how == END else None)
    return asdict(result) | {"model": str(result.model)}


def wait_for(lock: Path) -> None:
    """Wait until whoever was asked to pause has saved and gone; what stays is then refused by name."""
    until = time.monotonic() + MOST_SECONDS
    while locks.is_held(lock) and time.monotonic() < until:
        time.sleep(0.1)


def options_of(run: Path, data: str) -> TrainOptions:
    """Return what a run was asked for, but for its budget: a run that goes on has it in its plan and state.

    Raises:
        ConfigError: the plan is none.
        UsageError: there is no plan, or its system is of a plugin; go on with it in a terminal.
    """
    return replace(recorded_options(run), data=data, out=run, resume=True, images=None)


if __name__ == "__main__":
    sys.exit(run_and_answer(resume))
