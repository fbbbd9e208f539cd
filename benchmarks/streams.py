"""Embedding many pictures: decoded as they come, from a store of their pixels as before, and in two parts at once.

    python benchmarks/streams.py --counts 10000 100000

Each count is tar shards of 1,000 different 16x16 PNGs. Every way starts a fresh process (two, for two parts) without a
cache. Says CPU seconds, seconds of the clock, peak memory and bytes written, holds the results against one another, and
writes benchmarks/results/streams.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

RESULTS = Path(__file__).parent / "results" / "streams.json"
EACH = 1000
RUN = """
import json, resource, sys
from amalgan.cli import main
if sys.argv[1] == "stored":
    from amalgan.config.data import DataConfig
    from amalgan.data import open_data
    from amalgan.systems import model_file
    cache = sys.argv[sys.argv.index("--cache") + 1]
    open_data(sys.argv[4], DataConfig(cache=cache), like=model_file.load(sys.argv[3]).spec)
code = main(sys.argv[2:])
own = resource.getrusage(resource.RUSAGE_SELF)
written = dict(line.split(": ") for line in open("/proc/self/io").read().splitlines())["wchar"]
facts = {"cpu_seconds": own.ru_utime + own.ru_stime, "peak_mib": own.ru_maxrss / 1024, "bytes": int(written)}
print(json.dumps(facts), file=sys.stderr)
sys.exit(code)
"""


def make(folder: Path, count: int) -> None:
    """Write ``count`` different pictures as shards."""
    draw = np.random.default_rng(0)
    folder.mkdir()
    for shard in range(-(-count // EACH)):
        with tarfile.open(folder / f"{shard:05d}.tar", "w") as archive:
            for row in range(shard * EACH, min((shard + 1) * EACH, count)):
                file = BytesIO()
                small = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
                picture = Image.fromarray(small).resize((16, 16), Image.Resampling.NEAREST)
                picture.save(file, "PNG", compress_level=1)
                entry = tarfile.TarInfo(f"{row % 10}/{row:08d}.png")
                entry.size = file.tell()
                archive.addfile(entry, BytesIO(file.getvalue()))


def trained(folder: Path) -> Path:
    """A small model of such pictures."""
    out = folder / "run"
    make(folder / "few", EACH)
    words = (
        "train",
        folder / "few",
        "--system",
        "autoencoder",
        "--images",
        "2000",
        "--size",
        "16",
        "--out",
        out,
    )
    small = ("--network.width", "8", "--network.widest", "32", "--code-size", "32", "--device", "cpu")
    subprocess.run(
        [sys.executable, "-m", "amalgan", *map(str, words), *small], check=True, capture_output=True
    )
    return out


def measure(way: str, commands: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Start all commands at once; what they took together, of memory the most that one took."""
    started = time.perf_counter()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, way, *map(str, words)], stderr=subprocess.PIPE, text=True
        )
        for words in commands
    ]
    said = [process.communicate()[1].splitlines()[-1] for process in running]
    if any(process.returncode for process in running):
        sys.exit("\n".join(said))
    facts = [json.loads(line) for line in said]
    return {
        "way": way,
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(sum(one["cpu_seconds"] for one in facts), 1),
        "peak_mib": round(max(one["peak_mib"] for one in facts), 1),
        "written_mib": round(sum(one["bytes"] for one in facts) / 2**20, 1),
    }


def digest(place: Path) -> str:
    """What stands for the bytes of a file."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compared(folder: Path, model: Path, count: int) -> list[dict[str, Any]]:
    """All ways on ``count`` pictures."""
    data = folder / "pictures"
    make(data, count)

    def words(name: str, *more: str) -> list[Any]:
        return [
            "embed",
            model,
            data,
            "--cache",
            folder / f"cache-{name}",
            "--out",
            folder / f"{name}.npz",
            *more,
        ]

    found = [measure("streamed", [words("streamed")]), measure("stored", [words("stored")])]
    parts = [words(f"part-{part}", "--shard", f"{part}/2") for part in (1, 2)]
    found.append(measure("two parts", parts))
    gathered = ["gather", folder / "part-1.npz", folder / "part-2.npz", "--out", folder / "joined.npz"]
    found.append(measure("gather", [gathered]))
    digests = {digest(folder / f"{name}.npz") for name in ("streamed", "stored", "joined")}
    result = (folder / "streamed.npz").stat().st_size / 2**20
    facts = {"pictures": count, "equal": len(digests) == 1, "result_mib": round(result, 1)}
    return [facts | one for one in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    rows = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else []
    os.environ["OMP_NUM_THREADS"] = "1"
    for count in parser.parse_args().counts:
        with tempfile.TemporaryDirectory() as place:
            rows = [row for row in rows if row["pictures"] != count]
            rows += compared(Path(place), trained(Path(place)), count)
        for row in rows:
            print(row)
        rows.sort(key=lambda row: row["pictures"])
        RESULTS.write_text(json.dumps({"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
