"""Every system on one data set, one budget of images, one ruler: the table of docs/results.md.

    python benchmarks/table.py PATH/TO/mnist --images 400000        about 40 minutes on one core

Each cell is a run folder; killed and started again it goes on where it was. The numbers go to
``benchmarks/results/table-NAME.json`` and, as a table, to stdout.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from amalgan import files, modelfile, registry
from amalgan.data import Dataset, open_data
from amalgan.features import features_of
from amalgan.tasks.evaluate import evaluate
from amalgan.training.run import Order, execute

RESULTS = Path(__file__).parent / "results"
COLUMNS = {
    "frechet_distance": "Fréchet",
    "frechet_distance_faithful": "Fréchet of x'",
    "precision": "precision",
    "recall": "recall",
    "psnr": "PSNR x'",
    "psnr_realistic": "PSNR x''",
    "cpu_seconds": "CPU-seconds",
}


def main() -> None:
    """Train what is missing, evaluate, write, print."""
    options = parsed()
    console = Console(stderr=True)
    data = open_data(options.data)
    rows = {name: cell(options, name, data, console) for name in options.systems.split(",")}
    report = {"data": data.name, "images": options.images, "seed": options.seed, "systems": rows}
    files.write_json(RESULTS / f"table-{data.name}.json", report)
    print_table(report)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="digits, or the path of a data set")
    parser.add_argument("--images", type=int, default=400_000)
    parser.add_argument("--systems", default="autoencoder,gan,fusion")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path("runs/table"))
    return parser.parse_args()


def cell(options: argparse.Namespace, name: str, data: Dataset, console: Console) -> dict[str, object]:
    """One system, trained (or found trained) and measured."""
    out = options.runs / data.name / f"{name}-{options.seed}"
    note = out / "cost.json"
    if not note.exists():
        settings = registry.config_class(name)()
        order = Order(
            data=options.data,
            system=name,
            settings=settings,
            out=out,
            images=options.images,
            seed=options.seed,
            resume=True,
        )
        result = execute(order, console)
        files.write_json(
            note, {"cpu_seconds": round(result.cpu_seconds), "resumed": result.resumed_at_images}
        )
    model = modelfile.load(out)
    found = evaluate(model, data, features=features_of(data)).to_json()
    return {**found, "cpu_seconds": json.loads(note.read_text())["cpu_seconds"]}


def print_table(report: dict[str, object]) -> None:
    """The columns of ``COLUMNS``, a row a system, as Markdown."""
    print(f"{report['data']}, {report['images']:,} images, seed {report['seed']}\n")
    print("| system | " + " | ".join(COLUMNS.values()) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, row in report["systems"].items():
        values = {**row["metrics"], "cpu_seconds": row["cpu_seconds"]}
        shown = [f"{values[key]:.3g}" if values.get(key) is not None else "" for key in COLUMNS]
        print(f"| {name} | " + " | ".join(shown) + " |")


if __name__ == "__main__":
    main()
