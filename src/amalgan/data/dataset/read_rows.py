"""Copy arrays of numbers into a store, block by block, as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.data.dataset.store_writer import Into
from amalgan.data.readers.sources import ArrayData, Block, Pictures
from amalgan.kinds.stored import Stored


def read_rows(
    kind: Stored,
    name: str,
    found: ArrayData | Pictures,
    into: Into,
    *,
    chosen: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """Write a part of ``found``, rows of numbers of a ``kind``, ``into`` a store or a catalog; yield after every block.

    Args:
        chosen: how the shape came about, in words.
        facts: what else the store is to keep.

    Raises:
        DataError: it holds files, not numbers.
    """
    if not isinstance(found, ArrayData):
        raise DataError(f"{name} holds files; {kind.nouns} are read from arrays and tables of numbers.")
    skipped, skipped_at = list[tuple[str, str]](), list[int]()
    rows = into.shard.rows(found.count)
    with closing(into.writer(kind, found.shape, len(rows))) as writer:
        for block, origins, bad in parts_of(found.blocks(), rows):
            skipped.extend(block.bad.items())
            skipped_at.extend(bad.tolist())
            count = len(block.values)
            writer.append(
                block.values.reshape(-1, *writer.shape),
                labels=block.labels,
                splits=np.full(count, block.split),
                sizes=np.tile(np.array([(*found.shape, 1)[:2]], np.int32), (count, 1)),
                names=block.names,
                origins=origins,
            )
            if into.progress is not None:
                into.progress(writer.count + len(skipped), len(rows))
            yield
        said: dict[str, Any] = {
            "skipped": skipped,
            "skipped_at": skipped_at,
            "modes": {"array of numbers": writer.count},
        }
        said |= {"classes": list(found.classes), "ignored": 0, "names": list(found.names)}
        said |= {"chosen": chosen or f"{prod(found.shape)} numbers an example", "range": []}
        said |= {
            "remarks": list(found.remarks),
            "split_by": found.split_by,
            "own": json.dumps(dict(found.facts)),
        }
        writer.finish(said | dict(facts or {}))


def parts_of(
    blocks: Iterable[Block], rows: range
) -> Iterator[tuple[Block, NDArray[np.int64], NDArray[np.int64]]]:
    """Of each of ``blocks`` what is among ``rows`` of the source, and the rows of its good and its bad ones."""
    start = 0
    for block in blocks:
        good, bad = block.origins(start)
        start += len(good) + len(bad)
        if start <= rows.start:
            continue
        inside, left = (within(found, rows) for found in (good, bad))
        names = list(block.bad.items())
        yield (
            replace(
                block,
                values=block.values[inside],
                labels=block.labels[inside],
                names=[block.names[at] for at in inside.tolist()],
                bad=dict(names[at] for at in left.tolist()),
                kept=None,
            ),
            good[inside],
            bad[left],
        )
        if start >= rows.stop:
            return


def within(found: NDArray[np.int64], rows: range) -> NDArray[np.int64]:
    """The places of those that are among ``rows``."""
    return np.flatnonzero((found >= rows.start) & (found < rows.stop))
