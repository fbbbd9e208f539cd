"""Shards at addresses, larger together than the disk: each lies here while it is read, and goes when others come.

    address ─► Fetched: len, path, read ─► Depot: is it here? ─ no ─► the least recently used go ─► downloaded ─► read
                                                              └ yes ────────────────────────────────────────────┘

What a shard holds (names, classes) is remembered when it is first here. Its key is the state that its file system
tells, so that nothing is downloaded to know whether it has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import NamedTuple

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import Names
from amalgan.data.readers.sources import Annotated, Arrays, Pictures, Row, Source

Download = Callable[[Path], object]
Open = Callable[[Path], Source]


class Content(NamedTuple):
    """What is remembered of a shard that is not here."""

    names: Names
    rows: list[Row]
    ignored: int


class Depot:
    """A folder with room for some shards.

    Args:
        most_bytes: that its shards may take together.
    """

    def __init__(self, folder: Path, most_bytes: float) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self.here: OrderedDict[Fetched, Pictures] = OrderedDict()
        self.lock = RLock()
        """Who reads a shard keeps it here."""

    def open(self, shard: Fetched) -> Pictures:
        """Return the shard, downloaded if it is not here; the caller holds the lock.

        Raises:
            DataError: it alone is larger than the room, or holds arrays.
        """
        if shard not in self.here:
            self._make_room(shard)
            shard.download(shard.place)
            self.here[shard] = _pictures(shard.name, shard.opened(shard.place))
        self.here.move_to_end(shard)
        return self.here[shard]

    def _make_room(self, shard: Fetched) -> None:
        if shard.size > self.most_bytes:
            raise DataError(
                f"{shard.name} has {shard.size:,} bytes; there is room for {int(self.most_bytes):,}. "
                "Free space, or write smaller shards."
            )
        while self.here and shard.size + sum(one.size for one in self.here) > self.most_bytes:
            gone, _ = self.here.popitem(last=False)
            gone.place.unlink()


class Fetched:
    """The pictures of one shard, wherever it is now."""

    around = b""

    def __init__(
        self, depot: Depot, number: int, name: str, state: str, size: int, download: Download, opened: Open
    ) -> None:
        self.depot, self.name, self.size = depot, name, size
        self.key = f"fetched {name} {state}"
        self.place = depot.folder / f"{number:06d}-{name}"
        self.download, self.opened = download, opened

    @cached_property
    def content(self) -> Content:
        """Names and classes, read when the shard is first here."""
        with self.depot.lock:
            found = self.depot.open(self)
            names = Names.of(found.path(row) for row in range(len(found)))
            return Content(names, found.rows() if isinstance(found, Annotated) else [], found.ignored)

    @property
    def ignored(self) -> int:
        """Files that only an operating system cares about."""
        return self.content.ignored

    def __len__(self) -> int:
        return len(self.content.names)

    def path(self, row: int) -> bytes:
        """Path within the shard."""
        return self.content.names[row]

    def rows(self) -> list[Row]:
        """What the shard says of each picture."""
        return self.content.rows

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The picture's bytes, or the first ``limit``.

        Raises:
            BadPicture: it cannot be read; its shard says why.
        """
        with self.depot.lock:
            try:
                found = self.depot.open(self)
            except DataError as error:
                raise BadPicture(f"lies in a shard that cannot be read: {error}") from error
            return found.read(row, limit)


def _pictures(name: str, source: Source) -> Pictures:
    if isinstance(source, Arrays):
        raise DataError(f"{name} holds arrays; only pictures are read together. Give it alone.")
    return source
