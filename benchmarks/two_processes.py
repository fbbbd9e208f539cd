"""Train in one process and in two that share each batch: are their losses the same numbers?

    python benchmarks/two_processes.py [--data digits] [--systems fusion gan] [--rounds 20]

Both see the same global batches and the same random numbers; what is left is the rounding of sums in another order,
which training then amplifies. Prints the largest difference of any loss over the rounds, and writes
benchmarks/results/two_processes.json.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OF_ONE_PROCESS = ("seconds", "critic/variety")
"""Entries of the log that look at one process's examples alone."""


def main() -> None:
    asked = arguments()
    if asked.child:
        return train(asked)
    from amalgan.systems import registry

    with tempfile.TemporaryDirectory() as scratch:
        rows = [compare(asked, name, Path(scratch)) for name in asked.systems or registry.names()]
    for row in rows:
        print(
            f"{row['system']:<14} largest difference {row['largest']:.2e} in {row['term']} at round {row['round']}"
        )
    facts = {"data": Path(asked.data).name, "rounds": asked.rounds, "rows": rows}
    target = HERE / "results" / "two_processes.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(facts, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits", help="word or path")
    parser.add_argument("--systems", nargs="*", help="all by default")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--child", nargs=2, metavar=("SYSTEM", "OUT"), help=argparse.SUPPRESS)
    return parser.parse_args()


def train(asked: argparse.Namespace) -> None:
    """The child: a run that logs every round, as one process or as one of two."""
    import torch
    from rich.console import Console

    from amalgan.config.train_options import TrainOptions
    from amalgan.systems import registry
    from amalgan.training import run

    torch.set_num_threads(1)
    run.LOG_ROUNDS = 1
    system, out = asked.child
    settings = registry.config_class(system)()
    order = TrainOptions(
        data=asked.data,
        system=system,
        settings=settings,
        out=Path(out),
        images=64 * asked.rounds,
        device="cpu",
        precision="float32",  # in bfloat16 the order of a sum shows
    )
    run.execute(order, Console(quiet=True))


def compare(asked: argparse.Namespace, system: str, scratch: Path) -> dict[str, Any]:
    """One system, in one process and in two."""
    logs = []
    for processes in (1, 2):
        out = scratch / f"{system}-{processes}"
        launch = [
            "-m",
            "torch.distributed.run",
            "--nproc-per-node",
            str(processes),
            "--master-port",
            str(free_port()),
        ]
        child = [__file__, "--data", asked.data, "--rounds", str(asked.rounds), "--child", system, str(out)]
        done = subprocess.run([sys.executable, *launch, *child], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        logs.append([json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()])
    differences = [
        (abs(one[term] - two[term]), term, one["round"])
        for one, two in zip(*logs, strict=True)
        for term in one.keys() - set(OF_ONE_PROCESS)
    ]
    largest, term, round = max(differences)
    return {"system": system, "largest": largest, "term": term, "round": round}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
