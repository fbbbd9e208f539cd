"""What a run with --minutes costs beside training, and whether the minutes are kept.

    python benchmarks/overheads.py MNIST CIFAR [--minutes 2,5] [--systems fusion,autoencoder]

Each cell is a run from the order to the published model; Python's start and reading, which --minutes do not count, are
not in it. Kept in results/overheads.json, a row a cell.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from amalgan.config.train_options import TrainOptions
from amalgan.systems import registry
from amalgan.training import plan, run
from amalgan.training.ledger import Ledger

RESULT = Path(__file__).parent / "results" / "overheads.json"
TRAINING = "training"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--systems", default="fusion,autoencoder")
    parser.add_argument("--minutes", default="2,5")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = [
        measured(data, system, float(minutes))
        for minutes in asked.minutes.split(",")
        for data in asked.data
        for system in asked.systems.split(",")
    ]
    facts = {"rows": rows}
    RESULT.write_text(json.dumps(facts, indent=2) + "\n")


def measured(data: str, system: str, minutes: float) -> dict[str, Any]:
    """One run: seconds by kind of work."""
    ledgers: list[Ledger] = []

    def ledger(*clock: Any) -> Ledger:
        ledgers.append(Ledger(*clock))
        return ledgers[-1]

    run.Ledger = ledger  # type: ignore[misc, assignment]  # to look into what the run spends its time on
    with tempfile.TemporaryDirectory() as scratch:
        settings = registry.config_class(system)()
        order = TrainOptions(
            data=data,
            system=system,
            settings=settings,
            out=Path(scratch) / "run",
            minutes=minutes,
            device="cpu",
        )
        result = run.execute(order, Console(quiet=True))
    ledgers[0].count()
    seconds = {name: round(spent, 2) for name, spent in ledgers[0].seconds.items()}
    row = {"data": Path(data).name, "system": system, "minutes": minutes, "images": result.images}
    row |= {"cpu_seconds": round(result.cpu_seconds, 1), "seconds": seconds}
    told(row)
    return row


def told(row: dict[str, Any]) -> None:
    """Print one row."""
    seconds = {name: spent for name, spent in row["seconds"].items() if name != plan.READING}
    whole = sum(seconds.values())
    beside = sorted(((spent, name) for name, spent in seconds.items() if name != TRAINING), reverse=True)
    parts = ", ".join(f"{name} {spent:.1f} s" for spent, name in beside if spent >= 0.05)
    kept, share = whole / (60 * row["minutes"]), sum(spent for spent, _ in beside) / whole
    print(
        f"{row['data']:<12} {row['system']:<12} {row['minutes']:g} min: {whole:.0f} s ({kept:.1%} of it), "
        f"beside training {share:.1%}: {parts}",
        flush=True,
    )


if __name__ == "__main__":
    main()
