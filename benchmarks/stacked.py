"""Three gray pictures as the red, green and blue of one: K classes become K^3, to count how many a generator finds.

    python benchmarks/stacked.py DATA OUT.npz [--count 60000] [--test 10000] [--seed 0]

Of ten digits it makes the 1,000 modes of Metz et al. 2017, arXiv:1611.02163, section 3.3.1. DATA is any gray pictures
with labels; training pictures are made of its training split, test pictures of its test split. Then

    amalgan compare OUT.npz --systems gan,fusion --out runs/modes

says in its column "Modes found" how many of the classes occur among what a model generates.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.core.files import replacing
from amalgan.data import Records, open_data
from amalgan.kinds import text_of

HELD = 3
"""Pictures in one."""


def main() -> None:
    """Read the flags, write the file."""
    flags = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    flags.add_argument("data", help="gray pictures with labels: a folder, .zip, .npz, IDX folder or word")
    flags.add_argument("out", type=Path, help="the .npz to write")
    flags.add_argument("--count", type=int, default=60_000, help="training pictures to make")
    flags.add_argument("--test", type=int, default=10_000, help="test pictures to make")
    flags.add_argument("--seed", type=int, default=0, help="which pictures are put together")
    asked = flags.parse_args()
    write(asked.data, asked.out, counts=(asked.count, asked.test), seed=asked.seed)


def write(data: str, out: Path, *, counts: tuple[int, int], seed: int) -> None:
    """Stack pictures of ``data`` into ``out``: arrays x_train, y_train, x_test, y_test."""
    opened, draw = open_data(data), np.random.default_rng(seed)
    if opened.spec.shape[0] != 1 or len(opened.spec.shape) != 3 or len(opened.spec.classes) < 2:
        raise DataError(
            f"{opened.name} holds {text_of(opened.spec)}; gray pictures with labels can be stacked."
        )
    arrays: dict[str, NDArray[Any]] = {}
    for split, records, count in zip(("train", "test"), (opened.train, opened.test), counts, strict=True):
        arrays[f"x_{split}"], arrays[f"y_{split}"] = stacked(records, count, draw)
    with replacing(out) as part, part.open("wb") as file:
        np.savez(file, **arrays)


def stacked(
    records: Records, count: int, draw: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """``count`` pictures (H, W, 3) of random ones of ``records``, and their classes: 483 for a 4, an 8 and a 3."""
    known = records.select(np.flatnonzero(records.labels >= 0))
    rows = draw.integers(0, len(known), (count, HELD))
    places = len(records.spec.classes) ** np.arange(HELD - 1, -1, -1)
    pixels = known.pixels(slice(None))[:, 0]
    return np.ascontiguousarray(pixels[rows].transpose(0, 2, 3, 1)), known.labels[rows] @ places


if __name__ == "__main__":
    main()
