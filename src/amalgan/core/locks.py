"""A place to write to is one process's at a time.

    two of us ─► .NAME.lock beside a file, .lock in a folder ─► the first holds it ─► the second is refused

The lock is the kernel's (flock), so a process that is gone holds none, however it ended. The lock file itself is
removed by whoever held it. Where a disk knows no such locks, there are none.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from amalgan.core.errors import FileError
from amalgan.core.write_faults import write_fault

NAME = ".lock"
MOST_NAME = 40
WAIT_SECONDS = 0.1
"""Between two looks at a lock that another process holds."""
UNKNOWN = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
"""What a disk says that has no locks."""


@contextmanager
def hold(*places: Path) -> Iterator[None]:
    """Hold the files ``places``, so that no other process writes there.

    Raises:
        FileError: another process holds one of them, or the folder cannot be written.
    """
    with ExitStack() as stack:
        for place in sorted({place.absolute() for place in places}):
            lock = place.parent / f".{place.name[:MOST_NAME]}{NAME}"
            stack.enter_context(hold_lock(lock, place))
        yield


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold everything in ``folder``, which is made if need be.

    Raises:
        FileError: as ``hold`` does.
    """
    with hold_lock(folder / NAME, folder):
        yield


@contextmanager
def waited_for(lock: Path) -> Iterator[None]:
    """Hold the file ``lock``, once no other process does; its folder is there."""
    while (handle := taken(lock)) is None:
        time.sleep(WAIT_SECONDS)
    try:
        yield
    finally:
        let_go(lock, handle)


def is_held(lock: Path) -> bool:
    """Whether a process holds the file ``lock``, which is never made for the asking; a disk without locks says no."""
    try:
        handle = os.open(lock, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def remove_free(lock: Path) -> None:
    """Remove the file ``lock`` where no process holds it: one that was killed has left it."""
    with suppress(OSError):
        if (handle := taken(lock)) is not None:
            let_go(lock, handle)


def let_go(lock: Path, handle: int) -> None:
    """Remove the file ``lock``, which ``handle`` holds, and hold it no more."""
    with suppress(OSError):
        if os.fstat(handle).st_size == 0:  # else it is somebody's file that was there before
            lock.unlink()
    os.close(handle)


@contextmanager
def hold_lock(lock: Path, place: Path) -> Iterator[None]:
    """Hold the file ``lock`` while ``place`` is written; folders that were made for it go when they stay empty."""
    made = [folder for folder in lock.parents if not folder.exists()]
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = taken(lock)
    except OSError as error:
        raise write_fault(place, error) from error
    try:
        if handle is None:
            raise FileError(
                f"another process of amalgan is writing to {place}. Wait for it, or choose another --out."
            )
        try:
            yield
        finally:
            let_go(lock, handle)
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def taken(lock: Path) -> int | None:
    """A handle of ``lock`` that holds it; None where another process does."""
    while True:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o644)
        if not is_free(handle):
            os.close(handle)
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.lstat(lock)):
                return handle
        os.close(handle)  # whoever held it has just removed it


def is_free(handle: int) -> bool:
    """Whether the lock is ours now, or the disk knows none."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in UNKNOWN:
            raise
    return True
