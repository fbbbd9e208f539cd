"""What a GPU makes of training: images a second and memory, system by system.

    python benchmarks/gpu.py [--device cuda] [--preset base] [--sides 32 64] [--batches 64 512] [--seconds 3]

    for each side, system, precision, batch: a few rounds of every stage untimed, then rounds for so many seconds,
    the stages weighed by their share of training, as --minutes weighs them; the device is waited for before the clock
    is read. Memory is the most that torch held on the device at once, pictures of the data set included.

Pictures are random, 3 channels, 10 classes: speed does not depend on what they show. TFLOP/s are of convolutions and
matrix products, counted in training, lazy penalties in proportion. Writes benchmarks/results/gpu.json.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import writing
from amalgan.config.data import DataConfig
from amalgan.config.run import RunConfig
from amalgan.data import Dataset, open_data
from amalgan.studies.compare.costs import peaks, work_of_training
from amalgan.studies.compare.settings import trained_parameters
from amalgan.studies.compare.timing import clock_of
from amalgan.systems import registry
from amalgan.training import budget, loop
from amalgan.training.plan import fresh_system
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

RESULTS = Path(__file__).parent / "results"
PICTURES, CLASSES = 5_000, 10
UNTIMED, AT_ONCE = 12, 12
"""Rounds before the clock starts, and between two looks at it: fusion's GAN plays in every third, with penalties in
every fourth of these."""


def main() -> None:
    """Measure every combination, print, write."""
    asked = parsed()
    facts: dict[str, Any] = {"device": name_of(asked.device), "torch": torch.__version__}
    facts |= {"preset": asked.preset, "seconds": asked.seconds, "rows": []}
    for side in asked.sides:
        with tempfile.TemporaryDirectory() as folder:
            data = pictures(side, Path(folder))
            for row in (row for system in asked.systems for row in rows_of(asked, data, system)):
                facts["rows"].append(row)
                writing.write_json(asked.out, facts)  # now: time on a GPU may be short


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", choices=("cuda", "mps", "cpu"))
    parser.add_argument("--preset", default="base", choices=("quick", "base"))
    parser.add_argument("--sides", nargs="+", type=int, default=[32, 64])
    parser.add_argument("--systems", nargs="+", default=["autoencoder", "gan", "fusion"])
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 512])
    parser.add_argument("--seconds", type=float, default=3.0, help="of training a combination")
    parser.add_argument("--out", type=Path, default=RESULTS / "gpu.json")
    return parser.parse_args()


def pictures(side: int, folder: Path) -> Dataset:
    """Random pictures of one size."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (PICTURES, side, side, 3), np.uint8)
    np.savez(folder / "random.npz", x=x, y=np.arange(PICTURES) % CLASSES)
    return open_data(str(folder / "random.npz"), DataConfig(cache=str(folder / "cache")))


def rows_of(asked: argparse.Namespace, data: Dataset, system: str) -> Iterator[dict[str, Any]]:
    """A row a precision and batch; the work for an image is the same in all."""
    work = work_of_training(run_of(asked, data, system, "float32", asked.batches[0]), data)
    for precision in asked.precisions:
        for batch in asked.batches:
            yield told(asked, data, run_of(asked, data, system, precision, batch), work)


def told(asked: argparse.Namespace, data: Dataset, run: RunConfig, work: float) -> dict[str, Any]:
    """One combination, measured and printed; with the reason where memory does not suffice."""
    row: dict[str, Any] = {
        "side": data.spec.shape[1],
        "system": run.system,
        "precision": run.precision,
        "batch": run.batch,
    }
    try:
        row |= measured(asked, data, run)
        row["tflops"] = work * row["images_per_second"] / 1e12
        memory = "" if row["peak_mib"] is None else f", {row['peak_mib']:,.0f} MiB"
        said = f"{row['images_per_second']:,.0f} images/s, {row['tflops']:.2f} TFLOP/s{memory}"
    except torch.OutOfMemoryError:
        row["failed"] = said = "out of memory"
    print(f"{row['side']:>3} {run.system:<12} {run.precision:<9} batch {run.batch:>4}: {said}", flush=True)
    return row


def run_of(asked: argparse.Namespace, data: Dataset, system: str, precision: Any, batch: int) -> RunConfig:
    """The run that would be trained."""
    settings = registry.config_class(system)().preset(asked.preset).resolved(data.spec)
    return RunConfig(
        system=system,
        settings=settings,
        data=data.name,
        images=batch * 1000,
        batch=batch,
        precision=precision,
    )


def measured(asked: argparse.Namespace, data: Dataset, run: RunConfig) -> dict[str, Any]:
    """Speed and memory of a run."""
    forget_peak(asked.device)
    peers = Processes(device=asked.device)
    system = fresh_system(run, data, peers)
    state = TrainState.fresh(system)
    loop.settle(system, replace(run, images=run.batch), data, peers)
    stages = budget.intervals(system)
    a_round = sum(
        (stop - start) * seconds_a_round(asked, run, data, state, peers, (start + stop) / 2)
        for start, stop in stages
    )
    found = {
        "images_per_second": run.batch / a_round,
        "peak_mib": peaks(asked.device).get("device_memory_mib"),
    }
    return found | {"parameters": trained_parameters(system)}


def seconds_a_round(
    asked: argparse.Namespace,
    run: RunConfig,
    data: Dataset,
    state: TrainState,
    peers: Processes,
    progress: float,
) -> float:
    """Of a round at this progress, over ``--seconds`` shared by the stages."""
    take(UNTIMED, run, data, state, peers, progress)
    clock, stages = clock_of(asked.device), len(budget.intervals(state.system))
    started_at, rounds = clock(), 0
    while (spent := clock() - started_at) < asked.seconds / stages:
        take(AT_ONCE, run, data, state, peers, progress)
        rounds += AT_ONCE
    return spent / rounds


def take(
    rounds: int, run: RunConfig, data: Dataset, state: TrainState, peers: Processes, progress: float
) -> None:
    """So many rounds."""
    for _ in range(rounds):
        loop.take_round(run, data, state, peers, progress=progress)


def forget_peak(device: str) -> None:
    """Let the most memory held be counted from here."""
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def name_of(device: str) -> str:
    """What the device calls itself."""
    return torch.cuda.get_device_name() if device == "cuda" else device


if __name__ == "__main__":
    main()
