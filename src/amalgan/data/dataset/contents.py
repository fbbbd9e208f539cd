"""Which contents a model was trained on: 64 bits of each, so that they are found again in any data.

    training examples ─► hashes of their pixels as the model reads them ─► the lowest 262,144, sorted ─► model file
    other examples ────► the same hashes ─► how many are among these

Equal pixels have equal hashes, and nothing else is told: a picture that was coded anew or cut is another one. From
more contents than are kept, what is found is scaled up. Nothing can be made of a hash but the question whether a given
picture was trained on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.data.dataset.records import Records
from amalgan.data.dataset.subsets import hashes

MOST = 2**18
"""Contents that are kept: 2 MiB."""
Contents = NDArray[np.uint64]


class Found(NamedTuple):
    """What is among kept contents."""

    examples: int
    exact: bool
    """Whether all contents were kept, so that all were counted."""


def contents_of(records: Records) -> Contents:
    """Return the contents of ``records`` to be kept: their lowest hashes, each once, sorted."""
    return np.unique(hashes(records))[:MOST]


def found_among(records: Records, kept: Contents) -> Found:
    """Return how many of ``records`` have kept contents."""
    own = hashes(records)
    hits = int(np.isin(own, kept).sum())
    if len(kept) < MOST:
        return Found(hits, exact=True)
    within = int((own <= kept.max()).sum())
    return Found(round(hits * len(own) / within) if within else 0, exact=False)
