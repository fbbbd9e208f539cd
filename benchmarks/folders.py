"""What the default training makes of folders that people have: nothing but DATA, a size and some minutes is given.

    python benchmarks/folders.py DATA [DATA ...] --minutes 8 [30 120] [--size 64]

    amalgan train ─► amalgan evaluate ─► amalgan generate, reconstruct ─► results/folders.json, docs/folders-NAME.png

Minutes are those of one thread on a machine that does nothing else. A run that is done is kept and not done again.
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
from PIL import Image

from amalgan import files

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "folders.json"
RUNS = ROOT / "runs" / "folders"
SHOWN = 12
KEPT = (
    "psnr",
    "psnr_pca",
    "psnr_mean",
    "frechet_distance",
    "frechet_floor",
    "frechet_distance_faithful",
    "copies",
)
KEPT_TOO = ("copies_baseline", "precision", "recall", "linear_probe")


def amalgan(*words: str | Path) -> dict[str, Any]:
    """Run a command on one thread and return its JSON."""
    command = [sys.executable, "-m", "amalgan", *map(str, words), "--json"]
    threads = {"OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads}
    )
    return dict(json.loads(found.stdout.splitlines()[-1]))


def trained(data: Path, minutes: float, size: str) -> dict[str, Any]:
    """Train with the defaults, measure, and leave pictures in the run's folder."""
    out = RUNS / f"{data.stem}-{minutes:g}"
    run = amalgan("train", data, "--size", size, "--minutes", minutes, "--out", out, "--overwrite")
    amalgan("generate", out, "--count", SHOWN, "--out", out / "new.npz")
    amalgan("reconstruct", out, data, "--out", out / "rebuilt.npz")
    found = amalgan("evaluate", out, data)
    sheet(data, out)
    measures = {key: found["metrics"].get(key) for key in (*KEPT, *KEPT_TOO)}
    return {
        "images": run["images"],
        "cpu_seconds": run["cpu_seconds"],
        "doubts": run["doubts"],
        "n": found["n"],
        "features": found["features"],
        "metrics": measures,
    }


def sheet(data: Path, out: Path) -> None:
    """Write a row of new pictures above rows of real ones and their reconstructions."""
    new, rebuilt = (np.load(out / f"{name}.npz")["x"] for name in ("new", "rebuilt"))
    rows = [new[:SHOWN], rebuilt[np.linspace(0, len(rebuilt) - 1, SHOWN).astype(int)]]
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    Image.fromarray(picture).save(ROOT / "docs" / f"folders-{out.name}.png")


def main() -> None:
    """Train what is not done yet and print a line a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--minutes", nargs="+", type=float, default=[8.0])
    parser.add_argument("--size", default="64")
    asked = parser.parse_args()
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for minutes in asked.minutes:
        for data in asked.data:
            name = f"{data.stem} {minutes:g}"
            if name not in kept:
                kept[name] = trained(data, minutes, asked.size)
                files.write_json(RESULTS, kept)
            print(name, json.dumps(kept[name]["metrics"]), flush=True)


if __name__ == "__main__":
    main()
