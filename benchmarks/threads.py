"""Do two threads of torch beat one? Rounds of training with each number of threads, in turn, in one go.

    python benchmarks/threads.py MNIST CIFAR

Prints how many times as many images a second all threads that torch takes by default draw as one does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from amalgan.config.train_options import TrainOptions
from amalgan.systems import registry
from amalgan.training import loop, plan, processes
from amalgan.training.state import TrainState

RESULT = Path(__file__).parent / "results" / "threads.json"
TURNS, ROUNDS = 8, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--systems", default="fusion,autoencoder,gan")
    asked = parser.parse_args()
    rows = [measured(data, system) for data in asked.data for system in asked.systems.split(",")]
    facts = {"threads": torch.get_num_threads(), "rows": rows}
    RESULT.write_text(json.dumps(facts, indent=2) + "\n")


def measured(data: str, system: str) -> dict[str, Any]:
    """One system on one data set: images a second with one thread and with all, and the median ratio of turns."""
    settings, every = registry.config_class(system)(), torch.get_num_threads()
    order = TrainOptions(
        data=data, system=system, settings=settings, out=Path("unused"), images=100_000, device="cpu"
    )
    with processes.start("cpu") as peers:
        source = plan.read(order, Console(quiet=True))
        run = plan.resolve(order, source, peers)
        state = TrainState.fresh(plan.fresh_system(run, source, peers))

        def seconds(threads: int) -> float:
            torch.set_num_threads(threads)
            started_at = time.perf_counter()
            for _ in range(ROUNDS):
                loop.take_round(run, source, state, peers, progress=0.9)
            return (time.perf_counter() - started_at) / ROUNDS

        loop.settle(state.system, run, source, peers)
        seconds(1)
        turns = [(seconds(1), seconds(every)) for _ in range(TURNS)]
    torch.set_num_threads(every)
    ratio = statistics.median(one / many for one, many in turns)
    speed = run.batch / min(one for one, _ in turns), run.batch / min(many for _, many in turns)
    print(f"{Path(data).name:<12} {system:<12} {every} threads: {ratio:.2f}x of one", flush=True)
    return {
        "data": Path(data).name,
        "system": system,
        "ratio": ratio,
        "images_per_second": dict(zip((1, every), speed, strict=True)),
    }


if __name__ == "__main__":
    main()
