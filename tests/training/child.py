"""A run in a process of its own, for tests that kill it or start it twice: child.py FOLDER SYSTEM OUT [...]."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from amalgan.core.errors import AmalganError
from amalgan.training import hooks, job, loop
from amalgan.training.events import Event, Teller
from workshop import Workshop


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("system")
    parser.add_argument("out")
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--events", action="store_true")
    asked = parser.parse_args()
    hooks.SAVE_SECONDS, hooks.SAVE_SHARE, hooks.MOST_BYTES_A_DAY = 0.0, math.inf, math.inf
    job.LOG_ROUNDS = 1
    whole = loop.take_round

    def slowly(*args: Any, **named: Any) -> loop.Report:
        time.sleep(asked.pause)
        return whole(*args, **named)

    loop.take_round = slowly
    workshop = Workshop(asked.folder, pytest.MonkeyPatch(), Console(stderr=True))
    try:
        order = workshop.order(asked.system, asked.out, resume=asked.resume, precision=asked.precision)
        if asked.minutes:
            order = replace(order, minutes=asked.minutes, images=None)
        workshop.run(order, teller=Teller([told] if asked.events else []))
    except AmalganError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    left = [thread for thread in Path("/proc/self/task").glob("*/comm") if "gloo" in thread.read_text()]
    assert not left, "threads of gloo that outlive the interpreter abort it"


def told(event: Event) -> None:
    """Print what a callback hears, and in which process."""
    print(f"process {os.environ.get('RANK')} hears {event.name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
