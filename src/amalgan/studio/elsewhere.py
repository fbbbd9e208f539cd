"""Runs that were begun in a terminal: which process is at them, and how it is asked to pause.

    RUN/.lock ─► processes of this user that hold it (/proc) ─► is it ``amalgan train``? ─► SIGTERM, which saves first

A number of a process is never trusted for long: it is held by a handle (pidfd), and asked again what it is and what it
holds, before the signal goes to the handle. Where there is no /proc, nothing is found and nothing is signaled.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from amalgan.core import locks
from amalgan.studio.refusals import Taken

PROC = Path("/proc")
MOST_WORDS = 1 << 20
"""Bytes of a command line that are read."""


def pause(run: Path, name: str) -> None:
    """Ask the process that trains into ``run`` to stop; it saves its state first.

    Raises:
        Taken: there is no process of this user's that could be asked, or it is no ``amalgan train``.
    """
    held = list(holders(run / locks.NAME))
    if not held:
        raise Taken(
            f"{name} is held by no process of yours on this machine; pause it where it was started, by Ctrl-C."
        )
    for process in held:
        if not is_training(process):
            raise Taken(
                f"process {process} is at {name}, and it is no amalgan train, so it is left alone; "
                "end it where it was started."
            )
    for process in held:
        ask(process, run / locks.NAME)


def ask(process: int, lock: Path) -> None:
    """Send SIGTERM to a process, if it still is what it was."""
    with suppress(ProcessLookupError, PermissionError):
        handle = os.pidfd_open(process)
        try:
            if process in holders(lock) and is_training(process):
                signal.pidfd_send_signal(handle, signal.SIGTERM)
        finally:
            os.close(handle)


def holders(lock: Path) -> Iterator[int]:
    """Yield the processes of this user that hold the file ``lock`` for themselves."""
    try:
        wanted = os.lstat(lock)
        numbers = [int(one) for one in os.listdir(PROC) if one.isdecimal()]
    except OSError:
        return
    for process in numbers:
        with suppress(OSError):
            if os.stat(PROC / str(process)).st_uid == os.getuid() and holds(process, wanted):
                yield process


def holds(process: int, wanted: os.stat_result) -> bool:
    """Whether a process itself has taken the lock of a file, and not only inherited it."""
    for handle in os.listdir(PROC / str(process) / "fd"):
        with suppress(OSError):
            if not os.path.samestat(os.stat(PROC / str(process) / "fd" / handle), wanted):
                continue
            facts = (PROC / str(process) / "fdinfo" / handle).read_text(encoding="utf-8")
            own = [line.split() for line in facts.splitlines() if line.startswith("lock:")]
            if any("FLOCK" in words and "WRITE" in words and str(process) in words for words in own):
                return True
    return False


def is_training(process: int) -> bool:
    """Whether the command line of a process is that of ``amalgan train``."""
    try:
        with (PROC / str(process) / "cmdline").open("rb") as file:
            words = file.read(MOST_WORDS).decode("utf-8", "replace").split("\0")
    except OSError:
        return False
    return any(Path(word).name == "amalgan" and after == "train" for word, after in pairwise(words))
