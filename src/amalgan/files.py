"""Every write of amalgan passes through here.

    bytes ──► .NAME.RANDOM.part beside the target ──► fsync ──► os.replace ──► fsync of the folder

A reader therefore sees the old file or the new one, never half of one; a crash leaves at most a ``.part`` file,
which the next write to the same target removes. Append-only logs are the one exception: a line is one write.
"""

from __future__ import annotations

import glob
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amalgan.errors import FileError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; on success it becomes ``target``, on any error it is removed.

    Raises:
        FileError: the folder cannot be made or the file cannot be written; says why.
    """
    target = Path(target)
    part = target.parent / f".{target.name[:80]}.{secrets.token_hex(4)}.part"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for stray in target.parent.glob(f".{glob.escape(target.name[:80])}.*.part"):
            stray.unlink(missing_ok=True)
        try:
            yield part
            sync(part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
        sync(target.parent)
    except OSError as error:
        raise FileError(
            f"cannot write {target}: {error.strerror or error}. Free space or choose another --out."
        ) from error


def write_bytes(target: Path, data: bytes) -> None:
    """Write ``data`` to ``target``, whole or not at all."""
    with replacing(target) as part:
        part.write_bytes(data)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 ``text`` to ``target``, whole or not at all."""
    write_bytes(target, text.encode())


def write_json(target: Path, data: Any) -> None:
    """Write ``data`` as indented JSON; NaN and infinities are refused, since JSON has none."""
    write_text(target, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def append_line(target: Path, line: str) -> None:
    """Append one line to a log in a single write."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "ab", buffering=0) as log:
            log.write(line.encode() + b"\n")
    except OSError as error:
        raise FileError(
            f"cannot append to {target}: {error.strerror or error}. Free space or choose another --out."
        ) from error


def sync(path: Path) -> None:
    """Ask the disk to keep ``path`` (a file or a folder)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
