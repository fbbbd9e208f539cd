"""Try one hostile input: it may be read or refused by an error of ours, in little time and memory, and nothing else."""

from __future__ import annotations

import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from amalgan.core.errors import AmalganError

MOST_SECONDS = 2.0
"""Of computing, for one input."""
MOST_SHOWN = 20


class Hang(BaseException):
    """Too long for one input. No ``Exception``, so that nobody takes it for a bad picture."""


@dataclass
class Tally:
    """What became of many inputs."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    faults: int = 0
    broken: list[str] = field(default_factory=list)

    def trying(self, what: str, attempt: Callable[[], Any], own: type[AmalganError] = AmalganError) -> None:
        """Do ``attempt``; anything but a result or an error of the type ``own`` is a fault."""
        started_at = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        try:
            attempt()
            self.read += 1
        except own:
            self.refused += 1
        except BaseException as error:
            self.fault(f"{what}: {type(error).__name__}: {str(error)[:200]}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        self.slowest = max(self.slowest, time.process_time() - started_at)

    def fault(self, case: str) -> None:
        """Count a fault; the first ones are kept."""
        self.faults += 1
        if len(self.broken) < MOST_SHOWN:
            self.broken.append(case)

    @property
    def tried(self) -> int:
        """How many inputs."""
        return self.read + self.refused + self.faults


@contextmanager
def bounded(mebibytes: int) -> Iterator[None]:
    """Within the block the process gets so much more memory, and what computes too long is ended by ``Hang``."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {MOST_SECONDS:g} s")

    before, handler = resource.getrlimit(resource.RLIMIT_AS), signal.signal(signal.SIGPROF, late)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (mebibytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGPROF, handler)


def mutant(data: bytes, draw: random.Random) -> bytes:
    """``data`` with one to four changes of some kind that damage or malice would make."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at, size = draw.randrange(len(changed) + 1), draw.randint(1, 8)
        kind = draw.randrange(6)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            changed[at : at + size] = draw.randbytes(size)
        elif kind == 2:
            changed[at : at + size] = draw.choice((b"\0", b"\xff", b"\x7f")) * size
        elif kind == 3:
            del changed[at : at + size]
        elif kind == 4:
            changed[at:at] = changed[at : at + 8 * size]
        elif draw.random() < 0.3:
            del changed[at:]
    return bytes(changed)
