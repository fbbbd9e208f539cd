"""Is the stress run strong enough? Remove one safeguard after the other; it must fail each time.

src ─► a copy ─► one line changed ─► python -m stress --only PROMISE, on the copy ─► exit code 1
             └─► nothing changed  ─► the same promises                            ─► exit code 0

python -m stress.mutants [--only NAME ...] [--jobs 2]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import amalgan
from stress.__main__ import PROMISES
from stress.safeguards import MUTANTS, Mutant

SOURCE = Path(amalgan.__file__).parent
SHARE = "0.02"
SECONDS = 1200
"""For one promise, on a machine that is busy with other things, too."""
NOTICED, TIMED_OUT = 1, 124


def main() -> int:
    """Try every mutant; say which the stress run did not notice."""
    names = [mutant.name for mutant in MUTANTS]
    parser = argparse.ArgumentParser(prog="python -m stress.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help="; ".join(names))
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried at once")
    parser.add_argument("--json", type=Path, help="keep what came out in this file")
    asked = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not asked.only or mutant.name in asked.only]
    with ThreadPoolExecutor(asked.jobs) as pool:
        broken = [name for name, code in pool.map(untouched, sorted({m.promise for m in chosen})) if code]
        if broken:
            raise SystemExit(f"fails with every safeguard in place, so it shows nothing: {', '.join(broken)}")
        codes = list(pool.map(reported, chosen))
    failed = codes.count(NOTICED)
    if asked.json is not None:
        rows = [
            {"name": mutant.name, "promise": PROMISES[mutant.promise], "noticed": code == NOTICED}
            for mutant, code in zip(chosen, codes, strict=True)
        ]
        asked.json.write_text(json.dumps({"mutants": rows}, indent=2) + "\n")
    print(f"without a safeguard the stress run failed {failed} of {len(chosen)} times")
    return int(failed < len(chosen))


def untouched(promise: str) -> tuple[str, int]:
    """A promise, and the exit code of the stress run on a copy of the whole package."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as scratch:
        copy_source(scratch)
        return promise, tried(promise, scratch)


def reported(mutant: Mutant) -> int:
    """Try a mutant and print what came of it; the exit code of the stress run."""
    code = without(mutant)
    word = {0: "PASSED", NOTICED: "failed", TIMED_OUT: "TIMED OUT"}.get(code, f"ENDED WITH {code}")
    print(f"{word}   {mutant.name} ({mutant.promise})", flush=True)
    return code


def without(mutant: Mutant) -> int:
    """The exit code of the stress run on a copy of the package without that safeguard."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as scratch:
        copy_source(scratch)
        changed = Path(scratch, "amalgan", mutant.file)
        text = changed.read_text()
        if text.count(mutant.old) != 1:
            raise SystemExit(
                f"{mutant.name}: {mutant.file} has {text.count(mutant.old)} such lines; expected 1"
            )
        changed.write_text(text.replace(mutant.old, mutant.new))
        return tried(mutant.promise, scratch)


def copy_source(scratch: str) -> None:
    """Copy the package into ``scratch``."""
    shutil.copytree(SOURCE, Path(scratch, "amalgan"), ignore=shutil.ignore_patterns("__pycache__"))


def tried(promise: str, scratch: str) -> int:
    """The exit code of the stress run of one promise, on the package in ``scratch``."""
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([scratch, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "stress", "--share", SHARE, "--jobs", "1", "--only", promise]
    with subprocess.Popen(
        command,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        try:
            return run.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # with the promise that it tries in a process of its own
            return TIMED_OUT


if __name__ == "__main__":
    sys.exit(main())
