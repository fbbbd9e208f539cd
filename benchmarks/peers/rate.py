"""Images a CPU-second while training: amalgan's systems beside the peers', in one go and in turn.

    python benchmarks/peers/rate.py --data MNIST_FOLDER --peers VENV [--seconds 20] [--rounds 3]

    for each round: for each side: a fresh process, some untimed rounds, then so many CPU-seconds of training

amalgan trains its quick preset by ``take_round``, each stage weighed by its share of training as ``budget`` does; a
peer runs its own loop (DCGAN) or its own trainer (pythae) in its own venv. All on one thread. amalgan computes in what
it takes by itself on this machine (``ours`` in the report), and in float32 where a side says so; the peers compute in
float32, but where a side says bfloat16. Nothing but training is counted: no start, no sampling, no saving. The median
of the rounds is told, with the least and the greatest. Writes benchmarks/results/rates.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
OURS = tuple(f"{name}{how}" for how in ("", ", float32") for name in ("autoencoder", "gan", "fusion"))
PEERS = {
    "dcgan": ["dcgan.py"],
    "dcgan, bfloat16": ["dcgan.py", "--bfloat16"],
    "pythae vae": ["pythae_samples.py", "--model", "vae", "--untimed", "2"],
    "pythae vaegan": ["pythae_samples.py", "--model", "vaegan", "--untimed", "2"],
}
UNTIMED_ROUNDS = 3


def main() -> None:
    """Measure every side in every round, then tell."""
    asked = parsed()
    if asked.side:
        return print(json.dumps(rate_of(asked.side, asked.data, asked.seconds)))
    sides = asked.sides or [*OURS, *PEERS]
    found: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(asked.rounds):
        for side in sides:
            found[side].append(in_process(side, asked))
            print(f"round {number + 1}: {side} {found[side][-1]:.1f}", file=sys.stderr)
    report = {
        "data": asked.data.name,
        "seconds": asked.seconds,
        "unit": "images a CPU-second",
        "ours": "bfloat16" if bfloat16_here() else "float32",
        "sides": found,
    }
    report["ratios"] = {ours: ratios(found, ours) for ours in OURS if ours in found}
    show(report)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "rates.json").write_text(json.dumps(report, indent=2) + "\n")


def bfloat16_here() -> bool:
    """Whether amalgan takes bfloat16 by itself on this machine."""
    from amalgan.training.processes import fast_in_bfloat16

    return fast_in_bfloat16("cpu")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's IDX files")
    parser.add_argument("--peers", type=Path, help="the peers' venv, made by setup.sh")
    parser.add_argument("--seconds", type=float, default=20.0, help="CPU-seconds of a side in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sides", nargs="*", choices=[*OURS, *PEERS], help="all by default")
    parser.add_argument("--side", choices=OURS, help=argparse.SUPPRESS)
    return parser.parse_args()


def in_process(side: str, asked: argparse.Namespace) -> float:
    """Images a CPU-second of one side, in a process of its own."""
    if side in OURS:
        command = [sys.executable, __file__, "--side", side, "--seconds", str(asked.seconds)]
    else:
        if asked.peers is None:
            raise SystemExit(f"{side} needs --peers, the venv that benchmarks/peers/setup.sh makes")
        script, *options = PEERS[side]
        minutes = str(asked.seconds / 60)
        command = [
            str(asked.peers / "bin" / "python"),
            str(HERE / script),
            *options,
            "--cpu-minutes",
            minutes,
        ]
    done = subprocess.run(
        [*command, "--data", str(asked.data)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-2000:]}")
    return float(json.loads(done.stdout.splitlines()[-1])["images_per_cpu_second"])


def rate_of(name: str, data: Path, seconds: float) -> dict[str, Any]:
    """Images a CPU-second of one of amalgan's systems, its stages weighed by ``during``."""
    each = seconds_an_image(name, str(data), seconds)
    return {"system": name, "images_per_cpu_second": 1 / each}


def seconds_an_image(name: str, data: str, seconds: float) -> float:
    """CPU-seconds that training of ``name`` takes for a picture; ``seconds`` are spent to measure it."""
    import torch
    from rich.console import Console

    from amalgan.config.train_options import TrainOptions
    from amalgan.systems import registry
    from amalgan.training import budget, loop, plan, processes
    from amalgan.training.state import TrainState

    torch.set_num_threads(1)
    system_name, _, precision = name.partition(", ")
    order = TrainOptions(
        data=data,
        system=system_name,
        settings=registry.config_class(system_name)(),
        out=Path("unused"),
        images=400_000,
        device="cpu",
        precision=precision or "auto",  # type: ignore[arg-type]
    )
    with processes.start("cpu") as peers:
        console = Console(quiet=True)
        source = plan.read(order, console)
        run = plan.resolve(order, source, peers)
        system = plan.fresh_system(run, source, peers)
        loop.settle(system, run, source, peers)
        state, stages = TrainState.fresh(system), budget.intervals(system)
        each = [
            timed(
                lambda p=(a + b) / 2: loop.take_round(run, source, state, peers, progress=p),
                seconds / len(stages),
            )
            for a, b in stages
        ]
    whole = sum((b - a) * cost for (a, b), cost in zip(stages, each, strict=True))
    return whole / run.batch


def timed(round: Any, seconds: float) -> float:
    """CPU-seconds of one call of ``round``, over ``seconds`` of them, in whole turns of the lazy penalties."""
    from clock import Clock

    for _ in range(UNTIMED_ROUNDS):
        round()
    clock, rounds = Clock(), 0
    while clock.spent() < seconds or rounds % 4:
        round()
        rounds += 1
    return clock.spent() / rounds


def ratios(found: dict[str, list[float]], ours: str) -> dict[str, float]:
    """How many times as fast as each peer, by the medians."""
    return {
        side: statistics.median(found[ours]) / statistics.median(rates)
        for side, rates in found.items()
        if side not in OURS
    }


def show(report: dict[str, Any]) -> None:
    """The table of rates and ratios."""
    print(f"{'images a CPU-second':<20} {'median':>8} {'least':>8} {'most':>8}")
    for side, rates in report["sides"].items():
        print(f"{side:<20} {statistics.median(rates):>8.1f} {min(rates):>8.1f} {max(rates):>8.1f}")
    for ours, over in report["ratios"].items():
        print(f"{ours}: " + ", ".join(f"{ratio:.2f} x {peer}" for peer, ratio in over.items()))


if __name__ == "__main__":
    main()
