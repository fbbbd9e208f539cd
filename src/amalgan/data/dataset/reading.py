"""From a source to a store or a catalog, once.

Pictures ─► read_pictures ─► decode each file ──┬─► StoreWriter ─► store
Arrays of pictures ─► read_arrays ─► fit each ──┤
       of rows ─────► read_rows ───► as it is ──┘
                                      └─► skipped (name, reason), modes, classes: the store's facts

Which of them reads is for the kind of data to say: the one that was asked for, or whose examples it looks like.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError
from amalgan.core.types import DataSpec
from amalgan.data.dataset.store_writer import Into
from amalgan.data.decoding.layout import Request
from amalgan.data.readers.resolving import find_source
from amalgan.data.readers.sources import ArrayData, Arrays, Pictures, Source
from amalgan.kinds import Kind, kind_named
from amalgan.kinds.registry import all_kinds, names


def read_source(source: Source, request: Request, into: Into) -> None:
    """Write the store or the catalog of ``source``.

    Raises:
        DataError: the source as a whole is unreadable; a bad file or row among others is only listed.
    """
    for _ in passing(source, request, into):
        pass


def passing(source: Source, request: Request, into: Into) -> Iterator[None]:
    """Write the same, or a part of it or its catalog, bit by bit, and yield between."""
    with warnings.catch_warnings():  # decoders warn of what is reported as skipped here, or was mended
        warnings.simplefilter("ignore")
        found = opened(source)
        kind = kind_for(source.name, found, request.kind, request.look)
        yield from kind.read(source.name, found, request, into)


def opened(source: Source) -> ArrayData | Pictures:
    """What a source holds."""
    return source.open() if isinstance(source, Arrays) else source


def source_of(data: str | Path, config: DataConfig, like: DataSpec | None = None) -> tuple[Source, Request]:
    """The source that ``data`` names, as the kind of data that is asked for reads it, and what is asked of it.

    Raises:
        DataError: nothing readable is there.
    """
    request = Request.of(config, like)
    source = find_source(data, follow_links=config.follow_links)
    return (
        source if request.kind is None else kind_named(request.kind).source(data, source, request)
    ), request


def kind_for(name: str, found: ArrayData | Pictures, asked: str | None, look: str | None = None) -> Kind:
    """The kind that was asked for, or the first that ``found`` looks like; ``look`` where that leaves a choice.

    Raises:
        DataError: it looks like none, or might be of several.
        UsageError: there is no such kind.
    """
    if asked is not None:
        return kind_named(asked)
    kind = next((kind for kind in all_kinds() if kind.reads(found)), None)
    if kind is None and look is not None:
        return kind_named(look)
    if kind is None:
        choices = [hint for one in all_kinds() if (hint := one.hint(found))]
        raise DataError(
            f"{name} may be {'; or '.join(choices)}. Say which."
            if choices
            else f"{name} looks like no kind of data; say which it is by --kind: {', '.join(names())}."
        )
    return kind
