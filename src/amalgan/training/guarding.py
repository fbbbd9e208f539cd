"""What a run is guarded by: a watchdog that knows good states, and a last look at the finished model."""

from __future__ import annotations

from collections.abc import Callable

import torch

from amalgan.data import Dataset, Records
from amalgan.kinds import kind_of
from amalgan.systems.base import System
from amalgan.training import plan, verdict
from amalgan.training.baseline import Baseline
from amalgan.training.processes import Processes
from amalgan.training.state import Snapshot, TrainState
from amalgan.training.watchdog import Watchdog

FEWEST = 32
"""With fewer examples it is chance which of two guesses is better."""


def watchdog_of(
    current: TrainState,
    data: Dataset,
    peers: Processes,
    *,
    tell: Callable[[str], None],
    gone_back: Callable[[TrainState], None],
) -> Watchdog:
    """Return what guards the numbers, and goes back to a good state: at first to ``current``.

    Args:
        tell: shows one sentence to the user.
        gone_back: is called with the state that was gone back to.
    """
    good, baseline = Snapshot(), baseline_on(data.train, data, peers)
    good.take(current)

    def take_back(now: TrainState) -> None:
        good.put_back(now)
        gone_back(now)

    def ratio(system: System) -> float | None:
        found = baseline.ratio(system)
        return None if found is None else peers.mean({"ratio": torch.tensor(found)})["ratio"]

    return Watchdog(good.take, take_back, tell, ratio)


def doubts_about(system: System, data: Dataset, peers: Processes) -> list[str]:
    """Return the reasons not to use the finished ``system``, judged on validation examples where they are enough."""
    judged = data.validation if len(data.validation) >= FEWEST else data.train
    own = kind_of(data.spec).doubts(system, data, peers.device)
    return [*verdict.doubts_about(system, baseline_on(judged, data, peers)), *own]


def baseline_on(records: Records, data: Dataset, peers: Processes) -> Baseline:
    """Return the simplest guess on some of ``records``, which a system has to beat."""
    return Baseline.of(records, plan.mean_of(data.train), peers.device)
