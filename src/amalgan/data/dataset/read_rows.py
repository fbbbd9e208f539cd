"""Copy arrays of numbers into a store, block by block, as they are."""

from __future__ import annotations

from contextlib import closing
from math import prod
from pathlib import Path

import numpy as np

from amalgan.core.errors import DataError
from amalgan.data.dataset.store import StoreWriter
from amalgan.data.decoding.ordered import Progress
from amalgan.data.readers.sources import ArrayData, Pictures
from amalgan.kinds.protocol import Kind


def read_rows(
    kind: Kind, name: str, found: ArrayData | Pictures, folder: Path, progress: Progress | None
) -> None:
    """Write the store of ``found``, rows of numbers of a ``kind``, into ``folder``.

    Raises:
        DataError: it holds files, not numbers.
    """
    if not isinstance(found, ArrayData):
        raise DataError(f"{name} holds files; {kind.nouns} are read from arrays and tables of numbers.")
    skipped: list[tuple[str, str]] = []
    with closing(StoreWriter(folder, kind, found.shape, found.count)) as writer:
        for block in found.blocks():
            skipped.extend(block.bad.items())
            count = len(block.values)
            writer.append(
                block.values.reshape(-1, *writer.shape),
                labels=block.labels,
                splits=np.full(count, block.split),
                sizes=np.tile(np.array([(*found.shape, 1)[:2]], np.int32), (count, 1)),
                names=block.names,
            )
            if progress is not None:
                progress(writer.count + len(skipped), found.count)
        facts = {
            "skipped": skipped,
            "modes": {"array of numbers": writer.count},
            "classes": list(found.classes),
        }
        chosen = f"{prod(found.shape)} numbers an example"
        writer.finish(
            facts | {"ignored": 0, "chosen": chosen, "names": list(found.names), "range": [], "told": []}
        )
