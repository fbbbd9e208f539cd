"""What a model takes: time and memory to train it, work and time to use it.

    training  CPU-seconds and peak memory of the cell's own process; on an accelerator seconds of the clock, and its
              memory too; work counted over rounds of every stage
    use       work and the median time to generate and to reconstruct, on one thread or on the accelerator

Work is counted in floating-point operations of convolutions and matrix products, two for a multiplication and the
addition that follows; element-wise operations and the optimizer are left out. It is averaged over so many rounds that
lazy penalties stand in it in proportion, and over the stages of training by their length.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from amalgan.config.run import RunConfig
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset
from amalgan.studies.compare.settings import build_system, trained_parameters
from amalgan.systems.abilities import Decodes, Encodes, Generates
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate_each
from amalgan.tasks.reconstruct import reconstruct
from amalgan.training import budget, loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

COUNTED_ROUNDS = 16
"""Penalties that come every 1, 2, 4, 8 or 16 rounds are counted in proportion."""
COUNTED_BATCH = 4
TIMED = 9
UNTIMED = 2


class Work(TorchDispatchMode):
    """Counts floating-point operations within its block, gradients of gradients included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func._overloadpacket)) is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=out)
        return out


def work_of(act: Callable[[], Any]) -> int:
    """Floating-point operations of ``act``."""
    with Work() as work:
        act()
    return work.flops


def work_of_training(run: RunConfig, data: Dataset) -> float:
    """Operations for an image drawn in training, averaged over the whole run."""
    few = replace(run, batch=COUNTED_BATCH, micro_batch=None)
    system = build_system(run.system, run.settings, data.spec)
    state = TrainState.fresh(system)
    return sum(
        (stop - start) * work_at((start + stop) / 2, few, data, state)
        for start, stop in budget.intervals(system)
    )


def work_at(progress: float, run: RunConfig, data: Dataset, state: TrainState) -> float:
    """Operations for an image at this ``progress``."""

    def rounds() -> None:
        state.round = 0
        for _ in range(COUNTED_ROUNDS):
            loop.take_round(run, data, state, Processes(), progress=progress)

    return work_of(rounds) / (COUNTED_ROUNDS * run.batch)


def costs_of_use(model: Model, data: Dataset) -> dict[str, float]:
    """Work and time of what the model can do, and its size."""
    system, found = model.system, {}
    found["parameters_trained"] = float(trained_parameters(system))
    found["parameters_model"] = float(sum(tensor.numel() for tensor in system.state_dict().values()))
    if isinstance(system, Generates):
        found["flops_generate"] = float(work_of(lambda: drawn(model, 64)) / 64)
        found["generate_1_ms"] = milliseconds(lambda: drawn(model, 1))
        found["generate_64_ms"] = milliseconds(lambda: drawn(model, 64))
    if isinstance(system, Encodes):
        one = data.test.select([0])
        x = one.take([0]).to(model.device)
        found["flops_encode"] = float(work_of(lambda: system.encode(x)))
        if isinstance(system, Decodes):
            found["reconstruct_1_ms"] = milliseconds(lambda: list(reconstruct(model, one)))
    return found


def drawn(model: Model, count: int) -> None:
    """Generate so many examples of any class."""
    list(generate_each(model, torch.full((count,), UNLABELED), seed=0, purpose="costs"))


def milliseconds(act: Callable[[], Any]) -> float:
    """The median time of ``act``."""
    taken = []
    for _ in range(UNTIMED + TIMED):
        started_at = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started_at)
    return 1000 * median(taken[UNTIMED:])


def names_of(device: str) -> tuple[str, str]:
    """What time and speed of training are called there; an accelerator may be shared by other cells."""
    return (
        ("cpu_seconds", "images_per_second")
        if device == "cpu"
        else ("device_seconds", "images_per_device_second")
    )


def peaks(device: str) -> dict[str, float]:
    """The most memory that this process has held so far, and on a GPU that too which torch held there."""
    found = {"peak_memory_mib": peak_memory_mib()}
    if device == "cuda":
        found["device_memory_mib"] = torch.cuda.max_memory_allocated() / 2**20
    return found


def peak_memory_mib() -> float:
    """The most memory that this process has held so far.

    Linux lets a new process inherit the peak of the one that started it, unless one asks for this program's alone.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = [
            line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:")
        ]
        if lines:
            return int(lines[0].split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
