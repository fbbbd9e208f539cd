"""CPU-seconds until generated pictures come as near as a stated level: a DCGAN beside amalgan's systems.

    python benchmarks/peers/time_to_level.py --data MNIST_FOLDER --peers VENV --runs FOLDER
        [--systems gan fusion autoencoder] [--cpu-seconds 30 60 120 240] [--dcgan-minutes 20] [--levels 20 10 5 3]

    DCGAN      one run, snapshots of 10,000 samples as it goes          ─┐
    amalgan    one whole run a budget, its schedule as long as that run ─┴─► Fréchet distance ─► first at the level

The ruler is amalgan's: its features of this data, 10,000 generated against the test split. A system reaches a level
with the first run, or snapshot, at or below it; nothing is read between two. DCGAN is given the best of its raw and
its averaged weights at every snapshot, and pays for training alone; amalgan pays for its whole run: opening the data,
settling, validating, saving. A schedule must know its end, so that amalgan's budgets are runs of their own: whoever
wants a level has to know the budget. The ratios are of CPU-seconds on one thread, the sides run one after another.

What is found in --runs is not run again. Writes benchmarks/results/time_to_level.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rate import seconds_an_image
from rich.console import Console
from torch import Tensor

from amalgan.config.train_options import TrainOptions
from amalgan.core import files
from amalgan.data import Dataset, open_data
from amalgan.data.decoding.pixels import from_pixels, to_pixels
from amalgan.features import features_of
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.systems import model_file, registry
from amalgan.tasks.generate import generate
from amalgan.training.run import execute

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
SAMPLES = 10_000
RATE_SECONDS = 8.0
"""CPU-seconds spent to find out how many images fit a budget."""


class Ruler:
    """Fréchet distance of uint8 pictures from the test split."""

    def __init__(self, data: Dataset) -> None:
        self.data, self.look = data, features_of(data)
        self.real = Moments.of(self.features(data.test.pixels(slice(0, SAMPLES))))

    @property
    def name(self) -> str:
        """What its numbers are called."""
        against = f"{min(SAMPLES, len(self.data.test))} of the test split, features {self.look.name}"
        return f"Fréchet distance, {SAMPLES} generated against {against}"

    def features(self, pixels: Any) -> Tensor:
        """Features of uint8 (N, C, H, W)."""
        return self.look(from_pixels(pixels, self.data.spec))

    def distance(self, x: Any) -> float:
        """Of uint8 pictures (N, H, W)."""
        return frechet_distance(Moments.of(self.features(x[:, None])), self.real)


def main() -> None:
    """Run what is missing, measure, compare, write."""
    asked = parsed()
    torch.set_num_threads(1)
    ruler = Ruler(open_data(str(asked.data)))
    curves = {"dcgan": dcgan(asked, ruler)} if asked.peers else {}
    curves |= {name: amalgan(asked, name, ruler) for name in asked.systems}
    reached = {name: {level: first(curve, level) for level in asked.levels} for name, curve in curves.items()}
    report = {"metric": ruler.name, "data": asked.data.name, "seed": asked.seed, "dcgan": vars_of(asked)}
    report |= {"curves": curves, "cpu_seconds_to_level": reached, "ratios": ratios(reached)}
    (RESULTS / "time_to_level.json").write_text(json.dumps(report, indent=2) + "\n")
    show(report, asked.levels)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's IDX files")
    parser.add_argument("--peers", type=Path, help="the peers' venv, made by setup.sh; without it, no DCGAN")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--systems", nargs="*", default=["gan", "fusion", "autoencoder"])
    parser.add_argument(
        "--cpu-seconds", nargs="*", type=int, default=[30, 60, 120, 240], help="amalgan's budgets"
    )
    parser.add_argument(
        "--dcgan-minutes", type=float, default=20.0, help="CPU-minutes of the DCGAN's training"
    )
    parser.add_argument(
        "--side", choices=("resize", "pad"), default="pad", help="how DCGAN's 32 x 32 meets 28 x 28"
    )
    parser.add_argument("--bfloat16", action="store_true", help="give the DCGAN bfloat16 autocast")
    parser.add_argument("--levels", nargs="*", type=float, default=[20.0, 10.0, 5.0, 3.0])
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def vars_of(asked: argparse.Namespace) -> dict[str, Any]:
    """The DCGAN's settings, for the report."""
    return {"side": asked.side, "bfloat16": asked.bfloat16, "minutes": asked.dcgan_minutes}


def dcgan(asked: argparse.Namespace, ruler: Ruler) -> list[dict[str, Any]]:
    """The DCGAN's curve: CPU-seconds and the better of its two distances."""
    kind = f"dcgan-{asked.side}{'-bfloat16' * asked.bfloat16}-{asked.dcgan_minutes:g}m-{asked.seed}"
    folder = asked.runs / kind
    if not (folder / "done.json").exists():
        train_dcgan(asked, folder)
    lines = [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]
    return [measured(line, folder, ruler) for line in lines]


def train_dcgan(asked: argparse.Namespace, folder: Path) -> None:
    """Run the DCGAN in the peers' venv."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "curve.jsonl").unlink(missing_ok=True)
    command = [str(asked.peers / "bin" / "python"), str(HERE / "dcgan.py"), "--data", str(asked.data)]
    command += ["--cpu-minutes", str(asked.dcgan_minutes), "--side", asked.side, "--seed", str(asked.seed)]
    command += ["--curve", str(folder), *["--bfloat16"] * asked.bfloat16]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(f"the DCGAN failed:\n{done.stderr[-2000:]}")
    files.write_json(folder / "done.json", json.loads(done.stdout.splitlines()[-1]))


def measured(line: dict[str, Any], folder: Path, ruler: Ruler) -> dict[str, Any]:
    """One snapshot: images, CPU-seconds, the distance of each kind of weights and the least of them."""
    each = {}
    for kind, name in line["samples"].items():
        with np.load(folder / Path(name).name) as held:
            each[kind] = ruler.distance(held["x"])
    return {key: line[key] for key in ("images", "cpu_seconds")} | {
        "distance": min(each.values()),
        "of": each,
    }


def amalgan(asked: argparse.Namespace, name: str, ruler: Ruler) -> list[dict[str, Any]]:
    """A system's curve: a whole run for each budget."""
    return [cell(asked, name, seconds, ruler) for seconds in sorted(asked.cpu_seconds)]


def cell(asked: argparse.Namespace, name: str, seconds: int, ruler: Ruler) -> dict[str, Any]:
    """One run of about ``seconds``, trained or found trained: what it took and its distance."""
    out = asked.runs / f"{name}-{seconds}s-{asked.seed}"
    note = out / "cost.json"
    if not note.exists():
        files.write_json(note, trained(asked, name, seconds, out))
    model = model_file.load(out)
    made = torch.cat(list(generate(model, SAMPLES, seed=asked.seed)))
    return json.loads(note.read_text()) | {"distance": ruler.distance(to_pixels(made, ruler.data.spec))}


def trained(asked: argparse.Namespace, name: str, seconds: int, out: Path) -> dict[str, Any]:
    """Train for as many images as fit ``seconds``; the images and the CPU-seconds it really took."""
    each = seconds_an_image(name, str(asked.data), RATE_SECONDS)
    settings = registry.config_class(name)()
    images = max(64, round(seconds / each))
    order = TrainOptions(
        data=str(asked.data),
        system=name,
        settings=settings,
        out=out,
        images=images,
        seed=asked.seed,
        overwrite=True,
    )
    result = execute(order, Console(file=sys.stderr, quiet=True))
    return {"images": result.images, "asked_seconds": seconds, "cpu_seconds": result.cpu_seconds}


def first(curve: list[dict[str, Any]], level: float) -> float | None:
    """CPU-seconds of the first point at or below ``level``; None where there is none."""
    times = [point["cpu_seconds"] for point in curve if point["distance"] <= level]
    return min(times, default=None)


def ratios(reached: dict[str, dict[float, float | None]]) -> dict[str, dict[float, float]]:
    """The DCGAN's CPU-seconds over each system's, where both reached the level."""
    peer = reached.get("dcgan", {})
    return {
        name: {level: peer[level] / took for level, took in levels.items() if took and peer.get(level)}
        for name, levels in reached.items()
        if name != "dcgan"
    }


def show(report: dict[str, Any], levels: list[float]) -> None:
    """A row a system: CPU-seconds to each level, and how many times sooner than the DCGAN."""
    print(report["metric"])
    print(f"{'CPU-seconds to':<14}" + "".join(f"{level:>20g}" for level in levels))
    for name, took in report["cpu_seconds_to_level"].items():
        shares = report["ratios"].get(name, {})
        cells = [said(took[level], shares.get(level)) for level in levels]
        print(f"{name:<14}" + "".join(f"{cell:>20}" for cell in cells))
    for name, curve in report["curves"].items():
        told = ", ".join(f"{point['cpu_seconds']:.0f} s: {point['distance']:.2f}" for point in curve)
        print(f"{name}: {told}")


def said(seconds: float | None, ratio: float | None) -> str:
    """One cell of the table."""
    if seconds is None:
        return "not reached"
    return f"{seconds:.0f}" + (f" ({ratio:.1f}x sooner)" if ratio else "")


if __name__ == "__main__":
    main()
