"""Every write of amalgan passes through here.

    bytes ──► .NAME.PID-RANDOM.part beside the target ──► fsync ──► os.replace ──► fsync of the folder

A reader therefore sees the old file or the new one, never half of one; a crash leaves at most a ``.part`` file,
which the next write to the same target removes. Append-only logs are the one exception: a line is one write.
"""

from __future__ import annotations

import errno
import filecmp
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from amalgan.errors import FileError

MOST_NAME = 40
"""Characters of the target's name in that of its part: names may hold 255 bytes, and a character takes up to four."""

MOST_SEARCHED = 1000
"""Entries of the folder among which strays are looked for, so that writing many pictures stays linear."""


@contextmanager
def replacing(target: Path, *, previous: Path | None = None, unless_same: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; on success it becomes ``target``, on any error it is removed.

    Args:
        previous: where to keep the file that stood at ``target``; there is one of the two at every moment.
        unless_same: leave a ``target`` that holds just that already as it is.

    Raises:
        FileError: the folder cannot be made or the file cannot be written; says why.
    """
    target = Path(target)
    part = part_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_strays(target)
        try:
            yield part
            if unless_same and target.is_file() and filecmp.cmp(part, target, shallow=False):
                return
            sync(part)
            if previous is not None and target.exists():
                keep(target, previous)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
        sync(target.parent)
    except OSError as error:
        raise FileError(
            f"cannot write {target}: {error.strerror or error}. Free space or choose another --out."
        ) from error


def part_of(target: Path) -> Path:
    """A new temporary path beside ``target``."""
    return target.parent / f".{target.name[:MOST_NAME]}.{os.getpid()}-{secrets.token_hex(4)}.part"


def remove_strays(target: Path) -> None:
    """Remove parts of ``target`` that a process left behind when it was killed; leave those of living others."""
    pattern = re.compile(rf"\.{re.escape(target.name[:MOST_NAME])}\.(\d+)-[0-9a-f]{{8}}\.part")
    with os.scandir(target.parent) as entries:
        found = [
            match for entry in islice(entries, MOST_SEARCHED) if (match := pattern.fullmatch(entry.name))
        ]
    for match in found:
        if int(match[1]) == os.getpid() or not alive(int(match[1])):
            (target.parent / match[0]).unlink(missing_ok=True)


def alive(process: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it lives, and is somebody else's
    return True


def keep(target: Path, previous: Path) -> None:
    """Let ``previous`` name the file that ``target`` names; where the disk knows no second names, rename it."""
    remove_strays(previous)
    second = part_of(previous)
    try:
        os.link(target, second)
        os.replace(second, previous)
    except OSError:
        os.replace(target, previous)
    finally:
        with suppress(OSError):
            second.unlink(missing_ok=True)


def set_aside(target: Path) -> None:
    """Rename a damaged ``target`` to NAME.damaged.SUFFIX, for whoever wants to look; another process may be faster."""
    with suppress(FileNotFoundError):
        os.replace(target, target.with_name(f"{target.stem}.damaged{target.suffix}"))


def write_bytes(target: Path, data: bytes, *, previous: Path | None = None) -> None:
    """Write ``data`` to ``target``, whole or not at all; ``previous`` as in ``replacing``."""
    with replacing(target, previous=previous) as part:
        part.write_bytes(data)


def write_changed(target: Path, data: bytes) -> bool:
    """Write ``data`` to ``target`` unless it holds just that already; whether anything was written."""
    with suppress(OSError):
        if target.stat().st_size == len(data) and target.read_bytes() == data:
            return False
    write_bytes(target, data)
    return True


def write_stream(target: Path, blocks: Iterable[bytes]) -> bool:
    """``write_changed`` of what does not fit into memory: ``blocks``, one after the other."""
    before = inode(target)
    with replacing(target, unless_same=True) as part, part.open("wb") as file:
        file.writelines(blocks)
    return inode(target) != before


def inode(path: Path) -> int | None:
    """What tells a file from the one that replaced it."""
    return path.stat().st_ino if path.exists() else None


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 ``text`` to ``target``, whole or not at all."""
    write_bytes(target, text.encode())


def write_json(target: Path, data: Any) -> None:
    """Write ``data`` as indented JSON; NaN and infinities are refused, since JSON has none."""
    write_text(target, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def append_line(target: Path, line: str) -> None:
    """Append one line to a log in a single write."""
    append(target, line.encode() + b"\n")


def append(target: Path, data: bytes) -> None:
    """Append ``data`` in a single write."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "ab", buffering=0) as log:
            if log.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise FileError(
            f"cannot append to {target}: {error.strerror or error}. Free space or choose another --out."
        ) from error


def cut_off(target: Path, size: int) -> None:
    """Forget what stands behind the first ``size`` bytes: a record of which the end is missing."""
    with target.open("r+b") as file:
        file.truncate(size)


def remove(target: Path) -> None:
    """Remove a file, if it is there."""
    target.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Ask the disk to keep ``path`` (a file or a folder)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
