"""Are sounds still understood after a model: a judge names the class of what it hears.

    python benchmarks/sounds.py SOUNDS [--images 24000] [--system autoencoder] [--new 500] [--held-out 1000]

SOUNDS is a folder or an archive of short clips, a folder a class (spoken digits, or the word drums). One model is
trained, in one thread. The judge is a network of its own, trained on the maps of the training split alone; all that it
hears has gone through waves: maps of waves that were written, read and measured again.

    real       held-out clips                      waves      their maps as waves again, by Griffin-Lim
    rebuilt    through the model and waves         new        clips of an asked class, from the prior, as waves
    nearest    the training clip whose code is nearest to that of a held-out one: what copying would reach

Beside ``compress`` stands Opus (libsndfile, at its two smallest settings): whole files of it, since a clip is short.
Writes benchmarks/results/sounds-NAME.json.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

import writing
from amalgan.codec.amg_file import pack_archive
from amalgan.core.randomness import Draws
from amalgan.data import Dataset, Records, from_pixels, open_data, to_pixels
from amalgan.features import Features, features_of
from amalgan.kinds.sound.judging import log_spectral_distance
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.metrics.statistics import binomial_interval
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.compress.compress import compress, head_of

RESULTS = Path(__file__).parent / "results"
OPUS = (1.0, 0.9)
"""Levels of compression; 1 has the fewest bytes."""


def main() -> None:
    """Train, listen, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sounds")
    parser.add_argument("--images", type=int, default=24_000)
    parser.add_argument("--system", default="autoencoder")
    parser.add_argument("--new", type=int, default=500)
    parser.add_argument("--held-out", type=int, default=1_000, help="at most so many held-out clips")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=Path, help="a folder for the run; a run that is there is gone on with")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        run = asked.run or Path(scratch) / "run"
        trained = train(asked, run)
        data = open_data(asked.sounds)
        model = model_file.load(run / "model.safetensors")
        held_out = data.test.select(data.test.spaced(asked.held_out))
        rows = measured(model, data, held_out, asked.new)
        size = compressed(model, data, held_out)
    name = Path(asked.sounds).stem
    words = f"--system {asked.system} --images {asked.images} --held-out {asked.held_out} --new {asked.new}"
    facts = {"command": f"python benchmarks/sounds.py {name} {words}", "data": name}
    facts |= {
        "system": asked.system,
        "shape": list(data.spec.shape),
        "facts": dict(data.spec.facts),
        **trained,
    }
    writing.write_json(RESULTS / f"sounds-{name}.json", facts | {"rows": rows, "compressed": size})
    show(rows, trained, size)


def train(asked: argparse.Namespace, run: Path) -> dict[str, Any]:
    """A model of the sounds, or the rest of one; images, and CPU-seconds where it was trained now."""
    if (run / "model.safetensors").exists():
        print(f"{run} is trained already", file=sys.stderr)
        return {"images": asked.images, "cpu_seconds": None}
    words = [
        "train",
        asked.sounds,
        "--system",
        asked.system,
        "--images",
        str(asked.images),
        "--device",
        "cpu",
    ]
    words += ["--seed", str(asked.seed), "--out", str(run), "--json", *(["--resume"] if run.exists() else [])]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "amalgan", *words],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return {"images": told["images"], "cpu_seconds": round(told["cpu_seconds"], 1)}


def measured(model: Model, data: Dataset, held_out: Records, count: int) -> list[dict[str, Any]]:
    """A row for each way that clips can come about."""
    started_at, judge = time.process_time(), features_of(data)
    print(f"judge {judge.name}, {time.process_time() - started_at:.0f} CPU-s", file=sys.stderr)
    x, label = held_out.take(slice(None)), torch.from_numpy(held_out.labels)
    asked = torch.arange(count) % len(data.spec.classes)
    rebuilt, near, new = through(model, data, x, asked)
    real = judge(x)
    found = [row("real", judge, x, label, real)]
    for name, maps, wanted in (("waves", x, label), ("rebuilt", rebuilt, label), ("new", new, asked)):
        again = from_pixels(to_pixels(maps, data.spec), data.spec)
        one = row(name, judge, again, wanted, real)
        if len(again) == len(x) and name != "new":
            one["log_spectral_distance"] = round(float(log_spectral_distance(again, x).mean()), 2)
        found.append(one)
    share = float((torch.from_numpy(data.train.labels)[near] == label).double().mean())
    return [*found, {"name": "nearest", "n": len(x), "heard": round(share, 3)}]


@torch.no_grad()
def through(model: Model, data: Dataset, x: Tensor, asked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Reconstructions of held-out maps, the nearest training example of each, and new maps of the classes asked for."""
    system: Any = model.system
    code = torch.cat([system.encode(part) for part in x.split(256)])
    known = torch.cat([system.encode(batch.x) for batch in data.train.batches(256)])
    near = torch.cdist(code, known).argmin(1)
    rebuilt = torch.cat([system.decode(part) for part in code.split(256)])
    new = system.generate(asked, Draws(seed=0, round=0, total=len(asked), device="cpu"))
    return rebuilt, near, new


def row(name: str, judge: Features, x: Tensor, label: Tensor, real: Tensor) -> dict[str, Any]:
    """How often the class is named, with its 95 % interval, and the Fréchet distance to held-out clips."""
    features = judge(x)
    right = int((judge.classes(features) == label).sum())
    within = binomial_interval(right, len(x))
    distance = frechet_distance(Moments.of(features), Moments.of(real))
    return {
        "name": name,
        "n": len(x),
        "heard": round(right / len(x), 3),
        "interval": [round(within.low, 3), round(within.high, 3)],
        "frechet": round(distance, 3),
    }


def compressed(model: Model, data: Dataset, held_out: Records) -> list[dict[str, Any]]:
    """Bytes a clip of an archive of ours, and of Opus, with the share that the judge still names."""
    names, seconds, rate = held_out.names, data.spec.facts["seconds"], data.spec.facts["rate"]
    codes = list(compress(model, held_out))
    archive = pack_archive(head_of(model), list(zip(names, codes, strict=True)))
    found: list[dict[str, Any]] = [{"name": "amalgan", "bytes": round(len(archive) / len(codes), 1)}]
    judge, label = features_of(data), torch.from_numpy(held_out.labels)
    for level in OPUS:
        pairs = [opus(one, rate, level) for one in held_out.pixels(slice(None))]
        again = from_pixels(np.stack([wave for wave, _ in pairs]), data.spec)
        right = (judge.classify(again) == label).double().mean()
        size = round(float(np.mean([size for _, size in pairs])), 1)
        found.append({"name": f"Opus, level {level:g}", "bytes": size, "heard": round(float(right), 3)})
    return [one | {"bits_a_second": round(8 * one["bytes"] / seconds)} for one in found]


def opus(wave: NDArray[np.int16], rate: int, level: float) -> tuple[NDArray[np.int16], int]:
    """A clip through an Opus file, and its bytes."""
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format="OGG", subtype="OPUS", compression_level=level)
    again, _ = soundfile.read(io.BytesIO(file.getvalue()), dtype="int16")
    return np.pad(again[: len(wave)], (0, max(0, len(wave) - len(again)))), len(file.getvalue())


def show(rows: list[dict[str, Any]], trained: dict[str, Any], size: list[dict[str, Any]]) -> None:
    """The tables."""
    print(f"{trained['images']:,} clips, {trained['cpu_seconds'] or 'unknown'} CPU-s")
    for one in rows:
        within = "{}..{}".format(*one["interval"]) if "interval" in one else ""
        print(
            f"{one['name']:<9} n {one['n']:<5} heard {one['heard']:.3f} {within:<14} Fréchet {one.get('frechet', '')}"
            f" LSD {one.get('log_spectral_distance', '')}"
        )
    for one in size:
        print(
            f"{one['name']:<16} {one['bytes']:>8} bytes {one['bits_a_second']:>8,} bits/s heard {one.get('heard', '')}"
        )


if __name__ == "__main__":
    main()
