"""Peak memory and speed of reading N small pictures: the first time, and from the cache.

    python benchmarks/data_memory.py --counts 1000 100000

Each count is a ZIP of N different 32x32 PNGs, opened by a fresh process without torch (as ``amalgan inspect``).
Prints a line a count and writes benchmarks/results/data_memory.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

RESULTS = Path(__file__).parent / "results" / "data_memory.json"
OPEN = """
import json, resource, sys, time
from amalgan.data import open_data
import numpy as np
started = time.perf_counter()
dataset = open_data(sys.argv[1])
seconds = time.perf_counter() - started
for rows in np.random.default_rng(0).integers(0, len(dataset.train), (2000, 64)):
    dataset.train.pixels(rows)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"pictures": len(dataset.records), "seconds": round(seconds, 3), "peak_mib": round(peak, 1)}))
"""


def make(path: Path, count: int) -> None:
    """Write a ZIP of ``count`` different small PNGs, in a process of its own: zipfile remembers every entry."""
    draw = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for row in range(count):
            small = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            file = BytesIO()
            Image.fromarray(small).resize((32, 32), Image.Resampling.NEAREST).save(
                file, "PNG", compress_level=1
            )
            archive.writestr(f"{row % 10}/{row:08d}.png", file.getvalue())


def measure(path: Path, cache: Path) -> dict[str, float]:
    """Open ``path`` in a fresh process."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", OPEN, str(path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        return make(Path(arguments.make[0]), int(arguments.make[1]))
    results = []
    for count in arguments.counts:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pictures.zip"
            subprocess.run([sys.executable, __file__, "--make", str(path), str(count)], check=True)
            for state in ("cold", "cached"):
                found = {"state": state, **measure(path, Path(folder) / "cache")}
                rate = found["pictures"] / found["seconds"]
                results.append(found | {"pictures_per_second": round(rate)})
                print(
                    f"{count:>9,} pictures, {state:>6}: {found['peak_mib']:7.1f} MiB peak, "
                    f"{found['seconds']:7.2f} s, {rate:9,.0f} pictures/s",
                    flush=True,
                )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps({"command": " ".join(["python", *sys.argv]), "results": results}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
