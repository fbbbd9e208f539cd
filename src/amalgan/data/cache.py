"""Where decoded data stays between runs.

    key (source, request) ─► ROOT/store-DIGEST ── there and sound ─► open it
                                    ▲        └── else: .part-RANDOM ─► build ─► os.replace ─► open it
                                    └── the least recently used go when all are larger than the cap

ROOT is --cache, else $XDG_CACHE_HOME/amalgan, else ~/.cache/amalgan. The cap is 20 GiB or $AMALGAN_CACHE_GIB.
Several processes may build the same store: the first to finish wins, the others use it. A store in use that
is removed stays readable until its reader ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from amalgan.data.store import Store, open_store
from amalgan.environment import number
from amalgan.errors import FileError
from amalgan.files import sync

DEFAULT_GIB = 20.0
STRAY_SECONDS = 24 * 3600


def cached(key: str, folder: str | None, build: Callable[[Path], None]) -> Store:
    """The store of ``key``; ``build`` writes it into a folder where there is none, or a damaged one.

    Raises:
        FileError: the cache folder cannot be written.
    """
    root = cache_root(folder)
    target = root / f"store-{blake2b(key.encode('utf-8', 'surrogateescape'), digest_size=16).hexdigest()}"
    if (found := _reopened(target)) is not None:
        return found
    part = root / f".part-{secrets.token_hex(8)}"
    try:
        part.mkdir()
        build(part)
        _publish(part, target)
    except OSError as error:
        raise FileError(
            f"cannot write the cache in {root}: {error.strerror or error}. "
            "Free space, or choose another folder with --cache."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    trim(root, keep=target)
    return open_store(target)


def cache_root(folder: str | None) -> Path:
    """The cache folder, made if need be; one among the temporary files where the user's own cannot be written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    root = Path(folder) if folder is not None else Path(home) / "amalgan"
    reason = _why_unwritable(root)
    if reason and folder is None:
        root = Path(tempfile.gettempdir()) / f"amalgan-{os.getuid()}"
        reason = _why_unwritable(root)
    if reason:
        raise FileError(f"cannot write the cache in {root}: {reason}. Choose another folder with --cache.")
    return root


def _why_unwritable(root: Path) -> str | None:
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root.stat().st_uid != os.getuid():
            return "it belongs to another user"
    except OSError as error:
        return error.strerror or str(error)
    return None if os.access(root, os.W_OK) else "permission denied"


def _reopened(target: Path) -> Store | None:
    if not target.is_dir():
        return None
    try:
        store = open_store(target)
        with suppress(OSError):  # a cache that can only be read is still a cache
            os.utime(target)
        return store
    except FileError:
        _remove(target)
        return None


def _publish(part: Path, target: Path) -> None:
    sync(part)
    try:
        os.replace(part, target)
    except OSError:
        if not target.is_dir():  # else another process was first, and its store is as good
            raise
    sync(target.parent)


def _remove(target: Path) -> None:
    """Take a store away at once, then delete it."""
    doomed = target.parent / f".part-{secrets.token_hex(8)}"
    with suppress(OSError):
        os.replace(target, doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def trim(root: Path, *, keep: Path) -> None:
    """Remove the least recently used stores beyond the cap, and what crashed runs left behind."""
    for stray in root.glob(".part-*"):
        with suppress(OSError):
            if time.time() - stray.stat().st_mtime > STRAY_SECONDS:
                shutil.rmtree(stray, ignore_errors=True)
    cap = number("AMALGAN_CACHE_GIB", DEFAULT_GIB) * 2**30
    stores = sorted((path for path in root.glob("store-*") if path != keep), key=_used_at, reverse=True)
    total = _size(keep)
    for store in stores:
        total += _size(store)
        if total > cap:
            _remove(store)


def _used_at(store: Path) -> float:
    with suppress(OSError):
        return store.stat().st_mtime
    return 0.0


def _size(store: Path) -> int:
    with suppress(OSError):
        return sum(entry.stat().st_size for entry in os.scandir(store))
    return 0
