"""A tar archive of a picture folder, or a shard of WebDataset, read in place: nothing is unpacked to disk.

    header · bytes · header · bytes ─► names · offsets · sizes ─► read one entry

    cat/1.png  cat/2.png                     a folder: classes are folders, label files are read
    000.jpg 000.cls  001.jpg 001.json        WebDataset: what has one key is one example, .cls and .json say its class

The headers are read by the standard library, one at a time, and kept as arrays. Only regular files are pictures: links,
devices and what is stored in pieces are named as bad. A declared size is held against the archive's own.
"""

from __future__ import annotations

import json
import tarfile
from array import array
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import Names, shown
from amalgan.data.decoding.formats import is_picture
from amalgan.data.readers.folders import MOST_FILE_BYTES, is_junk_path
from amalgan.data.readers.path_labels import folder_around
from amalgan.data.readers.sources import Row, file_key

REGULAR, OTHER = 0, 1
SAID = (b"cls", b"json")
"""What WebDataset calls the texts that say the class of an example (by index, and as a row)."""
BLOCK = 512
MOST_SAID = 1 << 20
"""Bytes of a text on one example."""
CUT_OFF = "the archive was cut off. Download it again."


class Entry(NamedTuple):
    """One file of an archive."""

    name: bytes
    kind: int
    offset: int
    size: int


class Index(NamedTuple):
    """The files of an archive that are read as pictures, in the order of their paths, and what is said of them."""

    names: Names
    columns: tuple[NDArray[np.int64], ...]
    """Kind, offset, size."""
    order: NDArray[np.int64]
    wrapper: int
    """Bytes of the folder name that every path starts with."""
    ignored: int
    said: dict[bytes, dict[bytes, Entry]]
    """WebDataset: by key, the texts on an example."""


class Tar:
    """The pictures in a tar archive."""

    def __init__(self, path: Path) -> None:
        self.file, self.name, self.key = path, shown(path.name), f"tar {file_key(path)}"

    @cached_property
    def index(self) -> Index:
        """Read when first needed: what was decoded before needs no index."""
        return _index(list(_entries(self.file, self.name)))

    @property
    def around(self) -> bytes:
        """The folders that hold everything, which ``path`` leaves out."""
        return self.index.names[0][: self.index.wrapper] if len(self) else b""

    @property
    def ignored(self) -> int:
        """Files that only an operating system cares about."""
        return self.index.ignored

    def __len__(self) -> int:
        return len(self.index.names)

    def path(self, row: int) -> bytes:
        """Path within the archive, without a folder that holds everything."""
        return self._name(row)[self.index.wrapper :]

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The picture's bytes, or the first ``limit``.

        Raises:
            BadPicture: it is no regular file, or too large, or its path leaves the archive.
        """
        place = int(self.index.order[row])
        kind, offset, size = (int(column[place]) for column in self.index.columns)
        name = self.index.names[place]
        if kind != REGULAR:
            raise BadPicture(
                "is a link, a device or stored in pieces. Make the archive of the files themselves"
            )
        if size > MOST_FILE_BYTES:
            raise BadPicture(f"declares {size >> 20} MiB; the most is {MOST_FILE_BYTES >> 20}. Scale it down")
        if name.startswith(b"/") or b".." in name.split(b"/"):
            raise BadPicture("has a path that leaves the archive. Make the archive again")
        return self._bytes(offset, size if limit is None else min(size, limit))

    def rows(self) -> list[Row]:
        """What shards of WebDataset say of each picture; empty rows for another archive."""
        said = self.index.said
        return [self._said(said.get(key_of(self._name(row)), {})) for row in range(len(self) if said else 0)]

    def _name(self, row: int) -> bytes:
        return self.index.names[int(self.index.order[row])]

    def _said(self, texts: dict[bytes, Entry]) -> Row:
        found: Row = {}
        if b"json" in texts:
            with suppress(ValueError, RecursionError):
                said = json.loads(self._text(texts[b"json"]))
                found |= said if isinstance(said, dict) else {}
        if b"cls" in texts:
            found["label"] = self._text(texts[b"cls"]).decode("utf-8", "replace").strip()
        return found

    def _text(self, entry: Entry) -> bytes:
        return self._bytes(entry.offset, min(entry.size, MOST_SAID))

    def _bytes(self, offset: int, size: int) -> bytes:
        try:
            with self.file.open("rb") as file:
                file.seek(offset)
                found = file.read(size)
        except OSError as error:
            raise BadPicture(f"cannot be read: {error.strerror or error}. Check the archive") from error
        if len(found) < size:
            raise BadPicture(f"ends early: {CUT_OFF.rstrip('.')}")
        return found


def is_tar(start: bytes) -> bool:
    """Whether a file that begins with these 512 bytes is a tar archive that is not compressed."""
    with suppress(tarfile.TarError):
        return len(start) >= 512 and bool(
            tarfile.TarInfo.frombuf(start[:512], "utf-8", "surrogateescape").name
        )
    return False


def key_of(path: bytes) -> bytes:
    """What WebDataset calls the key of a file: its path up to the first dot of its name."""
    folder, slash, name = path.rpartition(b"/")
    return folder + slash + name.partition(b".")[0]


def _entries(path: Path, name: str) -> Iterator[Entry]:
    """Every file of an archive, and the links and devices among them.

    Raises:
        DataError: it is damaged.
    """
    total = path.stat().st_size
    try:
        with path.open("rb") as file, closing(tarfile.open(fileobj=file, mode="r:", errorlevel=2)) as archive:
            at = -1
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # it keeps all of them: a kilobyte each
                if member.offset_data <= at or member.size < 0:
                    raise DataError(f"{name} has a damaged header. Make or download it again.")
                at = member.offset_data
                if member.isreg() and not member.issparse() and at + member.size > total:
                    raise DataError(f"{name} holds less than it declares: {CUT_OFF}")
                if not member.isdir():
                    yield _entry(member)
            file.seek(archive.offset)
            if file.read(BLOCK).strip(b"\0"):  # the library takes a damaged header for the end
                raise DataError(f"{name} has a damaged header, or {CUT_OFF}")
    except (tarfile.TarError, OSError, MemoryError, OverflowError, ValueError) as error:
        raise DataError(f"{name} is a damaged tar archive: {error}. Make or download it again.") from error


def _entry(member: tarfile.TarInfo) -> Entry:
    path = member.name.encode("utf-8", "surrogateescape").removeprefix(b"./")
    regular = member.isreg() and not member.issparse()
    return Entry(path, REGULAR if regular else OTHER, member.offset_data, member.size)


def _index(entries: list[Entry]) -> Index:
    good = [entry for entry in entries if not is_junk_path(entry.name)]
    ignored, said = len(entries) - len(good), _said(good)
    kept = good if not said else list(_of_examples(good))
    columns = tuple(
        np.frombuffer(array("q", column), np.int64) for column in list(zip(*kept, strict=True))[1:]
    )
    names = Names.of(entry.name for entry in kept)
    wrapper = len(folder_around(entry.name for entry in kept))
    return Index(names, columns, names.order(), wrapper, ignored, said)


def _ending(path: bytes) -> bytes:
    return path.rpartition(b".")[2].lower()


def _said(entries: list[Entry]) -> dict[bytes, dict[bytes, Entry]]:
    """The texts on single examples, where most pictures have one: then it is a shard of WebDataset."""
    found: dict[bytes, dict[bytes, Entry]] = {}
    pictures = {key_of(entry.name) for entry in entries if is_picture(entry.name)}
    for entry in entries:
        if (
            (ending := _ending(entry.name)) in SAID
            and entry.kind == REGULAR
            and key_of(entry.name) in pictures
        ):
            found.setdefault(key_of(entry.name), {})[ending] = entry
    return found if 2 * len(found) > len(pictures) else {}


def _of_examples(entries: list[Entry]) -> Iterator[Entry]:
    """The first picture of each key; what else an example of WebDataset holds is none."""
    seen = set[bytes]()
    for entry in entries:
        key = key_of(entry.name)
        if is_picture(entry.name) and key not in seen:
            seen.add(key)
            yield entry
