"""Are a model's pictures known again: by the watermark, and by the score where there is none?

    python benchmarks/trace.py watermark mnist/ cifar10.zip
    python benchmarks/trace.py score mnist/ [--systems autoencoder gan fusion] [--images 60000]

``watermark`` marks 1,000 test pictures of each data set given, of the built-in digits and of photographs in two sizes,
each with a key of its own, and counts how many are found at p <= 0.0001: as they are, as JPEG, and scaled. ``as one``
is the median p-value of sets of 64 with one key each. False alarms: 100 pictures of each without mark, 10,000 keys.

``score`` trains each system on one thread (OMP_NUM_THREADS=1), seed 0, and counts, at a rate of 0.01 and on pictures
that nothing was learned from, how many real ones are taken for the model's and how many of the model's are missed:
with both sides as they are, as JPEG or scaled down and up again, as far as each --changed allows. Writes
benchmarks/results/trace.json; what is there is not done again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import amalgan as ag
import writing
from amalgan.config.data import DataConfig
from amalgan.data import open_data, to_pixels
from amalgan.data.transforms.damage import jpeg
from amalgan.data.writing.watermark import marked, own_signs, p_value_together, p_values, signs, tails
from amalgan.metrics.statistics import binomial_interval
from amalgan.tasks.detect.detect import bounds
from amalgan.tasks.trace.forensics import Changed
from amalgan.tasks.trace.trace import Known, Reals

RESULT = Path(__file__).parent / "results" / "trace.json"
LEVEL, RATE = 1e-4, 0.01
PICTURES, SET = 1000, 64
UNMARKED, KEYS = 100, 10_000
PHOTOGRAPHS = (64, 128)
Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]


def main() -> None:
    """One of both, what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["watermark", "score"])
    parser.add_argument("data", nargs="+")
    parser.add_argument("--systems", nargs="*", default=["autoencoder", "gan", "fusion"])
    parser.add_argument("--images", type=int, default=60_000)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {"watermark": {}, "score": {}}
    jobs: dict[str, Callable[[], dict[str, Any]]] = {}
    if asked.what == "watermark":
        jobs |= {name: lambda place=place: marks(pictures(place)) for name, place in sets(asked.data)}
    else:
        jobs |= {
            f"{system}, {Path(asked.data[0]).stem}, {asked.images:,} images": lambda system=system: scores(
                system, asked.data[0], asked.images
            )
            for system in asked.systems
        }
    for name, job in jobs.items():
        if name not in found[asked.what]:
            found[asked.what][name] = job()
            print(name, json.dumps(found[asked.what][name]), flush=True)
            writing.write_json(RESULT, found)


def sets(given: list[str]) -> list[tuple[str, tuple[str, int | None]]]:
    """Names of data, and where it is and at what size it is read."""
    own: list[tuple[str, tuple[str, int | None]]] = [("digits", ("digits", None))]
    own += [(f"photos {side}", ("photos", side)) for side in PHOTOGRAPHS]
    return [*own, *((Path(place).stem, (place, None)) for place in given)]


def pictures(place: tuple[str, int | None]) -> Pixels:
    """Test pictures, spread evenly, as files hold them."""
    name, side = place
    data = open_data(name, DataConfig(size=str(side)) if side else DataConfig())
    records = data.test if len(data.test) >= PICTURES else data.records
    return to_pixels(records.take(records.spaced(PICTURES)), data.spec)


def changes() -> dict[str, Change]:
    """What happens to a picture."""
    coded = {f"JPEG {quality}": lambda x, quality=quality: pressed(x, quality) for quality in (90, 75, 50)}
    resized = {
        f"scaled {by:g}": lambda x, by=by: scaled(x, tuple(round(side * by) for side in x.shape[:2]))
        for by in (0.5, 0.75, 1.5)
    }
    return {"as it is": lambda x: x} | coded | resized


def pressed(x: Pixels, quality: int) -> Pixels:
    """(H, W) or (H, W, 3) as JPEG leaves it."""
    found = jpeg(x[None] if x.ndim == 2 else x.transpose(2, 0, 1), quality)
    return found[0] if x.ndim == 2 else found.transpose(1, 2, 0)


def scaled(x: Pixels, size: tuple[int, ...]) -> Pixels:
    """Another height and width, bicubic."""
    return np.asarray(Image.fromarray(x).resize((size[1], size[0]), Image.Resampling.BICUBIC))


def marks(x: Pixels) -> dict[str, Any]:
    """How loud the mark is, where it is found, and how often where there is none."""
    started_at = time.process_time()
    bearing = np.concatenate([marked(one[None], f"key {row}") for row, one in enumerate(x)])
    seconds = time.process_time() - started_at
    together = [marked(x[at : at + SET], f"set {at}") for at in range(0, len(x) - SET + 1, SET)]
    error = np.square(bearing.astype(float) - x).reshape(len(x), -1).mean(1)
    return {
        "n": len(x),
        "shape": list(x.shape[1:]),
        "psnr": round(float(10 * np.log10(255**2 / error.mean())), 2),
        "milliseconds_each": round(1000 * seconds / len(x), 2),
        "found": {name: told(bearing, change) for name, change in changes().items()},
        "as_one": {
            name: float(
                np.median(
                    [
                        p_value_together([np.stack([*map(change, some)])], f"set {SET * number}")
                        for number, some in enumerate(together)
                    ]
                )
            )
            for name, change in changes().items()
        },
        "false_alarms": alarms(x[:: max(1, len(x) // UNMARKED)][:UNMARKED]),
    }


def told(bearing: Pixels, change: Change) -> dict[str, float]:
    """The share found after a change, with its interval."""
    p = np.array([p_values(change(one)[None], f"key {row}")[0] for row, one in enumerate(bearing)])
    return bounds(binomial_interval(int((p <= LEVEL).sum()), len(p)))


def alarms(x: Pixels) -> dict[str, Any]:
    """The share of (picture, key) pairs that are taken for marked at three levels, and of the worst key."""
    own = own_signs(x)
    p = np.stack([tails(own * signs(f"other {key}", x.shape[1:3])) for key in range(KEYS)])
    return {
        "pairs": p.size,
        "share": {f"{level:g}": float((p <= level).mean()) for level in (0.01, 0.001, LEVEL)},
        "worst_key": {f"{level:g}": float((p <= level).mean(1).max()) for level in (0.01, 0.001, LEVEL)},
    }


def scores(system: str, place: str, images: int) -> dict[str, Any]:
    """Errors of the score for one model."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        model = ag.train(system, place, images=images, device="cpu", out=out, quiet=True).model
    reals = Reals.of(model, open_data(place, like=model.spec))
    return {changed: Known.of(model, reals, changed).errors(RATE) for changed in get_args(Changed)}


if __name__ == "__main__":
    main()
