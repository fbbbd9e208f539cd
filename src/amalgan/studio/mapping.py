"""A collection by its codes, for the page: a process of its own, started by the studio.

    MODEL, DATA ─► codes.npz ─► places, groups of near-duplicates, how far each lies from its neighbors ─► map.json

How far: the distance to the tenth nearest code, over the median of all. Ramaswamy, Rastogi & Shim 2000 (SIGMOD) rank
outliers by it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.config.data import DataConfig
from amalgan.core import files
from amalgan.core.errors import UsageError
from amalgan.data import Records
from amalgan.data.dataset.streaming import Stream
from amalgan.studies.page import atlas
from amalgan.studio.answering import run_and_answer
from amalgan.systems import model_file
from amalgan.tasks.embed.embed import Codes, codes_in, embed, is_stored, stamp_for
from amalgan.tasks.embed.map import place_points
from amalgan.tasks.embed.similar import SCALE_OF, Space, duplicates

NEIGHBOR = 10
FEWEST = 4


def draw(arguments: list[str]) -> dict[str, Any]:
    """Write the map: MODEL, DATA, the file of its codes, target."""
    model, data, kept, target = arguments
    held = model_file.load(Path(model))
    stream, place = Stream(data, DataConfig(), held.spec), Path(kept)
    records = stream.records
    if len(records) < FEWEST:
        raise UsageError(f"{data} holds {len(records)} pictures; a map needs at least {FEWEST}.")
    stamp = stamp_for(held, stream)
    codes = codes_in(place) if is_stored(place, stamp, len(records)) else embed(held, records)
    codes.write(place, stamp)
    files.write_json(Path(target), {"amalgan": "studio map", **facts(codes, records)})
    return {"shown": min(len(codes), atlas.MOST), "of": len(codes)}


def facts(codes: Codes, records: Records, seed: int = 0) -> dict[str, Any]:
    """Return what the page draws."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(codes))[: atlas.MOST])
    chosen = records.select(rows)
    points, how = place_points(codes.code[rows], "tsne", seed)
    return {
        **atlas.facts(points, codes.name[rows], chosen),
        "groups": groups(codes.code[rows], chosen),
        "far": [round(float(one), 3) for one in far(codes.code[rows])],
        "how": how,
        "of": len(codes),
    }


def groups(code: NDArray[np.float32], records: Records) -> list[list[int]]:
    """Return groups of near-duplicates, as rows; none where there are too few pictures to tell."""
    contents = records.store.contents[records.index]
    if len(np.unique(contents, axis=0)) < 2 * SCALE_OF:
        return []
    found = duplicates(code, contents)
    return [np.flatnonzero(found.group == one).tolist() for one in range(found.groups)]


def far(code: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far each code lies from its neighbors, where 1 is usual."""
    count = min(NEIGHBOR, len(code) - 1)
    distance, _ = Space.of(code).nearest(code, count + 1)  # itself is the first
    last = distance[:, -1].numpy().astype(np.float64)
    usual: NDArray[np.float64] = last / max(float(np.median(last)), 1e-12)
    return usual


if __name__ == "__main__":
    sys.exit(run_and_answer(draw))
