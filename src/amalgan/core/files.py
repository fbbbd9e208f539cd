"""Every write of amalgan passes through here.

    bytes ──► .NAME.PID-RANDOM.part beside the target ──► fsync ──► os.replace ──► fsync of the folder

A reader therefore sees the old file or the new one, never half of one; a crash leaves at most a ``.part`` file,
which the next write to the same target removes. Append-only logs are the one exception: a line is one write.

Only what is ours is replaced, appended to or removed: its content proves it (``ownership``), or this process wrote
it a moment ago. Anything else that stands at a target is the user's; it stays as it is and is named in the error. Links
are never followed.
"""

from __future__ import annotations

import errno
import filecmp
import json
import os
import re
import secrets
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from amalgan.core.errors import ForeignFile
from amalgan.core.ownership import is_ours
from amalgan.core.write_faults import write_fault

MOST_NAME = 40
"""Characters of the target's name in that of its part: names may hold 255 bytes, and a character takes up to four."""

MOST_SEARCHED = 1000
"""Entries of the folder among which strays are looked for, so that writing many pictures stays linear."""

MOST_WRITTEN = 1000
"""Files that a process remembers to have written."""

Proof = Callable[[Path], bool]
"""Whether the content of a file proves that amalgan wrote it."""

WRITTEN: OrderedDict[str, tuple[int, int, int]] = OrderedDict()
"""What this process wrote last, by path: inode, time and size tell whether anybody has changed it since."""


@contextmanager
def replacing(
    target: Path, *, previous: Path | None = None, unless_same: bool = False, proof: Proof = is_ours
) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; on success it becomes ``target``, on any error it is removed.

    Args:
        previous: where to keep the file that stood at ``target``; there is one of the two at every moment.
        unless_same: leave a ``target`` that holds just that already as it is.
        proof: tells files of ours, where they bear no mark that ``ownership`` knows.

    Raises:
        ForeignFile: a file of the user's stands at ``target``.
        FileError: the folder cannot be made or the file cannot be written; says why.
    """
    target = Path(target)
    if not unless_same:
        refuse_foreign([target], proof)
    part = part_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_strays(target)
        try:
            yield part
            if unless_same and target.is_file() and filecmp.cmp(part, target, shallow=False):
                return
            sync(part)
            refuse_foreign([target, *([previous] if previous is not None else [])], proof)
            if previous is not None and target.exists():
                keep(target, previous)
                remember(previous)
            os.replace(part, target)
            remember(target)
        finally:
            part.unlink(missing_ok=True)
        sync(target.parent)
    except OSError as error:
        raise write_fault(target, error) from error


def refuse_foreign(targets: Iterable[Path], proof: Proof = is_ours) -> None:
    """Refuse to write where anything stands that is not ours.

    Raises:
        ForeignFile: names the first such file.
    """
    for target in targets:
        if is_foreign(target, proof):
            what = "is a link" if target.is_symlink() else "is there already, and amalgan did not write it"
            raise ForeignFile(f"{target} {what}. It is left as it is. Move it away, or choose another --out.")


def is_foreign(target: Path, proof: Proof = is_ours) -> bool:
    """Whether a link or a file that is not ours stands at ``target``."""
    try:
        found = os.lstat(target)
    except OSError:
        return False
    if stat.S_ISREG(found.st_mode):
        return not (was_written(target) or proof(target))
    return not stat.S_ISDIR(found.st_mode)


def remember(target: Path) -> None:
    """Take note that this process has written ``target``."""
    found, name = os.lstat(target), os.path.abspath(target)
    WRITTEN[name] = (found.st_ino, found.st_mtime_ns, found.st_size)
    WRITTEN.move_to_end(name)
    while len(WRITTEN) > MOST_WRITTEN:
        WRITTEN.popitem(last=False)


def was_written(target: Path) -> bool:
    """Whether ``target`` is as this process has written it."""
    found = os.lstat(target)
    return WRITTEN.get(os.path.abspath(target)) == (found.st_ino, found.st_mtime_ns, found.st_size)


def below(folder: Path, name: str) -> Path:
    """Return the place of ``name`` in ``folder``, to write to.

    Raises:
        ForeignFile: a link on the way from ``folder`` leads elsewhere.
    """
    place = folder / name
    for parent in [one for one in place.parents if folder in one.parents]:
        if parent.is_symlink():
            raise ForeignFile(
                f"{parent} is a link, and links are not followed. Remove it, or choose another --out."
            )
    return place


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
    names = (f"{target.stem}.damaged{more}{target.suffix}" for more in ("", *range(2, MOST_SEARCHED)))
    free = next(place for name in names if not os.path.lexists(place := target.with_name(name)))
    with suppress(FileNotFoundError):
        os.replace(target, free)


def write_bytes(target: Path, data: bytes, *, previous: Path | None = None, proof: Proof = is_ours) -> None:
    """Write ``data`` to ``target``, whole or not at all; ``previous`` and ``proof`` as in ``replacing``."""
    with replacing(target, previous=previous, proof=proof) as part:
        part.write_bytes(data)


def write_changed(target: Path, data: bytes, *, proof: Proof = is_ours) -> bool:
    """Write ``data`` to ``target`` unless it holds just that already; whether anything was written."""
    with suppress(OSError):
        if target.stat().st_size == len(data) and target.read_bytes() == data:
            return False
    write_bytes(target, data, proof=proof)
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


def append(target: Path, data: bytes, *, proof: Proof = is_ours) -> None:
    """Append ``data`` in a single write."""
    refuse_foreign([target], proof)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "ab", buffering=0, opener=unlinked) as log:
            if log.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        remember(target)
    except OSError as error:
        raise write_fault(target, error, "append to") from error


def unlinked(path: str, flags: int) -> int:
    """Open a file as ``open`` does, but no link."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def cut_off(target: Path, size: int, *, proof: Proof = is_ours) -> None:
    """Forget what stands behind the first ``size`` bytes: a record of which the end is missing."""
    refuse_foreign([target], proof)
    with target.open("r+b") as file:
        file.truncate(size)
    remember(target)


def remove(target: Path, *, proof: Proof = is_ours) -> bool:
    """Remove a file of ours; return whether nothing is left of it. What is not ours stays."""
    if is_foreign(target, proof) or target.is_dir():
        return False
    target.unlink(missing_ok=True)
    return True


def remove_within(folder: Path, *, proof: Proof = is_ours) -> list[Path]:
    """Remove what is ours in ``folder``, and the folders that are empty then; return what stays. Follow no link."""
    if folder.is_symlink() or not folder.is_dir():
        return [folder] if os.path.lexists(folder) else []
    left: list[Path] = []
    for one in sorted(folder.iterdir()):
        if one.is_dir() and not one.is_symlink():
            left += remove_within(one, proof=proof)
        elif not remove(one, proof=proof):
            left.append(one)
    with suppress(OSError):
        folder.rmdir()
    return left


def sync(path: Path) -> None:
    """Ask the disk to keep ``path`` (a file or a folder)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
