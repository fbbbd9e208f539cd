"""Training on more data than fits: pixels stored once, or images decoded when they are drawn; one process and two.

    python benchmarks/scale.py [--count 2000] [--side 64] [--rounds 40]

The images are JPEG files of 256x256, in a folder, in tar shards and in Parquet. Each way of drawing batches is measured
in a process of its own, forked from one that has imported everything: CPU-seconds until the data is open for the first
time and again, images a second and a CPU-second, peak memory, bytes read, bytes in the cache. A way that reads Parquet
is measured with the cache of row groups as it is, and again with one that is much smaller than the data, as it is where
there is much data. All files are in the memory of the system. Then ``train`` runs in one process and in two (torchrun,
gloo): images a second, memory, bytes that are summed over the processes each round, and seconds until the first round
has ended. Writes benchmarks/results/scale.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from scale_data import SIDE, write
from two_processes import free_port

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "scale.json"
BATCH = 64
SETTLED = 3.0
"""Seconds after which what is read ahead of the first batch has been read, so that it is not counted."""
FEW_GROUPS = 1 << 20
"""Bytes of row groups that are kept, where the data is to be much larger than they are."""


def main() -> None:
    asked = arguments()
    if asked.child:
        return train(asked)
    os.environ["OMP_NUM_THREADS"] = "1"
    facts: dict[str, Any] = {"count": asked.count, "side": asked.side, "jpeg_side": SIDE, "batch": BATCH}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        facts["bytes_each"] = round(write(folder, asked.count) / asked.count)
        facts["drawing"] = [row for row in drawing(folder, asked)]
        facts |= known_of_networks() | searched()
        save(facts)
        facts["training"] = [trained(folder, asked, processes) for processes in (1, 2)]
    save(facts)


def save(facts: dict[str, Any]) -> None:
    """Write what is known by now."""
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="images")
    parser.add_argument("--side", type=int, default=64, help="of images as they are trained on")
    parser.add_argument(
        "--rounds", type=int, default=40, help="of training; as many are drawn from each form"
    )
    parser.add_argument("--child", nargs=2, metavar=("DATA", "OUT"), help=argparse.SUPPRESS)
    return parser.parse_args()


def drawing(folder: Path, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each form of data and way of drawing from it."""
    import torch

    import amalgan.data.dataset.batches
    import amalgan.kinds.image  # noqa: F401

    torch.set_num_threads(1)
    buffer = asked.count // 4
    ways: list[tuple[str, str, int | None, int | None]] = [
        ("folder", "once", None, None),
        ("folder", "on-demand", None, None),
        ("tar", "on-demand", None, None),
        ("tar", "on-demand", buffer, None),
        ("x.parquet", "on-demand", None, None),
        ("x.parquet", "on-demand", None, FEW_GROUPS),
        ("x.parquet", "on-demand", buffer, FEW_GROUPS),
    ]
    for form, way, size, kept in ways:
        words = {"form": form, "decode": way, "shuffle_buffer": size, "few_groups": kept is not None}
        with tempfile.TemporaryDirectory() as cache:
            row = words | forked(drawn, folder / form, cache, way, size, kept, asked)
        print(row, flush=True)
        yield row


def forked(work: Callable[..., dict[str, Any]], *words: Any) -> dict[str, Any]:
    """What ``work`` finds in a process of its own, and the memory it took beyond what was there."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def child() -> None:
        before = memory()
        found = work(*words)
        theirs.send(found | {"peak_mib": round(peak() - before, 1)})

    process = context.Process(target=child)
    process.start()
    theirs.close()
    found: dict[str, Any] = ours.recv()
    process.join()
    return found


def memory() -> float:
    """MiB in memory now; the peak begins anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return field("status", "VmRSS") / 1024


def peak() -> float:
    """MiB that were in memory at most."""
    return field("status", "VmHWM") / 1024


def field(file: str, name: str) -> int:
    """A number of this process."""
    lines = Path(f"/proc/self/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def drawn(
    data: Path, cache: str, way: Any, buffer: int | None, kept: int | None, asked: argparse.Namespace
) -> dict[str, Any]:
    """Open the data twice, and draw batches."""
    from amalgan.config.data import DataConfig
    from amalgan.data import batch_at, open_data
    from amalgan.data.readers import parquets

    parquets.KEPT = parquets.KEPT if kept is None else kept
    config = DataConfig(size=str(asked.side), cache=cache, decode=way, shuffle_buffer=buffer)
    first = timed(lambda: open_data(data, config))
    again = timed(lambda: open_data(data, config))
    records = open_data(data, config).train
    began = timed(lambda: batch_at(records, seed=0, round=0, batch=BATCH))
    time.sleep(SETTLED)
    before = field("io", "rchar")
    rounds = timed(lambda: [batch_at(records, seed=0, round=r, batch=BATCH) for r in rounds_of(asked)])
    images = BATCH * asked.rounds
    time.sleep(SETTLED)
    stored = sum(file.stat().st_size for file in Path(cache).rglob("*") if file.is_file())
    return {
        "open_cpu_seconds": first["cpu_seconds"],
        "open_again_cpu_seconds": again["cpu_seconds"],
        "first_batch_cpu_seconds": began["cpu_seconds"],
        "images_a_second": round(images / rounds["seconds"], 1),
        "images_a_cpu_second": round(images / rounds["cpu_seconds"], 1),
        "read_bytes_an_image": round((field("io", "rchar") - before) / images),
        "cache_mib": round(stored / 2**20, 2),
    }


def rounds_of(asked: argparse.Namespace) -> range:
    """All but the first."""
    return range(1, 1 + asked.rounds)


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Seconds of the clock and of the CPU."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - clock, "cpu_seconds": round(time.process_time() - cpu, 3)}


def known_of_networks() -> dict[str, Any]:
    """How many parameters are trained in an autoencoder of the size that ``gpu.py`` times."""
    from amalgan.core.types import DataSpec
    from amalgan.systems import registry

    spec = DataSpec(kind="image", shape=(3, 64, 64))
    system = registry.system_for("autoencoder", spec)(registry.config_class("autoencoder")(), spec)
    owned = (one for phase in system.phases() for one in system.owned(phase))
    return {"base_parameters": sum(one.numel() for one in owned)}


def searched() -> dict[str, Any]:
    """The search for near-copies among more and more images."""
    import scipy.sparse.csgraph
    import scipy.spatial  # noqa: F401 - before any fork

    return {"near_copies": [forked(search, count) for count in (5_000, 20_000, 40_000)]}


def search(count: int) -> dict[str, Any]:
    """The search for near-copies, which looks at all images at once."""
    from amalgan.data.decoding.near_copies import groups

    draw = np.random.default_rng(0)
    views = draw.standard_normal((count, 64), np.float32).astype(np.float16)
    contents = draw.integers(0, 2**63, (count, 2), np.int64).view(np.uint64)
    return {"count": count} | timed(lambda: groups(contents, views))


def trained(folder: Path, asked: argparse.Namespace, processes: int) -> dict[str, Any]:
    """``train`` in so many processes on one machine; the slowest of them."""
    launch = ["torch.distributed.run", "--nproc-per-node", str(processes), "--master-port", str(free_port())]
    out = folder / f"run-{processes}"
    words = ["--count", asked.count, "--side", asked.side, "--rounds", asked.rounds]
    child = [__file__, *map(str, words), "--child", str(folder / "tar"), str(out)]
    done = subprocess.run([sys.executable, "-m", *launch, *child], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    ranks = [json.loads((folder / f"{out.name}-{rank}.json").read_text()) for rank in range(processes)]
    slowest = {name: max(rank[name] for rank in ranks) for name in ranks[0]}
    row = {"processes": processes} | slowest
    row["images_a_second"] = round(BATCH * (asked.rounds - 1) / row.pop("seconds_of_rounds"), 1)
    row["images_a_cpu_second"] = round(
        BATCH * (asked.rounds - 1) / sum(rank["cpu_seconds_of_rounds"] for rank in ranks), 1
    )
    print(row, flush=True)
    return row


def train(asked: argparse.Namespace) -> None:
    """The child: a run whose rounds are timed, and whose sums with other processes are counted."""
    import torch
    import torch.distributed as dist
    from rich.console import Console

    from amalgan.config.data import DataConfig
    from amalgan.config.train_options import TrainOptions
    from amalgan.systems import registry
    from amalgan.training import loop, run

    torch.set_num_threads(1)
    started, sent, ends = time.perf_counter(), [0], list[tuple[float, float, int]]()
    whole, reduce = loop.take_round, dist.all_reduce

    def counted(tensor: torch.Tensor, *words: Any, **named: Any) -> Any:
        sent[0] += tensor.nbytes
        return reduce(tensor, *words, **named)

    def take_round(*words: Any, **named: Any) -> loop.Report:
        before = sent[0]
        report = whole(*words, **named)
        ends.append((time.perf_counter() - started, time.process_time(), sent[0] - before))
        if len(ends) == asked.rounds:
            leave(asked, ends, words[2])
        return report

    loop.take_round, dist.all_reduce = take_round, counted
    (data, out), settings = asked.child, registry.config_class("autoencoder")()
    order = TrainOptions(
        data=data,
        system="autoencoder",
        settings=replace(settings, network=replace(settings.network, width=8, widest=64)),
        out=Path(out),
        images=10 * BATCH * asked.rounds,
        batch=BATCH,
        device="cpu",
        precision="float32",
        reading=DataConfig(size=str(asked.side), cache=f"{out}-cache", decode="on-demand"),
    )
    run.execute(order, Console(quiet=True))


def leave(asked: argparse.Namespace, ends: list[tuple[float, float, int]], state: Any) -> None:
    """Write what was measured, and end: settling and publishing are no part of it."""
    first, last = ends[0], ends[-1]
    owned = [one for phase in state.phases for one in state.system.owned(phase)]
    facts = {
        "first_round_seconds": round(first[0], 2),
        "seconds_of_rounds": last[0] - first[0],
        "cpu_seconds_of_rounds": last[1] - first[1],
        "reduced_bytes_a_round": last[2],
        "trained_parameters": sum(one.numel() for one in owned),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    Path(f"{asked.child[1]}-{os.environ.get('RANK', '0')}.json").write_text(json.dumps(facts))
    os._exit(0)


if __name__ == "__main__":
    main()
