"""Decode a source of files, an example each, into a store: for kinds whose examples are no pictures.

    file ─► decode ─► numbers of one shape ─► blocks ─► StoreWriter          folders, label files ─► class, split
              └─► BadPicture: skipped, with its reason

Classes and splits follow from paths and label files as those of pictures do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from numpy.typing import NDArray

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.core.types import UNLABELED
from amalgan.data.dataset.store_writer import Into
from amalgan.data.decoding.ordered import in_order
from amalgan.data.readers.path_labels import Places
from amalgan.data.readers.sources import Pictures
from amalgan.kinds.protocol import Kind

Decode = Callable[[bytes], NDArray[Any]]
"""From the bytes of a file to its example, of the shape that all have; BadPicture with the reason where it has none."""


def read_files(
    kind: Kind,
    source: Pictures,
    shape: tuple[int, ...],
    decode: Decode,
    into: Into,
    *,
    label_column: str | None = None,
    chosen: str = "as the files are",
    remarks: Callable[[], Iterable[str]] = tuple,
    facts: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """Write a part of ``source``, whose examples of a ``kind`` have a stored ``shape``; yield after every file.

    Args:
        label_column: of a label file; by default found by its name.
        chosen: how the shape came about, in words.
        remarks: gives, once all are read, what else is to be said of them.
        facts: what else the store is to keep.
    """
    places, rows = Places.of(source, label_column), into.shard.rows(len(source))
    skipped, skipped_at = list[tuple[str, str]](), list[int]()
    numbers: dict[str, int] = {}
    decoded = in_order(lambda at: _decoded(source, rows[at], decode), len(rows), into.progress)
    with closing(into.writer(kind, shape, len(rows))) as writer, closing(decoded):
        for row, found in zip(rows, decoded, strict=True):
            path = source.path(row)
            if not isinstance(found, BadPicture):
                split, label = places.place(path)
                number = UNLABELED if label is None else numbers.setdefault(label, len(numbers))
                names, sizes = [shown(path)], [(*found.shape, 1, 1)[:2]]
                writer.append(
                    found[None], labels=[number], splits=[split], sizes=sizes, names=names, origins=[row]
                )
            elif not places.is_beside(path):
                skipped.append((shown(path), str(found)))
                skipped_at.append(row)
            yield
        classes = sorted(numbers)
        said: dict[str, Any] = {
            "skipped": skipped,
            "skipped_at": skipped_at,
            "modes": {"file": writer.count},
            "classes": classes,
            "ignored": source.ignored,
        }
        said |= {
            "chosen": chosen,
            "range": [],
            "remarks": [*places.remarks(), *remarks()],
            "outer": places.outer_name,
        }
        writer.finish(said | dict(facts or {}), [classes.index(name) for name in numbers])


def _decoded(source: Pictures, row: int, decode: Decode) -> NDArray[Any] | BadPicture:
    try:
        return decode(source.read(row))
    except BadPicture as bad:
        return bad
