"""The scores of records as a journal keeps them, from any record on.

records ─► chunks ─► signals of the model, of the outside network ─┐
    └────► pictures at their own size ─► flaws ────────────────────┴─► rows (B, S)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.journal import key_of
from amalgan.core.limits import CHUNK
from amalgan.data import Records
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.flaw_records import FlawsOf
from amalgan.tasks.detect.normals import Sides
from amalgan.tasks.detect.outside import Outside
from amalgan.tasks.detect.signals import OUTSIDE, PATCHES, Joint, scored


def key_for(model: Model, sides: Sides, outside: bool = False, patches: str | None = None) -> str:
    """What names the scores of those judged: weights, contents, and what was learned from."""
    views = (sides.judged, sides.known or sides.judged)
    marks = [(view.digest_sum(), crc32(view.index.tobytes())) for view in views]
    own = [*[OUTSIDE] * outside, *[f"{PATCHES} {name}" for name in (patches,) if name]]
    return key_of("scores", model.digest, marks, sides.known is None, *own)


def score_rows(
    model: Model,
    records: Records,
    joint: Joint | None,
    first: int = 0,
    outside: Outside | None = None,
    flaws: FlawsOf | None = None,
) -> Iterator[NDArray[np.float64]]:
    """Yield the scores of some records after the others (B, S), from record ``first`` on.

    With ``flaws``, which take long, it is one record after the other; chunks begin where they would without a stop.
    """
    if flaws is None or not len(records):
        yield from chunk_rows(model, records, joint, first, outside)
        return
    start = records.chunk_start(first)
    singles = chain.from_iterable(chunk_rows(model, records, joint, start, outside))
    largest = flaws.scores(records.select(slice(first, None)))
    for row, score in zip(islice(singles, first - start, None), largest, strict=True):
        yield np.append(row, score)[None]


def chunk_rows(
    model: Model, records: Records, joint: Joint | None, first: int, outside: Outside | None
) -> Iterator[NDArray[np.float64]]:
    """Yield what the model itself, and the outside network, say of a chunk after the other (B, S)."""
    for _, x in records.chunks(first):
        yield torch.stack(list(scored(model, [x], joint, outside).values()), 1).numpy()


def chunks_of(records: Records) -> Iterator[Tensor]:
    """The examples, some at a time."""
    return (batch.x for batch in records.batches(CHUNK))
