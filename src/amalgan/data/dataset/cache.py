"""Where decoded data stays between runs.

    key (source, request) ─► ROOT/store-DIGEST ── there and sound ─► open it
                                    ▲        └── else: .part-RANDOM ─► build ─► os.replace ─► open it
                                    └── the least recently used go when all are larger than the cap

ROOT is --cache, else $XDG_CACHE_HOME/amalgan, else ~/.cache/amalgan. The cap is 20 GiB or $AMALGAN_CACHE_GIB; it holds
for each store alone too (``room``). Of several processes that want the same store one builds it, and the others wait;
on a disk without locks each builds it, and the first to finish wins. A store in use that is removed stays readable
until its reader ends.

What is removed has the content of a store: the facts that it was written with, or, while it is built, the mark that its
builder keeps locked as long as it lives. Only files that a store has are removed of it. Anything else stays, whatever
its name, and links are not followed.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from amalgan.core import locks
from amalgan.core.cache_cap import cap_bytes
from amalgan.core.errors import FileError
from amalgan.core.files import remove_within, sync, write_text
from amalgan.core.ownership import json_at
from amalgan.data.dataset.store import FILES, Decoder, Store, open_store

BUILDING = ".amalgan-building"
MARK = "a store of amalgan's, being built\n"


def cached(
    key: str, folder: str | None, build: Callable[[Path], None], decoder: Decoder | None = None
) -> Store:
    """The store of ``key``, or with a ``decoder`` the catalog; ``build`` writes it where there is no sound one.

    Raises:
        FileError: the cache folder cannot be written.
    """
    root, target = _place_of(key, folder)
    if (found := _reopened(target, decoder)) is not None:
        return found
    try:
        with locks.waited_for(_lock_of(target)):
            return _reopened(target, decoder) or _built(root, target, build, decoder)
    except OSError as error:
        raise _unwritable(root, error) from error


def there(key: str, folder: str | None, decoder: Decoder | None = None) -> Store | None:
    """The store of ``key`` if it is there and sound; with a ``decoder``, the catalog."""
    return _reopened(_place_of(key, folder)[1], decoder)


@contextmanager
def being_built(key: str, folder: str | None) -> Iterator[Path]:
    """Yield a folder to write the store of ``key`` into; it is published in the end, and goes on any error.

    Raises:
        FileError: the cache folder cannot be written.
    """
    root, target = _place_of(key, folder)
    part = root / f".part-{secrets.token_hex(8)}"
    try:
        with _building(part):
            yield part
            _publish(part, target)
    except OSError as error:
        raise _unwritable(root, error) from error
    trim(root, keep=target)


def _place_of(key: str, folder: str | None) -> tuple[Path, Path]:
    """The cache folder, and where in it the store of ``key`` lies."""
    root = cache_root(folder)
    name = blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return root, root / f"store-{name}"


def _unwritable(root: Path, error: OSError) -> FileError:
    return FileError(
        f"cannot write the cache in {root}: {error.strerror or error}. "
        "Free space, or choose another folder with --cache."
    )


def _lock_of(target: Path) -> Path:
    """What whoever builds the store ``target`` holds."""
    return target.with_name(f".{target.name}{locks.NAME}")


def _built(root: Path, target: Path, build: Callable[[Path], None], decoder: Decoder | None) -> Store:
    """The store ``target``, written by ``build``."""
    part = root / f".part-{secrets.token_hex(8)}"
    with _building(part):
        build(part)
        _publish(part, target)
    trim(root, keep=target)
    return open_store(target, decoder)


@contextmanager
def _building(part: Path) -> Iterator[None]:
    """A folder to build in; its mark is locked as long as its builder lives, and what is left goes in the end."""
    part.mkdir()
    handle = None
    try:
        write_text(part / BUILDING, MARK)
        handle = locks.taken(part / BUILDING)
        yield
    finally:
        _remove_files(part)
        if handle is not None:
            os.close(handle)


def cache_root(folder: str | None) -> Path:
    """The cache folder, made if need be; one among the temporary files where the user's own cannot be written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if folder is None and not Path(home).is_absolute():  # a user without a home: "~" stays as it is
        return _temporary_root()
    root = Path(folder) if folder is not None else Path(home) / "amalgan"
    reason = _why_unwritable(root)
    if reason and folder is None:
        return _temporary_root()
    return _writable(root, reason)


def _temporary_root() -> Path:
    """A cache folder among the temporary files; a link that somebody else may have put there is not followed."""
    root = Path(tempfile.gettempdir()) / f"amalgan-{os.getuid()}"
    return _writable(root, "it is a link" if root.is_symlink() else _why_unwritable(root))


def _writable(root: Path, reason: str | None) -> Path:
    """``root``, where there is no ``reason`` against it."""
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


def _reopened(target: Path, decoder: Decoder | None = None) -> Store | None:
    if not target.is_dir():
        return None
    try:
        store = open_store(target, decoder)
        with suppress(OSError):  # a cache that can only be read is still a cache
            os.utime(target)
        return store
    except FileError:
        _remove(target)
        if target.exists():
            raise FileError(
                f"{target} is where the cache of this data goes, and amalgan did not write it. It is left as it is. "
                "Move it away, or choose another folder with --cache."
            ) from None
        return None


def _publish(part: Path, target: Path) -> None:
    """Make ``part`` visible as ``target``; the mark of its builder goes just before."""
    with suppress(OSError):
        (part / BUILDING).unlink()
    sync(part)
    try:
        os.replace(part, target)
    except OSError:
        if not target.is_dir():  # else another process was first, and its store is as good
            raise
    sync(target.parent)


def _remove(target: Path) -> None:
    """Take a store away at once, then delete it."""
    if not _is_store(target):
        return
    doomed = target.parent / f".part-{secrets.token_hex(8)}"
    with suppress(OSError):
        os.replace(target, doomed)
        _remove_files(doomed)


def _remove_files(folder: Path) -> None:
    """Remove the files of a store and its mark, and the folder where it is empty then."""
    with suppress(OSError):
        remove_within(folder, proof=lambda file: file.parent == folder and file.name in {*FILES, BUILDING})


def _is_store(folder: Path) -> bool:
    """Whether a folder, and no link to one, has the facts that a store is written with, damaged or not."""
    facts = json_at(folder / "facts.json")
    if not folder.is_symlink() and {"format", "count", "digest"} <= facts.keys():
        return True
    return not folder.is_symlink() and _holds_only_parts(folder)


def _holds_only_parts(folder: Path) -> bool:
    """Whether there is nothing in a folder but most of the files of a store: its facts are damaged."""
    with suppress(OSError):
        names = set(os.listdir(folder))
        return names <= {*FILES} and len(names) > len(FILES) // 2
    return False


def _is_stray(folder: Path) -> bool:
    """Whether it was being built by a process that is gone."""
    mark = folder / BUILDING
    with suppress(OSError):
        if (
            folder.is_symlink()
            or mark.is_symlink()
            or mark.read_text(encoding="utf-8", errors="replace") != MARK
        ):
            return False
        handle = locks.taken(mark)
        if handle is not None:
            os.close(handle)
        return handle is not None
    return False


def trim(root: Path, *, keep: Path) -> None:
    """Remove the least recently used stores beyond the cap, and what crashed runs left behind."""
    for stray in filter(_is_stray, root.glob(".part-*")):
        _remove_files(stray)
    for lock in root.glob(f".store-*{locks.NAME}"):
        locks.remove_free(lock)
    cap = cap_bytes()
    ours = (path for path in root.glob("store-*") if path != keep and _is_store(path))
    stores = sorted(ours, key=_used_at, reverse=True)
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
