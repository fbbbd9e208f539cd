"""From minutes to images: time the work itself, then fix the number.

    a few rounds of every set of phases, thrown away ─► seconds a round ─► weighed by ``during`` ─► images

The number is written to ``run.json``; from then on only images count, so a resumed run does not time again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import torch

from amalgan.config.run import RunConfig
from amalgan.data import Dataset
from amalgan.systems.base import System
from amalgan.training import loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

TIMED_ROUNDS = 12
UNTIMED_ROUNDS = 2
RESERVE = 0.04
"""Share of the time kept for saving, validating, sample grids and publishing."""


def images_for(
    minutes: float,
    run: RunConfig,
    data: Dataset,
    system: System,
    processes: Processes,
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """How many images training can draw in ``minutes`` on this machine. ``system`` is used up.

    Args:
        clock: tells seconds; ``time.process_time`` makes the minutes those of the CPU.
    """
    state = TrainState.fresh(system)
    loop.refuse_split(run, state.phases, processes)
    a_round = sum(
        (stop - start)
        * seconds_a_round(run, data, state, processes, progress=(start + stop) / 2, clock=clock)
        for start, stop in intervals(system)
    )
    whole = minutes * 60 * (1 - RESERVE)
    at_most = replace(run, images=max(run.batch, round(whole / a_round) * run.batch))
    settling = seconds_to_settle(at_most, data, state, processes, clock)
    rounds = torch.tensor(max(whole - settling, whole / 4) / a_round, device=processes.device)
    return max(1, round(processes.mean({"rounds": rounds})["rounds"])) * run.batch


def intervals(system: System) -> list[tuple[float, float]]:
    """The stretches of training in each of which a round costs the same."""
    edges = {edge for phase in system.phases() for edge in phase.during} | set(system.boundaries())
    marks = sorted(edges | {0.0, 1.0})
    return list(pairwise(marks))


def seconds_to_settle(
    run: RunConfig, data: Dataset, state: TrainState, processes: Processes, clock: Callable[[], float]
) -> float:
    """Time of all settling in ``run``, from a first one on the fewest examples."""
    few = replace(run, images=run.batch)
    started_at = clock()
    loop.settle(state.system, few, data, processes)
    once = clock() - started_at
    times = len(state.system.boundaries()) + 1
    return times * once * loop.settling_examples(run, data) / loop.settling_examples(few, data)


def seconds_a_round(
    run: RunConfig,
    data: Dataset,
    state: TrainState,
    processes: Processes,
    *,
    progress: float,
    clock: Callable[[], float],
) -> float:
    """Time of a round at this ``progress``; the timed rounds hold the lazy penalties' share."""
    started_at = clock()
    for number in range(UNTIMED_ROUNDS + TIMED_ROUNDS):
        if number == UNTIMED_ROUNDS:
            started_at = clock()
        loop.take_round(run, data, state, processes, progress=progress)
    return (clock() - started_at) / TIMED_ROUNDS
