"""A folder of pictures, some of them, or one picture file.

    folder ─► every file below it (no links to folders), or a choice ─► paths in order ─► read: regular files only

A file is opened without waiting (a FIFO would), looked at once open (so it cannot be exchanged in between),
and a link is followed only to a place inside the folder, unless the folder's owner asks for more. Files that only an
operating system cares about are passed over, and so is what amalgan augment leaves beside its pictures.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import Names, shown
from amalgan.data.readers.sources import file_key, state_of

MOST_FILE_BYTES = 1 << 28
DEEPEST = 64
JUNK = frozenset({b"thumbs.db", b"desktop.ini", b"ehthumbs.db"})
BESIDE = frozenset({b"augment.json", b"verdict.json", b"verdict.html"})
"""What amalgan augment writes into the folder of its pictures; its manifest.csv is a label file like any other."""
JUNK_FOLDERS = frozenset({b"__macosx", b"@eadir", b"$recycle.bin"})
LEAVES = "is a link that leaves the folder. Copy the file itself, or give --follow-links"
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


def is_junk(name: bytes) -> bool:
    """Hidden files, and what macOS, Windows and amalgan leave in folders."""
    return name.startswith(b".") or name.lower() in JUNK | BESIDE


def is_junk_folder(name: bytes) -> bool:
    """Hidden folders, and those that archivers and servers add."""
    hidden = name.startswith(b".") and name != b".."
    return hidden or name.lower() in JUNK_FOLDERS


def is_junk_path(path: bytes) -> bool:
    """Return whether a file is junk by its name, or by a folder that it lies in."""
    *folders, name = path.split(b"/")
    return is_junk(name) or any(map(is_junk_folder, folders))


class Choice(Protocol):
    """Some of the files below a folder, by their paths."""

    def takes(self, path: bytes) -> bool:
        """Whether a file is one of them."""

    def enters(self, folder: bytes) -> bool:
        """Whether some of them may lie below a folder."""


@dataclass
class _Walk:
    """A walk through a folder: what it met, and a sum over it that does not depend on the order."""

    root: bytes
    follow_links: bool = False
    choice: Choice | None = None
    ignored: int = 0
    state: int = 0
    empty: list[bytes] = field(default_factory=list)
    """Folders in which no file was met, with their slashes; not those inside of them."""

    def files(
        self, folder: bytes = b"", depth: int = 0, above: frozenset[bytes] = frozenset()
    ) -> Iterator[bytes]:
        """Paths below ``folder``, relative to the root; ``above`` are the folders around it, without links."""
        try:
            entries = os.scandir(os.path.join(self.root, folder))
        except OSError:
            if not folder:
                raise
            yield folder.rstrip(b"/")  # reading it will say why
            return
        here = above | {os.path.realpath(os.path.join(self.root, folder))} if self.follow_links else above
        with entries:
            for entry in entries:
                path = folder + entry.name
                if self._is_folder(entry, here):
                    if self.choice is not None and not self.choice.enters(path):
                        continue
                    if is_junk_folder(entry.name) or depth >= DEEPEST:
                        self.ignored += 1
                    else:
                        yield from self.inner(path + b"/", depth + 1, here)
                elif self.choice is not None and not self.choice.takes(path):
                    continue
                elif is_junk(entry.name):
                    self.ignored += 1
                else:
                    self.count(path, entry)
                    yield path

    def inner(self, folder: bytes, depth: int, above: frozenset[bytes]) -> Iterator[bytes]:
        """Paths below a folder that is inside; it is noted where there are none."""
        met, before = False, len(self.empty)
        for path in self.files(folder, depth, above):
            met = True
            yield path
        if not met and self.choice is None:
            self.empty[before:] = [folder]  # those that were noted on the way lie in it

    def named(self, paths: Iterable[bytes]) -> Iterator[bytes]:
        """These ``paths``, without a walk."""
        for path in paths:
            self.count(path, Path(os.fsdecode(os.path.join(self.root, path))))
            yield path

    def _is_folder(self, entry: os.DirEntry[bytes], around: frozenset[bytes]) -> bool:
        """Whether to look into it; a link to a folder is followed if that is asked for, and never in a circle."""
        if entry.is_dir(follow_symlinks=False):
            return True
        linked = self.follow_links and entry.is_symlink() and entry.is_dir()
        return linked and os.path.realpath(os.path.join(self.root, entry.path)) not in around

    def count(self, path: bytes, entry: os.DirEntry[bytes] | Path) -> None:
        """Add a file to the sum."""
        text = path
        for follow in (True, False):  # a link may lead nowhere, and a file be gone by now
            with suppress(OSError):
                found = entry.stat(follow_symlinks=follow)
                text = b"%s\0%s" % (path, state_of(found).encode())
                break
        self.state = (self.state + int.from_bytes(blake2b(text, digest_size=16).digest(), "little")) % 2**128


class Folder:
    """The pictures below a folder: all of them, those of a ``choice``, or ``only`` those of these paths."""

    def __init__(
        self,
        root: Path,
        only: Iterable[bytes] | None = None,
        *,
        follow_links: bool = False,
        choice: Choice | None = None,
    ) -> None:
        self.root, self.follow_links = os.fsencode(os.path.realpath(root)), follow_links
        self.name = shown(os.path.basename(self.root))
        walk = _Walk(self.root, follow_links, choice)
        names = Names.of(walk.files() if only is None else walk.named(only))
        self._names, self._order = names, names.order()
        self.ignored, self.empty = walk.ignored, sorted(walk.empty)
        empty = f" {len(walk.empty)} empty" if walk.empty else ""
        links = " links" if follow_links else ""
        self.key = f"folder {os.fsdecode(self.root)} {len(names)} {walk.ignored} {walk.state:x}{empty}{links}"

    def __len__(self) -> int:
        return len(self._names)

    def path(self, row: int) -> bytes:
        """Path within the folder."""
        return self._names[int(self._order[row])]

    def place(self, path: bytes) -> Path:
        """Where a file of it lies.

        Raises:
            BadPicture: it is a link that leaves the folder.
        """
        goal = os.path.realpath(os.path.join(self.root, path))
        if self._leaves(goal):
            raise BadPicture(f"{shown(path)} {LEAVES}")
        return Path(os.fsdecode(os.path.join(self.root, path)))

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The file's bytes, or the first ``limit``.

        Raises:
            BadPicture: it is gone, no regular file, outside the folder, or too large.
        """
        try:
            return _read(self._open(self.path(row)), limit)
        except OSError as error:
            raise BadPicture(f"cannot be read: {error.strerror or error}. Check that it is there") from error

    def _open(self, path: bytes) -> int:
        place = os.path.join(self.root, path)
        try:
            return os.open(place, _OPEN | _NOFOLLOW)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
        goal = os.path.realpath(place)
        if self._leaves(goal):
            raise BadPicture(LEAVES)
        return os.open(goal, _OPEN | _NOFOLLOW)

    def _leaves(self, goal: bytes) -> bool:
        """Return whether the path ``goal``, to which a link leads, must not be followed out of the folder."""
        return not self.follow_links and not goal.startswith(self.root.rstrip(b"/") + b"/")


def _read(handle: int, limit: int | None) -> bytes:
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise BadPicture("is not a regular file (a folder, pipe or device)")
        if found.st_size > MOST_FILE_BYTES:
            raise BadPicture(
                f"has {found.st_size >> 20} MiB; the most is {MOST_FILE_BYTES >> 20}. Scale it down"
            )
        return file.read(MOST_FILE_BYTES if limit is None else limit)


def one_file(path: Path) -> Folder:
    """The source of a single picture file."""
    source = Folder(path.resolve().parent, [os.fsencode(path.resolve().name)])
    source.name, source.key = shown(path.resolve().name), f"file {file_key(path)}"
    return source
