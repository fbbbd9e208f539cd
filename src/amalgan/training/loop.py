"""The training loop. In one round every active phase of the system takes one step on the same batch.

    batch_at(round) ─► augment ─► phase ─► phase ─► … ─► average the weights ─► hooks
       └ of labeled examples alone, for a phase that asks for them

Round ``n`` depends on (seed, n) and the state alone, so a run that stopped and went on is the run that never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.optim import Adam

from amalgan.config.run import Precision, RunConfig
from amalgan.core.errors import UsageError
from amalgan.core.randomness import Draws, key
from amalgan.core.types import Batch, Tick
from amalgan.data import Dataset, Records, augment, batch_at
from amalgan.data.dataset.batches import in_sequence
from amalgan.systems.base import Phase, System, only_trainable
from amalgan.training.clipping import clip_gradients
from amalgan.training.ledger import Ledger
from amalgan.training.memory import enough_memory
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

SETTLING = (4_096, 50_000)
"""Settling looks at a share of as many examples as are drawn in all, within these bounds: a short run stays short."""
AT_THE_END, ON_THE_WAY = 8, 32
"""Shares, one in so many: what is published deserves more than what serves until the next boundary."""
OF_EVERY_CLASS = 32
"""So many examples of each class come first."""

Report = dict[str, float]
Hook = Callable[[TrainState, Report], None]


def train(
    run: RunConfig,
    data: Dataset,
    state: TrainState,
    processes: Processes,
    hooks: Sequence[Hook],
    ledger: Ledger | None = None,
) -> None:
    """Take ``state`` to the end of ``run``, calling every hook after each round.

    Hooks save, log, show, validate and guard; one may set ``state.stop``, amend the schedule, take the state back, or
    raise.

    Args:
        ledger: books what settling takes.

    Raises:
        UsageError: a phase needs the whole batch, and the run splits it.
    """
    refuse_split(run, state.phases, processes)
    ledger = ledger or Ledger()
    while state.round < state.schedule(run).rounds and state.stop is None:
        settle_if_due(run, data, state, processes, ledger)
        progress = state.schedule(run).progress(state.round)
        report = take_round(run, data, state, processes, progress=progress)
        reached = state.round
        for hook in hooks:
            hook(state, report)
            if state.round < reached:  # taken back: this report is of a round that never was
                break


def refuse_split(run: RunConfig, phases: Sequence[Phase], processes: Processes) -> None:
    """Raise UsageError where a phase needs the whole batch in one place and would see a part."""
    whole = next((phase.name for phase in phases if phase.whole_batch), None)
    if whole is None:
        return
    why = f"phase {whole!r} of {run.system!r} compares all examples of a batch with one another"
    if processes.world > 1:
        raise UsageError(f"{why}, but {processes.world} processes share the batch. Train in one process.")
    if run.micro_batch is not None and run.micro_batch < run.batch:
        raise UsageError(
            f"{why}; micro-batches of {run.micro_batch} would change its loss. "
            f"Leave out --micro-batch, or lower --batch to {run.micro_batch}."
        )


def take_round(
    run: RunConfig, data: Dataset, state: TrainState, processes: Processes, *, progress: float
) -> Report:
    """Draw one batch, let every active phase step on it, and average the weights."""
    common = drawn(run, data.train, state.round, progress, processes)
    found: dict[str, torch.Tensor] = {}
    for phase, adam in zip(state.phases, state.optimizers, strict=True):
        if takes_part(phase, data, state.round, progress):
            batch, tick = labeled(run, data, common[1], processes) if phase.labeled else common
            with enough_memory(run, state.phases, len(batch.x)):
                found |= descend(
                    state, phase, adam, batch, tick, run.micro_batch, processes, precision=run.precision
                )
    state.round += 1
    state.images += run.batch
    state.average_in(run.batch, run.average_half_life)
    return processes.mean(found)  # once a round: a device is waited for, and its peers are


def takes_part(phase: Phase, data: Dataset, round: int, progress: float) -> bool:
    """Whether ``phase`` takes a step in this round."""
    return phase.active(round, progress) and (not phase.labeled or len(data.labeled) > 0)


def labeled(run: RunConfig, data: Dataset, tick: Tick, processes: Processes) -> tuple[Batch, Tick]:
    """Our share of a round's batch of labeled examples, with random numbers of its own; drawn once a round."""

    def draw() -> tuple[Batch, Tick]:
        own = replace(run, seed=key(run.seed, "labeled"))
        return drawn(own, data.labeled, tick.round, tick.progress, processes)

    return tick.once("labeled", draw)


def drawn(
    run: RunConfig, records: Records, round: int, progress: float, processes: Processes
) -> tuple[Batch, Tick]:
    """Our share of a round's batch, augmented, and the tick that goes with it."""
    rows = processes.share(run.batch)
    batch = batch_at(
        records,
        seed=run.seed,
        round=round,
        batch=run.batch,
        rank=processes.rank,
        world=processes.world,
        device=processes.device,
    )
    draws = Draws(
        seed=run.seed,
        round=round,
        total=run.batch,
        start=rows.start,
        count=rows.stop - rows.start,
        device=processes.device,
    )
    return replace(batch, x=augment(batch.x, run.augment, draws)), Tick(round, progress, draws, {})


def descend(
    state: TrainState,
    phase: Phase,
    adam: Adam,
    batch: Batch,
    tick: Tick,
    micro_batch: int | None,
    processes: Processes,
    *,
    precision: Precision = "float32",
) -> dict[str, torch.Tensor]:
    """Take one step of ``phase``; return its terms and notes, averaged over what this process saw of the batch."""
    steps = state.steps.get(phase.name, 0)
    for group in adam.param_groups:
        group["lr"] = phase.rate(tick.progress, steps) * state.rate_scale
    adam.zero_grad()
    sums: dict[str, torch.Tensor] = {}
    with only_trainable(state.system, phase):
        for rows, part in micro_batches(len(batch.x), micro_batch):
            draws = tick.draws.narrow(rows.start, rows.stop - rows.start)
            with torch.autocast(batch.x.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                step = phase.loss(batch.rows(rows), tick._replace(draws=draws))
            total = torch.stack(list(step.terms.values())).sum()
            (total * part).backward()
            for name, value in (step.terms | step.notes).items():
                sums[name] = sums.get(name, torch.zeros_like(value)) + value.detach() * part
    processes.average_gradients(list(state.system.owned(phase)))
    clip_gradients(adam)
    adam.step()
    state.steps[phase.name] = steps + 1
    return {f"{phase.name}/{name}": value for name, value in sums.items()}


def micro_batches(count: int, most: int | None) -> Iterator[tuple[slice, float]]:
    """Slices of at most ``most`` rows, each with its share of the batch."""
    size = most or count
    for start in range(0, count, size):
        stop = min(start + size, count)
        yield slice(start, stop), (stop - start) / count


def settle_if_due(
    run: RunConfig, data: Dataset, state: TrainState, processes: Processes, ledger: Ledger
) -> None:
    """Let the system settle in the first round at or after one of its boundaries."""
    if state.schedule(run).passed(state.round, tuple(state.system.boundaries())):
        count = settling_examples(run, data, ON_THE_WAY)
        with ledger.doing("settling", count):
            settle(state.system, run, data, processes, count)


def settling_examples(run: RunConfig, data: Dataset, share: int = AT_THE_END) -> int:
    """How many training examples the system settles on: one for ``share`` that are drawn."""
    least, most = SETTLING
    return min(len(data.train), most, max(least, run.images // share))


def examples_settled(run: RunConfig, data: Dataset, system: System) -> int:
    """Examples that ``system`` settles on in all: at its boundaries, and before it is published."""
    on_the_way = len(system.boundaries()) * settling_examples(run, data, ON_THE_WAY)
    return on_the_way + settling_examples(run, data)


def settling_order(records: Records, seed: int) -> torch.Tensor:
    """Positions at random, but some of every class first: a rare class must not be missing.

    Archives that are read in sequence are so here, and nothing comes first.
    """
    if records.shuffle_buffer is not None:
        return torch.from_numpy(in_sequence(records, seed=key(seed, "settle")))
    order = torch.randperm(len(records), generator=torch.Generator().manual_seed(key(seed, "settle"))).numpy()
    labels = records.labels[order]
    by_class = np.argsort(labels, kind="stable")
    _, start, count = np.unique(labels[by_class], return_index=True, return_counts=True)
    ordinal = np.empty(len(order), np.int64)
    ordinal[by_class] = np.arange(len(order)) - np.repeat(start, count)
    return torch.from_numpy(order[np.argsort(ordinal >= OF_EVERY_CLASS, kind="stable")])


@torch.no_grad()
def settle(
    system: System, run: RunConfig, data: Dataset, processes: Processes, count: int | None = None
) -> None:
    """Fit what ``system`` estimates to training examples; the first process's result is everyone's.

    Args:
        count: how many examples; by default what suits the length of the run.
    """
    draws = Draws(seed=run.seed, round=0, total=run.batch)
    picked = settling_order(data.train, run.seed)[: count or settling_examples(run, data)]
    system.settle(examples(data.train, picked, processes.device), draws)
    processes.same(system.state_dict().values())


def examples(records: Records, picked: torch.Tensor, device: str) -> Iterator[Batch]:
    """The picked records in batches of 256."""
    for rows in picked.split(256):
        numbers = rows.numpy()
        label = torch.from_numpy(records.labels[numbers])
        yield Batch(records.take(numbers).to(device), label.to(device), rows.to(device))
