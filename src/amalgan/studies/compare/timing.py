"""How long things will take: what is timed before a comparison, and thrown away.

On the CPU time is that of the process; on an accelerator it is the clock's, and the device is waited for.

a few rounds of every stage ─► images a CPU-minute        a few steps of the dearest measures ─► seconds a cell
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from amalgan import features as feature_net
from amalgan.config.compare_options import CompareOptions
from amalgan.config.run import RunConfig
from amalgan.data import Dataset, resolve_augment
from amalgan.evaluation.scores.score import COMPARED, Trial
from amalgan.evaluation.scores.utility import (
    IMAGES,
    build_classifier,
    can_test_classifier,
    select_training_examples,
)
from amalgan.features import Features, drill, rounds_for
from amalgan.studies.compare.plan import device_of
from amalgan.studies.compare.settings import build_system
from amalgan.training import budget
from amalgan.training.processes import Processes, precision_on

TIMED_MINUTES = 1.0
"""How many images fit into a minute tells the speed, whatever the budget is."""
STARTING_SECONDS = 5.0
"""About what a process takes to start, to read, and to measure what is cheap."""
TIMINGS = 3
TIMING_SHARE = 0.05
"""Share of a cell's minutes beyond which no further try to time its training begins."""
TIMED_STEPS = 3
SETS_SEEN = 4
"""Generated, labeled, held-out and rebuilt examples are looked at once each."""


def images_a_minute(request: CompareOptions, run: RunConfig, data: Dataset) -> float:
    """How many images a minute of training draws on one thread, or on the accelerator that is asked for: the most of
    up to three tries, since what else a machine does can only slow it."""
    device, minutes = device_of(request), request.minutes or TIMED_MINUTES
    clock = clock_of(device)

    def timed() -> float:
        system = build_system(run.system, run.settings, data.spec).to(device)
        processes = Processes(device=device)
        return budget.images_for(minutes, run, data, system, processes, clock, budget.CYCLE) / minutes

    started_at, found = clock(), [timed()]
    while len(found) < TIMINGS and share_after(len(found), clock() - started_at, minutes) <= TIMING_SHARE:
        found.append(timed())
    return max(found)


def share_after(tries: int, seconds: float, minutes: float) -> float:
    """Share of the minutes that timing will have taken after one more try like those before it."""
    return seconds * (tries + 1) / tries / (60 * minutes)


def clock_of(device: str) -> Callable[[], float]:
    """Tells the seconds that training takes there."""
    return time.process_time if device == "cpu" else waited


def waited() -> float:
    """Seconds of the clock, once an accelerator has done what it was given."""
    torch.accelerator.synchronize()
    return time.perf_counter()


def trial_run(request: CompareOptions, name: str, settings: Any, data: Dataset) -> RunConfig:
    """The run that is timed."""
    return RunConfig(
        system=name,
        settings=settings,
        data=data.name,
        images=request.batch,
        batch=request.batch,
        precision=precision_on(device_of(request), request.precision, data.spec),
        augment=resolve_augment(request.augment, data.spec),
    )


def measuring_seconds(trial: Trial, features: Features) -> float:
    """About what measuring one cell takes."""
    if not trial.kind.needs_teaching():
        return STARTING_SECONDS
    seen = SETS_SEEN * trial.n + min(COMPARED * trial.count, len(trial.data.train))
    looking = seconds_of(lambda: features(trial.data.train.take(slice(256)))) / 256 * seen
    if not can_test_classifier(trial):
        return STARTING_SECONDS + looking
    return STARTING_SECONDS + looking + teaching_seconds(trial)


def teaching_seconds(trial: Trial) -> float:
    """About what training a classifier takes."""
    net = build_classifier(trial)
    x = trial.data.train.take([0]).repeat_interleave(feature_net.BATCH, 0)
    label = torch.zeros(feature_net.BATCH, dtype=torch.long)
    steps = seconds_of(lambda: drill(net, lambda round: (x, label), TIMED_STEPS))
    return steps / TIMED_STEPS * rounds_for(len(select_training_examples(trial)), IMAGES)


def seconds_of(act: Any) -> float:
    """CPU time of the second of two calls."""
    act()
    started_at = time.process_time()
    act()
    return time.process_time() - started_at


@contextmanager
def one_thread() -> Iterator[None]:
    """Within the block torch computes on one thread, as every cell does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
