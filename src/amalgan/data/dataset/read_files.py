"""Decode a source of files, an example each, into a store: for kinds whose examples are no pictures.

    file ─► decode ─► numbers of one shape ─► blocks ─► StoreWriter          folders, label files ─► class, split
              └─► BadPicture: skipped, with its reason

Classes and splits follow from paths and label files as those of pictures do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.core.types import UNLABELED
from amalgan.data.dataset.store import StoreWriter
from amalgan.data.decoding.ordered import Progress, in_order
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
    folder: Path,
    progress: Progress | None,
    *,
    label_column: str | None = None,
    chosen: str = "as the files are",
) -> None:
    """Write the store of ``source``, whose examples of a ``kind`` have a stored ``shape``, into ``folder``.

    Args:
        label_column: of a label file; by default found by its name.
        chosen: how the shape came about, in words.
    """
    places, skipped = Places.of(source, label_column), list[tuple[str, str]]()
    numbers: dict[str, int] = {}
    with closing(StoreWriter(folder, kind, shape, len(source))) as writer:
        for row, found in enumerate(in_order(lambda at: _decoded(source, at, decode), len(source), progress)):
            path = source.path(row)
            if not isinstance(found, BadPicture):
                split, label = places.place(path)
                number = UNLABELED if label is None else numbers.setdefault(label, len(numbers))
                names, sizes = [shown(path)], [(*found.shape, 1, 1)[:2]]
                writer.append(found[None], labels=[number], splits=[split], sizes=sizes, names=names)
            elif not places.is_beside(path):
                skipped.append((shown(path), str(found)))
        classes = sorted(numbers)
        facts = {
            "skipped": skipped,
            "modes": {"file": writer.count},
            "classes": classes,
            "ignored": source.ignored,
        }
        facts |= {"chosen": chosen, "range": [], "told": list(places.told()), "outer": places.outer_name}
        writer.finish(facts, [classes.index(name) for name in numbers])


def _decoded(source: Pictures, row: int, decode: Decode) -> NDArray[Any] | BadPicture:
    try:
        return decode(source.read(row))
    except BadPicture as bad:
        return bad
