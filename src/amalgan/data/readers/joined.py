"""Several archives or tables as one: shards, in their order.

    train-000.tar  train-001.tar ─► the pictures of the first, then those of the second ...

Where a name begins with that of a split, as data sets on the hub have it, its pictures are of that split.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate

import numpy as np

from amalgan.core.types import ANY, TEST, TRAIN
from amalgan.data.readers.labels import is_text
from amalgan.data.readers.path_labels import split_of
from amalgan.data.readers.sources import Annotated, Pictures, Row

WORDS = {TRAIN: "train", TEST: "test"}
CONTAINERS = (b".zip", b".tar", b".parquet", b".pq")


class Joined:
    """The pictures of several sources."""

    around = b""

    def __init__(self, name: str, shards: Sequence[Pictures]) -> None:
        self.name, self.shards = name, shards
        keys = "\n".join(shard.key for shard in shards)
        self.key = f"joined {blake2b(keys.encode('utf-8', 'surrogateescape'), digest_size=16).hexdigest()}"

    @property
    def ignored(self) -> int:
        """Files that only an operating system cares about."""
        return sum(shard.ignored for shard in self.shards)

    @cached_property
    def ends(self) -> list[int]:
        """The number of pictures up to the end of each shard."""
        return list(accumulate(len(shard) for shard in self.shards))

    def remember(self, ends: list[int]) -> None:
        """Take ``ends`` from where they were noted, so that no shard is opened before it is read."""
        if len(ends) == len(self.shards):
            self.ends = ends

    @cached_property
    def _differ(self) -> bool:
        """Whether no two pictures of different shards are called alike."""
        paths = (shard.path(row) for shard in self.shards for row in range(len(shard)))
        digests = (int.from_bytes(blake2b(path, digest_size=8).digest(), "little") for path in paths)
        return len(np.unique(np.fromiter(digests, np.uint64, len(self)))) == len(self)

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def path(self, row: int) -> bytes:
        """Path within the shard, with the shard's name before its own where another has one like it."""
        shard, inner = self._at(row)
        path = shard.path(inner)
        if self._differ:
            return path
        folder, slash, name = path.rpartition(b"/")
        stem = shard.name.partition(".")[0].encode("utf-8", "surrogateescape")
        return folder + slash + stem + b"-" + name

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The picture's bytes, or the first ``limit``.

        Raises:
            BadPicture: its shard says why.
        """
        shard, inner = self._at(row)
        return shard.read(inner, limit)

    def rows(self) -> list[Row]:
        """What the shards say of each picture, and their split."""
        splits = [_split(shard) for shard in self.shards]
        if TRAIN not in splits or len(set(splits)) == 1:
            splits = [ANY] * len(splits)
        return [row for shard, split in zip(self.shards, splits, strict=True) for row in _rows(shard, split)]

    def _at(self, row: int) -> tuple[Pictures, int]:
        number = bisect_right(self.ends, row)
        return self.shards[number], row - (self.ends[number - 1] if number else 0)


def archives_among(paths: Iterable[bytes]) -> list[bytes]:
    """Return the archives of a folder that holds nothing but archives, and texts beside them; else nothing."""
    archives = []
    for path in paths:
        if path.lower().endswith(CONTAINERS):
            archives.append(path)
        elif not is_text(path):
            return []
    return archives


def _split(shard: Pictures) -> int:
    return split_of(re.split(r"[-_.]", shard.name)[0].encode("utf-8", "surrogateescape"))


def _rows(shard: Pictures, split: int) -> list[Row]:
    said = shard.rows() if isinstance(shard, Annotated) else []
    more = {} if split == ANY else {"split": WORDS.get(split, "validation")}
    said = said or [{}] * len(shard)
    return [more | row for row in said] if more else said
