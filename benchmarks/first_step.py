"""Seconds from the command to the first optimizer step, on a warm cache.

    python benchmarks/first_step.py [--data digits] [--systems fusion gan] [--times 3]

Starts ``amalgan train`` and waits for the first line of the run's log, which is written after the first round. The
least of some starts is told beside the median, since other work on the machine only ever adds, and beside the CPU
seconds, which it does not touch. Writes benchmarks/results/first_step.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MOST_SECONDS = 5.0


def main() -> None:
    asked = arguments()
    from amalgan.systems import registry

    with tempfile.TemporaryDirectory() as scratch:
        rows = [measure(asked, name, Path(scratch)) for name in asked.systems or registry.names()]
    print(f"{'system':<14} {'least':>8} {'median':>8} {'CPU':>8}   seconds")
    for row in rows:
        print(f"{row['system']:<14} {row['least']:>8.2f} {row['median']:>8.2f} {row['cpu']:>8.2f}")
    target = HERE / "results" / "first_step.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"data": Path(asked.data).name, "rows": rows}, indent=2) + "\n")
    sys.exit(any(row["least"] >= MOST_SECONDS for row in rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits", help="word or path")
    parser.add_argument("--systems", nargs="*", help="all by default")
    parser.add_argument(
        "--times", type=int, default=3, help="starts of each system; one more, not counted, warms up"
    )
    return parser.parse_args()


def measure(asked: argparse.Namespace, system: str, scratch: Path) -> dict[str, Any]:
    """Some starts of one system."""
    starts = [first_line(asked, system, scratch / f"{system}-{number}") for number in range(asked.times + 1)][
        1:
    ]
    seconds, cpu = zip(*starts, strict=True)
    return {"system": system, "least": min(seconds), "median": statistics.median(seconds), "cpu": min(cpu)}


def first_line(asked: argparse.Namespace, system: str, out: Path) -> tuple[float, float]:
    """Seconds, and CPU seconds, until the log of a new run has a line."""
    command = [sys.executable, "-m", "amalgan", "train", asked.data, "--system", system]
    cpu_before, started_at = cpu_of_children(), time.perf_counter()
    with (out.parent / "told").open("wb") as told:
        child = subprocess.Popen([*command, "--out", str(out), "--images", "1000000"], stderr=told)
    log = out / "log.jsonl"
    while not (log.exists() and log.stat().st_size):
        if child.poll() is not None:
            raise SystemExit(f"{system}: {(out.parent / 'told').read_text()}")
        time.sleep(0.005)
    seconds = time.perf_counter() - started_at
    child.kill()
    child.wait()
    return seconds, cpu_of_children() - cpu_before


def cpu_of_children() -> float:
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
