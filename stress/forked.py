"""Work in processes of its own, forked after the imports: a case costs milliseconds.

parent (imports only, never a backward pass) ── fork ──► child: work() ─► answer.json ─► exit code
"""

from __future__ import annotations

import json
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from amalgan.core.errors import AmalganError

Work = Callable[[], Any]


def start(work: Work, answer: Path | None = None, variables: Mapping[str, str] | None = None) -> int:
    """Fork a child that does ``work`` and writes what it returns to ``answer`` as JSON; return its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.environ.update(variables or {})
        found = work()
        if answer is not None:
            answer.write_text(json.dumps(found))
        code = 0
    except AmalganError as error:
        code = error.exit_code
        os.write(2, f"{error}\n".encode())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def code_of(child: int) -> int | None:
    """The exit code of ``child``, minus the signal's number where one killed it; None while it lives."""
    gone, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if gone else None


def ended(child: int, seconds: float) -> int | None:
    """The exit code of ``child``; None if it did not end in time and was killed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (code := code_of(child)) is not None:
            return code
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def result(work: Work, scratch: Path, *, seconds: float = 120) -> Any:
    """What ``work`` returns, worked out in a child.

    Raises:
        RuntimeError: the child crashed, or took too long.
    """
    answer = scratch / f"answer-{os.getpid()}-{time.monotonic_ns()}.json"
    code = ended(start(work, answer), seconds)
    if code != 0:
        raise RuntimeError(f"a child ended with {code}")
    return json.loads(answer.read_text())


def ranks(work: Work, world: int, port: int) -> Sequence[int]:
    """Fork ``world`` children that find one another as torchrun's do, and do the same ``work``."""
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(world)}
    return [
        start(work, variables=where | {"RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(world)
    ]
