"""Processes that amalgan starts run its own code and that of its dependencies, and nothing else.

    python -P -c "run a module" SOURCE MODULE ARGUMENTS      no working folder on the path, as python -m would put there
    PYTHONPATH without entries that are the working folder, a temporary folder, or relative

A folder of downloaded data may hold a torch.py. A process may be started to outlive its parent: then it writes to new
files, and holds a lock for as long as it lives, so that whoever comes later knows whether it does.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from amalgan.core.launchers import is_of_launcher

SOURCE = str(Path(__file__).resolve().parents[2])
"""Where this package is imported from, whatever folder that is."""
RUN = (
    "import sys; del sys.argv[0]; sys.path.append(sys.argv.pop(0)); import runpy; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)
START = ("-P", "-c", RUN, SOURCE)
"""What follows the interpreter; then come the module and its arguments."""


def environment() -> dict[str, str]:
    """The environment of a process that we start: as ours, but for places that code may be planted in.

    It works alone, whichever launcher has started us.
    """
    kept = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if is_trusted(place)]
    changed = {"PYTHONPATH": os.pathsep.join(kept)}
    given = dict(os.environ) | changed
    return {name: value for name, value in given.items() if value and not is_of_launcher(name)}


def is_trusted(place: str) -> bool:
    """Whether code may be imported from ``place``: it is given as a whole, and not where data and downloads lie."""
    if not os.path.isabs(place):
        return False
    full = os.path.realpath(place)
    return full == SOURCE or full not in untrusted()


def untrusted() -> set[str]:
    """The working folder, and the folders for temporary files."""
    return {os.path.realpath(one) for one in (os.curdir, tempfile.gettempdir(), "/tmp", "/var/tmp")}


def start_detached(
    module: str, arguments: Sequence[str], *, answer: Path, said: Path, alive: Path, folder: Path
) -> subprocess.Popen[bytes]:
    """Start ``module`` in a session of its own, which the end of this process does not end.

    Args:
        answer: new file for what it writes to stdout.
        said: new file for what it writes to stderr.
        alive: file that it holds locked as long as it lives (``locks.is_held``).
        folder: its working folder.

    Raises:
        OSError: one of the files is there already, or the disk or the system refuses.
    """
    with ExitStack() as stack:
        lock = os.open(alive, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o644)
        stack.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        out, err = (stack.enter_context(open(place, "xb")) for place in (answer, said))
        return subprocess.Popen(
            [sys.executable, *START, module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=environment(),
            pass_fds=(lock,),
            start_new_session=True,
        )
