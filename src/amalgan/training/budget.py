"""From minutes to images: time the work itself, then weigh it.

    a few rounds of every stretch of training, thrown away ─► seconds a round ─┐
    a first settling, thrown away ─► seconds an example ───────────────────────┴─► images

A comparison fixes the number from then on (``images_for``); a run with ``--minutes`` begins with it and amends it as
time goes on (``timekeeping``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import torch

from amalgan.config.run import RunConfig
from amalgan.data import Dataset
from amalgan.systems.base import System
from amalgan.training import loop, threads
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState
from amalgan.training.timed import Timed

RESERVE = 0.04
"""Share of the time kept for saving, validating, sample grids and publishing."""


class Effort(NamedTuple):
    """How thoroughly to time."""

    untimed: int = 2
    """Rounds of every stretch before the clock starts."""
    rounds: int = 12
    """Rounds that are timed, so that lazy penalties have their share."""
    settled: int = loop.SETTLING[0]
    """Examples of the first settling."""
    seconds: float = float("inf")
    """No further round of a stretch begins after so much time."""


THOROUGH = Effort()
CYCLE = Effort(untimed=1, rounds=8, settled=1024)
"""Each kind of round as often as it comes where a critic learns in every second one and is penalized in every fourth of
these."""
BRIEF_SHARE = 0.02
"""Share of a run's minutes that timing may take where the number of images is amended later."""


def brief(minutes: float, stretches: int) -> Effort:
    """What suffices where the number of images is amended later."""
    return Effort(untimed=1, rounds=6, settled=1024, seconds=60 * minutes * BRIEF_SHARE / stretches)


def images_for(
    minutes: float,
    run: RunConfig,
    data: Dataset,
    system: System,
    processes: Processes,
    clock: Callable[[], float] = time.perf_counter,
    effort: Effort = THOROUGH,
) -> int:
    """How many images training can draw in ``minutes`` on this machine. ``system`` is used up.

    Args:
        clock: tells seconds; ``time.process_time`` makes the minutes those of the CPU.
    """
    timed = time_work(run, data, system, processes, clock=clock, effort=effort)
    return images_in(60 * minutes, run, data, system, timed)


def images_in(seconds: float, run: RunConfig, data: Dataset, system: System, timed: Timed) -> int:
    """How many images training can draw in ``seconds`` where work takes what it took in ``timed``."""
    whole = seconds * (1 - RESERVE)
    a_round = timed.seconds_a_round(0.0, 1.0)
    at_most = replace(run, images=max(run.batch, round(whole / a_round) * run.batch))
    settling = timed.an_example * loop.examples_settled(at_most, data, system)
    return max(1, round(max(whole - settling, whole / 4) / a_round)) * run.batch


def threads_for(
    run: RunConfig, data: Dataset, system: System, processes: Processes, clock: Callable[[], float]
) -> int | None:
    """How many threads rounds are fastest on; None where torch's own number is right. ``system`` is used up."""
    if processes.device != "cpu" or processes.world > 1:
        return None
    state = TrainState.fresh(system)
    return threads.faster(lambda: loop.take_round(run, data, state, processes, progress=0.0), clock)


def intervals(system: System) -> list[tuple[float, float]]:
    """The stretches of training in each of which a round costs the same."""
    edges = {edge for phase in system.phases() for edge in phase.during} | set(system.boundaries())
    marks = sorted(edges | {0.0, 1.0})
    return list(pairwise(marks))


def time_work(
    run: RunConfig,
    data: Dataset,
    system: System,
    processes: Processes,
    *,
    clock: Callable[[], float],
    effort: Effort = THOROUGH,
) -> Timed:
    """Time rounds and a settling of ``system``, which is used up; all processes get the mean of theirs."""
    state = TrainState.fresh(system)
    loop.refuse_split(run, state.phases, processes)
    stretches = intervals(system)
    a_round = [
        seconds_a_round(run, data, state, processes, progress=(start + stop) / 2, clock=clock, effort=effort)
        for start, stop in stretches
    ]
    settled = min(effort.settled, len(data.train))
    an_example = seconds_to_settle(run, data, state, processes, clock, settled) / settled
    numbers = {str(at): torch.tensor(value) for at, value in enumerate([*a_round, an_example])}
    *mean, settling = processes.mean(
        {name: value.to(processes.device) for name, value in numbers.items()}
    ).values()
    return Timed((0.0, *(stop for _, stop in stretches)), tuple(mean), settling)


def seconds_to_settle(
    run: RunConfig,
    data: Dataset,
    state: TrainState,
    processes: Processes,
    clock: Callable[[], float],
    count: int,
) -> float:
    """Time of a first settling, on so many examples."""
    started_at = clock()
    loop.settle(state.system, run, data, processes, count)
    return clock() - started_at


def seconds_a_round(
    run: RunConfig,
    data: Dataset,
    state: TrainState,
    processes: Processes,
    *,
    progress: float,
    clock: Callable[[], float],
    effort: Effort = THOROUGH,
) -> float:
    """Time of a round at this ``progress``; the timed rounds hold the lazy penalties' share."""
    for _ in range(effort.untimed):
        loop.take_round(run, data, state, processes, progress=progress)
    started_at = clock()
    taken = 0
    while taken < effort.rounds:
        loop.take_round(run, data, state, processes, progress=progress)
        taken += 1
        if processes.any(clock() - started_at > effort.seconds):
            break
    return (clock() - started_at) / taken
