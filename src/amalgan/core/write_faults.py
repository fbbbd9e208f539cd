"""What to do about a write that the system refused: the advice fits the reason.

OSError ─► its number ─► FileError: what was to be written, the system's words, what to do
"""

from __future__ import annotations

import errno
from pathlib import Path

from amalgan.core.errors import FileError

FULL = "Free space or choose another --out."
FORBIDDEN = "Allow writing there or choose another --out."
ADVICE = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.EROFS: FORBIDDEN,
    errno.EEXIST: "A file stands where a folder is needed; choose another --out.",
    errno.ENOTDIR: "A file stands where a folder is needed; choose another --out.",
    errno.EISDIR: "A folder stands where a file is needed; choose another --out.",
    errno.ENAMETOOLONG: "Choose a shorter --out.",
}
"""By the number of the error."""
OTHERWISE = "Check the disk or choose another --out."


def write_fault(place: Path, error: OSError, doing: str = "write") -> FileError:
    """Return the error for a write to ``place`` that failed.

    Args:
        doing: the verb, as in "cannot write" or "cannot append to".
    """
    advice = OTHERWISE if error.errno is None else ADVICE.get(error.errno, OTHERWISE)
    return FileError(f"cannot {doing} {place}: {error.strerror or error}. {advice}")
