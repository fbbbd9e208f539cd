"""What the default size of pictures rests on: how long sizes take, and which one shows most after the same time.

    python benchmarks/sizes.py speed [--sides 24 32 48 64 96 128]
    python benchmarks/sizes.py level pictures.zip [--seconds 15 45] [--sides 24 32 48] [--ruler 64]

``speed`` times four rounds of 64 pictures of noise at each side (16 above 64x64), fusion and autoencoder, and prints
CPU-milliseconds an image beside what the line through 24x24 and 48x48 says, by which ``amalgan train`` and
``amalgan inspect --minutes`` go.

``level`` trains an autoencoder at each side for the same CPU time and scales its decodes of 200 test pictures to the
side of the ruler: the PSNR there, beside that of scaling alone, says which size shows most after so many seconds.
Both use one thread. Writes benchmarks/results/sizes.json; what is there from the other command stays.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import amalgan as ag
import writing
from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.data import Records, open_data
from amalgan.systems import registry
from amalgan.training import speed
from amalgan.training.processes import Processes

RESULT = Path(__file__).parent / "results" / "sizes.json"
BATCH, FEW, LARGE = 64, 16, 64
PICTURES = 200
Row = dict[str, Any]


def main() -> None:
    """One of both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["speed", "level"])
    parser.add_argument("data", nargs="?")
    parser.add_argument("--sides", type=int, nargs="+")
    parser.add_argument("--seconds", type=float, nargs="+", default=[15, 45])
    parser.add_argument("--ruler", type=int, default=64)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = (
        speeds(asked.sides or [24, 32, 48, 64, 96, 128])
        if asked.what == "speed"
        else levels(asked.data, asked.sides or [24, 32, 48], asked.seconds, asked.ruler)
    )
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    command = " ".join(["python", "benchmarks/sizes.py", *(Path(word).name for word in sys.argv[1:])])
    writing.write_json(RESULT, found | {asked.what: {"command": command, "rows": rows}})


def order(system: str, batch: int = BATCH) -> TrainOptions:
    """An order whose data is noise."""
    settings = registry.config_class(system)()
    return TrainOptions(
        data="", system=system, settings=settings, out=Path("unused"), batch=batch, device="cpu"
    )


def line(system: str) -> speed.Speed:
    """CPU-seconds by pixels, as training measures them."""
    return speed.measure(order(system), aspect=1, channels=3, peers=Processes(), clock=time.process_time)


def speeds(sides: list[int]) -> list[Row]:
    """What sizes take, and what was foretold."""
    return [
        timed(system, found, side)
        for system in ("autoencoder", "fusion")
        for found in [line(system)]
        for side in sides
    ]


def timed(system: str, foretold: speed.Speed, side: int) -> Row:
    """One size of one system."""
    with tempfile.TemporaryDirectory() as scratch:
        few = order(system, FEW if side > LARGE else BATCH)
        made = speed.of_noise(few, Path(scratch), (side, side), 3, Processes())
        measured = 1000 * speed.timed(made, Processes(), time.process_time)[1]
    said = 1000 / foretold.images_a_second((side, side))
    print(f"{system} {side}x{side}: {measured:.2f} ms an image, foretold {said:.2f}", flush=True)
    return {"system": system, "side": side, "measured_ms": round(measured, 3), "foretold_ms": round(said, 3)}


def levels(data: str, sides: list[int], seconds: list[float], ruler: int) -> list[Row]:
    """The PSNR that each side reaches in the same time."""
    real, found = open_data(data, DataConfig(size=str(ruler))).test, line("autoencoder")
    real = real.select(real.spaced(PICTURES))
    return [level(data, side, spent, real, found) for spent in seconds for side in sides]


def level(data: str, side: int, seconds: float, real: Records, found: speed.Speed) -> Row:
    """One side."""
    images = max(1, round(seconds * found.images_a_second((side, side)) / BATCH)) * BATCH
    reading = DataConfig(size=str(side))
    model = ag.train("autoencoder", data, images=images, reading=reading, device="cpu", quiet=True)
    own = open_data(data, reading).records
    place = {name: row for row, name in enumerate(own.names)}
    small = own.pixels([place[name] for name in real.names]).transpose(0, 2, 3, 1)
    reached, most = (psnr(scaled(x, real), real) for x in (model.reconstruct(small), small))
    times = images / len(open_data(data, reading).train)
    print(
        f"{seconds:g} s, {side}x{side}: {images:,} images, each {times:.1f} times, PSNR {reached:.2f} of {most:.2f} dB",
        flush=True,
    )
    return {
        "seconds": seconds,
        "side": side,
        "images": images,
        "times_seen": round(times, 2),
        "psnr": round(reached, 3),
        "psnr_of_scaling": round(most, 3),
    }


def scaled(pixels: NDArray[np.uint8], real: Records) -> NDArray[np.float64]:
    """Pictures (N, H, W, C) at the size of ``real``, (N, C, H, W)."""
    size = (real.spec.shape[2], real.spec.shape[1])
    grown = [np.asarray(Image.fromarray(x).resize(size, Image.Resampling.BICUBIC)) for x in pixels]
    return np.stack(grown).transpose(0, 3, 1, 2).astype(np.float64)


def psnr(pixels: NDArray[np.float64], real: Records) -> float:
    """In dB, of all pictures together."""
    return float(10 * np.log10(255**2 / ((pixels - real.pixels(slice(None))) ** 2).mean()))


if __name__ == "__main__":
    main()
