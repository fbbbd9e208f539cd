"""Does the watchdog ever cry wolf? Ten thousand rounds of every system with its defaults, alarms counted.

    python benchmarks/healthy.py [--data digits] [--rounds 10000] [--only SYSTEM]

    system ─► so many rounds of 64 ─► roll-backs, warnings ─► a line, kept in results/healthy.json

A roll-back, a stop or a warning of the watchdog in a run that ends well is a false alarm. Whether it ended well is said
by the squared error of its reconstructions of validation examples, in that of the simplest guess.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

import writing
from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.config.training_signs import ALL_ALIKE, NEVER_WRONG
from amalgan.core.errors import Diverged
from amalgan.data import open_data
from amalgan.systems import model_file, registry
from amalgan.training.baseline import Baseline
from amalgan.training.plan import mean_of
from amalgan.training.run import execute
from amalgan.training.watchdog import NOTHING_LEARNED

RESULTS = Path(__file__).parent / "results" / "healthy.json"
BATCH = 64
ALARMS = (
    "Back to round",
    *(text.rpartition("}")[2] for text in (NOTHING_LEARNED, ALL_ALIKE, NEVER_WRONG)),
)
"""What the watchdog's sentences hold, each from the last value in it on."""


def trained(system: str, data: str, rounds: int, folder: Path) -> dict[str, Any]:
    """Train a system; return the lines of its watchdog, what it cost, and how good it became."""
    words = Console(file=open("/dev/null", "w"), record=True, width=400)  # noqa: SIM115 - nobody reads it
    order = TrainOptions(
        data=data,
        system=system,
        settings=registry.config_class(system)(),
        out=folder / system,
        images=rounds * BATCH,
        batch=BATCH,
        reading=DataConfig(cache=str(folder / "cache")),
    )
    started_at = time.process_time()
    try:
        result = execute(order, words)
    except Diverged as error:
        return {"rounds": rounds, "alarms": [str(error)], "ratio": None}
    return {
        "rounds": rounds,
        "alarms": [line for line in words.export_text().splitlines() if any(sign in line for sign in ALARMS)],
        "ratio": ratio(order, result.model),
        "cpu_seconds": round(time.process_time() - started_at),
    }


@torch.no_grad()
def ratio(order: TrainOptions, place: Path) -> float | None:
    """Return the squared error of reconstructions, in that of the simplest guess; None without either."""
    data = open_data(order.data, order.reading, seed=order.seed)
    return Baseline.of(data.validation, mean_of(data.train), "cpu").ratio(model_file.load(place).system)


def main() -> None:
    """Train what is not done yet and print a line a system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--only", default="", help="systems whose name holds this text")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for system in registry.names():
            if system not in kept and asked.only in system:
                kept[system] = trained(system, asked.data, asked.rounds, Path(folder))
                writing.write_json(RESULTS, kept)
                print(line(system, kept[system]), flush=True)
    wrong = [system for system, found in kept.items() if found["alarms"]]
    print(f"{len(wrong)} of {len(kept)} systems with a false alarm in {asked.rounds:,} rounds: {wrong}")


def line(system: str, found: dict[str, Any]) -> str:
    """Return what came of a system in words."""
    end = "" if found["ratio"] is None else f", {found['ratio']:.3f} of the simplest guess's error"
    return f"{system:12} {found['rounds']:,} rounds, {len(found['alarms'])} alarms{end}" + "".join(
        f"\n    {alarm}" for alarm in found["alarms"]
    )


if __name__ == "__main__":
    main()
