"""Many pictures through generate, embed, detect and reconstruct: memory that stays flat, and a kill that costs nothing.

    python benchmarks/embed.py [--counts 10000 100000] [--images 20000] [--commands embed detect]

A small autoencoder learns the built-in digits (8 x 8). Then, for each count: ``generate --count N --out x.npz``; those
pictures through ``embed``, ``detect`` (the digits' held-out part as normals) and ``reconstruct``, each to one file, the
cache cold at first. Peak memory is the process's own largest resident set, which holds 300 MiB of libraries.

At the largest count each command is killed by SIGKILL as soon as a third of its journal is on disk, and run again: the
file must be byte for byte that of the run that was never killed, and a third run must write nothing. One thread.
Writes benchmarks/results/embed.json.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import writing

RESULT = Path(__file__).parent / "results" / "embed.json"
COMMANDS = ("embed", "detect", "generate", "reconstruct")
MIB = 1024
"""Kilobytes, in which Linux counts memory."""


def main() -> None:
    """Measure every command at every count, then kill each at the largest."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--commands", nargs="*", default=[*COMMANDS])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        train = ["--system", "autoencoder", "--network.width", "8", "--images", str(asked.images)]
        ran(["train", "digits", *train, "--out", str(place / "run"), "--device", "cpu"], place)
        rows = [row for count in asked.counts for row in measured(place, count, asked.commands)]
        kills: list[dict[str, Any]] = []
        for name in asked.commands:
            kills.append(killed(place, name, max(asked.counts)))
            writing.write_json(RESULT, {"images": asked.images, "rows": rows, "kills": kills})


def measured(place: Path, count: int, commands: list[str]) -> list[dict[str, Any]]:
    """Each command once; ``generate``, whose pictures the others read, even where it was not asked for."""
    rows = []
    for name in dict.fromkeys(["generate", *commands]):
        started_at = time.monotonic()
        facts, peak, cpu = ran(words(place, name, count), place)
        seconds = time.monotonic() - started_at
        assert facts["n"] == count and not facts.get("skipped")
        rows.append(
            {
                "command": name,
                "pictures": count,
                "peak_mib": round(peak / MIB),
                "seconds": round(seconds, 1),
                "cpu_seconds": round(cpu, 1),
                "a_cpu_second": round(count / cpu),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def words(place: Path, name: str, count: int, out: str = "whole") -> list[str]:
    """A command line."""
    model, made = str(place / "run"), str(place / f"generate-{count}-whole.npz")
    target = str(place / f"{name}-{count}-{out}{'.csv' if name == 'detect' else '.npz'}")
    extra = {"generate": ["--count", str(count)], "detect": [made, "--normals", "digits"]}
    return [name, model, *extra.get(name, [made]), "--out", target]


def started(command: list[str], place: Path, out: Any) -> subprocess.Popen[bytes]:
    """The command line in a process of its own."""
    home = {"XDG_CACHE_HOME": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "amalgan", *command, "--json"],
        stdout=out,
        stderr=subprocess.DEVNULL,
        env=os.environ | home,
    )


def ran(command: list[str], place: Path) -> tuple[dict[str, Any], int, float]:
    """What a command said, its peak memory in kilobytes, and its CPU seconds."""
    with tempfile.TemporaryFile() as out:
        process = started(command, place, out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {text}")
    return json.loads(text.splitlines()[-1]), used.ru_maxrss, used.ru_utime + used.ru_stime


def killed(place: Path, name: str, count: int) -> dict[str, Any]:
    """Kill a command on its way, run it again, and once more."""
    command = words(place, name, count, "again")
    whole, again = (Path(words(place, name, count, out)[-1]) for out in ("whole", "again"))
    with tempfile.TemporaryFile() as out:
        process = started(command, place, out)
        at = struck(process, place, again, whole.stat().st_size / 3)
        process.wait()
    assert process.returncode == -signal.SIGKILL, "it ended before it was killed; ask for a larger count"
    assert not again.exists()
    first, _, _ = ran(command, place)
    second, _, _ = ran(command, place)
    left = [path.name for path in place.glob(".*") if path.is_file()]
    found = {
        "command": name,
        "killed_at_journal_bytes": at,
        "equal": again.read_bytes() == whole.read_bytes(),
        "written": [bool(first["written"]), bool(second["written"])],
        "files_left_behind": len(left),
    }
    print(json.dumps(found), flush=True)
    return found


def struck(process: subprocess.Popen[bytes], place: Path, target: Path, least: float) -> int:
    """Kill ``process`` once its journal is large enough; how large it was."""
    most = least if target.suffix == ".npz" else least / 4
    while process.poll() is None:
        sizes = [path.stat().st_size for path in place.glob(f".{target.name}.*.rows")]
        if sizes and sizes[0] >= most:
            os.kill(process.pid, signal.SIGKILL)
            return sizes[0]
        time.sleep(0.005)
    return 0


if __name__ == "__main__":
    main()
