"""How fast this machine trains a system, at any size of pictures.

noise at two small sizes ─► a few rounds of each, thrown away ─► seconds an image = fixed + pixels * each

Convolutions take the same time for every pixel once pictures are larger than a few networks' widths (measured from
24x24 to 192x192: 0.9 CPU-microseconds a pixel within a tenth, fusion and autoencoder alike), so that two sizes tell
of all. A GPU is timed at larger ones, since small pictures leave it idle.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.config.run import RunConfig
from amalgan.config.train_options import TrainOptions
from amalgan.data import Dataset
from amalgan.data.decoding.proportions import Size, size_at
from amalgan.training import budget, loop, plan
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

TIMED_ROUNDS = 4
"""So many that a penalty of every fourth round counts once."""
BATCH = 64
"""The most pictures a round, on each process, that are timed."""
NOISE = 128
"""Pictures of noise that are timed."""
LEAST_RISE = 0.25
"""A pixel takes at least so large a share of what it takes on average: a measurement disturbed by others does not
make large pictures free."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Time of training, by the pixels of a picture."""

    fixed: float
    """Seconds an image, whatever its size."""
    each: float
    """Seconds a pixel."""

    @classmethod
    def between(cls, small: tuple[int, float], large: tuple[int, float]) -> Speed:
        """The line through two measurements (pixels, seconds an image); it neither falls nor starts below zero."""
        rise = (large[1] - small[1]) / (large[0] - small[0])
        each = min(max(rise, LEAST_RISE * large[1] / large[0]), large[1] / large[0])
        return cls(fixed=large[1] - each * large[0], each=each)

    def images_a_second(self, size: Size) -> float:
        """How many pictures of ``size`` are drawn a second."""
        return 1 / (self.fixed + self.each * size[0] * size[1])


def measure(
    options: TrainOptions,
    *,
    aspect: float,
    channels: int,
    peers: Processes,
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Time a few rounds of the system that ``options`` trains, on noise of these proportions.

    Args:
        aspect: width over height.
    """
    sides = (24, 48) if peers.device == "cpu" else (64, 128)
    with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
        small, large = (
            timed(of_noise(options, Path(scratch), size_at(side, aspect), channels, peers), peers, clock)
            for side in sides
        )
    return Speed.between(small, large)


def of_noise(
    options: TrainOptions, scratch: Path, size: Size, channels: int, peers: Processes
) -> tuple[RunConfig, Dataset]:
    """A run like ``options`` on pictures of noise, and these."""
    pixels = np.random.default_rng(0).integers(0, 256, (NOISE, *size, channels), np.uint8)
    file = scratch / f"{size[0]}x{size[1]}.npz"
    np.savez(file, x=pixels, y=np.arange(NOISE) % 2)
    reading = DataConfig(size=f"{size[0]}x{size[1]}", cache=str(scratch))
    batch = min(options.batch, BATCH * peers.world)
    like = replace(
        options, data=str(file), images=batch, batch=batch, reading=reading, until=None, patience=None
    )
    data = plan.read(like, Console(quiet=True))
    return plan.resolve(like, data, peers), data


def timed(made: tuple[RunConfig, Dataset], peers: Processes, clock: Callable[[], float]) -> tuple[int, float]:
    """Pixels of a picture, and seconds an image in the longest stretch of training."""
    run, data = made
    state = TrainState.fresh(plan.fresh_system(run, data, peers))
    loop.refuse_split(run, state.phases, peers)
    begin, end = max(budget.intervals(state.system), key=lambda stretch: stretch[1] - stretch[0])
    loop.take_round(run, data, state, peers, progress=(begin + end) / 2)  # the first one takes longer
    started_at = clock()
    for _ in range(TIMED_ROUNDS):
        loop.take_round(run, data, state, peers, progress=(begin + end) / 2)
    seconds = torch.tensor((clock() - started_at) / (TIMED_ROUNDS * run.batch), device=peers.device)
    return data.spec.shape[1] * data.spec.shape[2], peers.mean({"seconds": seconds})["seconds"]
