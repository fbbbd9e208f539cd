"""From a source to a store or a catalog, once.

Pictures ─► read_pictures ─► decode each file ─────────────┬─► StoreWriter ─► store
Arrays   ─► read_arrays ───► copy blocks, or fit each one ─┘
                                    └─► skipped (name, reason), modes, classes: the store's facts
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from amalgan.core.shards import WHOLE, Shard
from amalgan.data.dataset.read_arrays import read_arrays
from amalgan.data.dataset.read_pictures import read_pictures
from amalgan.data.dataset.store_writer import StoreWriter, Take
from amalgan.data.decoding.layout import Request
from amalgan.data.decoding.ordered import Progress
from amalgan.data.readers.sources import Arrays, Source


def read_source(source: Source, request: Request, folder: Path, progress: Progress | None = None) -> None:
    """Write the store of ``source`` into ``folder``.

    Raises:
        DataError: the source as a whole is unreadable; a bad file or row among others is only listed.
    """
    for _ in passing(source, request, folder, progress=progress):
        pass


def passing(
    source: Source,
    request: Request,
    folder: Path,
    *,
    shard: Shard = WHOLE,
    take: Take | None = None,
    progress: Progress | None = None,
) -> Iterator[None]:
    """Write the same bit by bit, and yield between; or the catalog of a part, whose pixels ``take`` is given."""
    begin = partial(StoreWriter, folder, take=take)
    with warnings.catch_warnings():  # decoders warn of what is reported as skipped here, or was mended
        warnings.simplefilter("ignore")
        if isinstance(source, Arrays):
            yield from read_arrays(source, request, begin, shard, progress)
        else:
            yield from read_pictures(source, request, begin, shard, progress)
