"""Where amalgan runs: on systems with POSIX locks and signals. Windows has neither."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

NEEDED = ("fcntl", "resource")
REFUSAL = (
    "amalgan does not run on native Windows, which lacks file locks and signals that it needs. Install it in WSL 2 "
    "(Windows Subsystem for Linux), or on Linux or macOS."
)


def require_posix() -> None:
    """Refuse to be imported where the standard library lacks what locks and costs are measured with.

    Raises:
        ImportError: this is not a POSIX system.
        SystemExit: the same where the program ``amalgan`` or ``python -m amalgan`` was started: a sentence alone.
    """
    if sys.platform != "win32" and all(map(find_spec, NEEDED)):
        return
    if Path(sys.argv[0]).stem in ("amalgan", "-m"):
        raise SystemExit(f"amalgan: {REFUSAL}")
    raise ImportError(REFUSAL)
