"""Kill runs with SIGKILL and resume them: is the result, bit for bit, that of the run that was never killed?

    python benchmarks/resume_kill.py [--data digits] [--systems fusion gan] [--rounds 120] [--kills 3]

Each system trains once undisturbed and once killed at several moments after a state exists. The killed run saves
after every round, so that most kills hit a save. Compared: the model file's bytes, and every tensor of the last state.
Prints a table, and writes benchmarks/results/resume_kill.json.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def main() -> None:
    asked = arguments()
    if asked.child:
        return train(asked)
    from amalgan.systems import registry

    with tempfile.TemporaryDirectory() as scratch:
        rows = [compare(asked, name, Path(scratch)) for name in asked.systems or registry.names()]
    mismatches = sum(row["mismatches"] for row in rows)
    for row in rows:
        print(f"{row['system']:<14} killed at rounds {row['killed_at']}   mismatches = {row['mismatches']}")
    print(f"mismatches = {mismatches}")
    write("resume_kill", {"data": Path(asked.data).name, "rounds": asked.rounds, "rows": rows})
    sys.exit(mismatches > 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits", help="word or path")
    parser.add_argument("--systems", nargs="*", help="all by default")
    parser.add_argument("--rounds", type=int, default=120)
    parser.add_argument("--kills", type=int, default=3, help="how often each run is killed")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--child", nargs=2, metavar=("SYSTEM", "OUT"), help=argparse.SUPPRESS)
    return parser.parse_args()


def train(asked: argparse.Namespace) -> None:
    """The child: a run that logs and saves every round."""
    from rich.console import Console

    from amalgan.config.train_options import TrainOptions
    from amalgan.systems import registry
    from amalgan.training import hooks, run

    hooks.SAVE_SECONDS, run.LOG_ROUNDS = 0.0, 1
    hooks.SAVE_SHARE = hooks.MOST_BYTES_A_DAY = math.inf
    system, out = asked.child
    settings = registry.config_class(system)()
    order = TrainOptions(
        data=asked.data,
        system=system,
        settings=settings,
        out=Path(out),
        images=64 * asked.rounds,
        device="cpu",
        resume=True,
        keep_state=True,
    )
    run.execute(order, Console(quiet=True))


def compare(asked: argparse.Namespace, system: str, scratch: Path) -> dict[str, Any]:
    """One system, undisturbed and killed."""
    from amalgan.training import state

    whole, killed = scratch / f"{system}-whole", scratch / f"{system}-killed"
    start(asked, system, whole).wait()
    draw = random.Random(f"{asked.seed} {system}")
    share = asked.rounds // (asked.kills + 1)
    killed_at = [
        kill_after(start(asked, system, killed), killed, share * number + draw.randrange(share), draw)
        for number in range(asked.kills)
    ]
    if code := start(asked, system, killed).wait():
        raise SystemExit(f"{system}: the resumed run ended with code {code}")
    models = [(folder / "model.safetensors").read_bytes() for folder in (whole, killed)]
    tensors = [state.read(folder / "state.safetensors")[0] for folder in (whole, killed)]
    names = tensors[0].keys() | tensors[1].keys()
    differing = [
        n
        for n in names
        if n not in tensors[0] or n not in tensors[1] or not tensors[0][n].equal(tensors[1][n])
    ]
    mismatches = len(differing) + (models[0] != models[1])
    return {"system": system, "killed_at": killed_at, "tensors": len(names), "mismatches": mismatches}


def start(asked: argparse.Namespace, system: str, out: Path) -> subprocess.Popen[bytes]:
    """Begin or resume a run in a process of its own."""
    command = [sys.executable, __file__, "--data", asked.data, "--rounds", str(asked.rounds)]
    return subprocess.Popen([*command, "--child", system, str(out)])


def kill_after(child: subprocess.Popen[bytes], out: Path, rounds: int, draw: random.Random) -> int:
    """Kill ``child`` a random moment after the log has so many lines; return how many it then had."""
    while reached(out) <= rounds and child.poll() is None:
        time.sleep(0.001)
    time.sleep(draw.random() * 0.02)
    if child.poll() is not None:
        raise SystemExit("the run ended before it could be killed; use more --rounds")
    child.kill()
    child.wait()
    return reached(out)


def reached(out: Path) -> int:
    """Lines of the log."""
    try:
        return (out / "log.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def write(name: str, facts: dict[str, Any]) -> None:
    """Keep the numbers beside the script."""
    target = HERE / "results" / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
