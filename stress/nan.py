"""Numbers that are not finite are caught within their round, rolled back, explained, and never reach the disk.

at the loss, a gradient, a weight, a moment of Adam, the average ─► told, taken back, half the rate ─► a finite model
ten thousand healthy rounds ─► not a word
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import load as unpack
from torch import Tensor

from amalgan.core import files
from amalgan.core.types import Batch, Step, Tick
from amalgan.systems.base import Phase
from amalgan.training import loop
from amalgan.training.baseline import Baseline
from amalgan.training.state import TrainState
from amalgan.training.watchdog import Watchdog
from stress.figure import Figure, portion
from support import SPECS, build, built_in, take_round, tick
from workshop import BATCH, ROUNDS, Workshop

AT = 13
HEALTHY = {"gan": 4000, "autoencoder": 3000, "fusion": 3000}
TOGETHER = 32
NAN = float("nan")


def spoil(tensor: Tensor, value: float) -> None:
    """Make one entry ``value``, in whatever order the entries lie in memory."""
    tensor[(0,) * tensor.dim()] = value


def weight(state: TrainState) -> None:
    """Poison a weight."""
    spoil(next(state.system.parameters()).data, NAN)


def average(state: TrainState) -> None:
    """Poison the averaged weights."""
    spoil(next(state.average.parameters()).data, NAN)


def moment(state: TrainState) -> None:
    """Poison Adam's second moment."""
    slots = [slot for adam in state.optimizers for slot in adam.state.values()]
    spoil(slots[0]["exp_avg_sq"], float("inf"))


AFTER = {"weight": weight, "average": average, "Adam moment": moment}
"""Places that are poisoned after a round; the others are within it."""
PLACES = ("loss", "gradient", *AFTER)


def struck(place: str, patch: pytest.MonkeyPatch, workshop: Workshop) -> list[int]:
    """Let ``place`` be poisoned once, in round 13; the list holds the round when it has been."""
    done: list[int] = []

    def once(state: TrainState, report: loop.Report) -> None:
        if place in AFTER and state.round == AT and not done:
            done.append(state.round)
            AFTER[place](state)

    whole = loop.descend

    def descend(state: TrainState, phase: Phase, *rest: Any, **named: Any) -> loop.Report:
        if place not in AFTER and state.round == AT - 1 and not done:
            done.append(AT)
            phase = replace(phase, loss=broken(phase.loss, place))
        return whole(state, phase, *rest, **named)

    patch.setattr(loop, "descend", descend)
    replace(workshop, patch=patch).strike(once)
    return done


def broken(loss: Callable[[Batch, Tick], Step], place: str) -> Callable[[Batch, Tick], Step]:
    """A loss that is not a number, or one that is and whose gradient is not."""

    def changed(batch: Batch, tick: Tick) -> Step:
        step = loss(batch, tick)
        name, value = next(iter(step.terms.items()))
        zero = value - value.detach()
        worse = value * NAN if place == "loss" else value + zero.abs().sqrt()  # sqrt'(0) is infinite
        return step._replace(terms={**step.terms, name: worse})

    return changed


def on_disk(patch: pytest.MonkeyPatch) -> list[str]:
    """Look at whatever is written; the list gets the names of files with numbers that are not finite."""
    found: list[str] = []
    write, append = files.write_bytes, files.append_line

    def write_bytes(target: Path, data: bytes, **named: Any) -> None:
        if target.suffix == ".safetensors" and not all(
            bool(t.isfinite().all()) for t in unpack(data).values()
        ):
            found.append(target.name)
        write(target, data, **named)

    def append_line(target: Path, line: str) -> None:
        json.loads(line, parse_constant=found.append)
        append(target, line)

    patch.setattr(files, "write_bytes", write_bytes)
    patch.setattr(files, "append_line", append_line)
    return found


def injected(workshop: Workshop, system: str, place: str) -> str | None:
    """What is wrong with a run of ``system`` in which ``place`` was poisoned."""
    said = io.StringIO()
    speaking = replace(workshop, console=Console(file=said, width=400))
    order = workshop.order(system, f"{system} {place}")
    with pytest.MonkeyPatch.context() as patch:
        done, leaked = struck(place, patch, workshop), on_disk(patch)
        result = speaking.run(order)
    told = said.getvalue()
    faults = {
        "it was not struck": done != [AT],
        f"written: {leaked}": bool(leaked),
        "not told within the round": f"round {AT}: " not in told,
        "no likely cause, or no flag to try": "--"
        not in told.partition(f"round {AT}: ")[2].partition("Back")[0],
        "not rolled back": "Back to round" not in told or "rates at 0.5" not in told,
        "it did not end": result.images != ROUNDS * BATCH,
    }
    return ", ".join(fault for fault, holds in faults.items() if holds) or None


def false_alarms(system: str, rounds: int) -> list[str]:
    """What the watchdog says in healthy rounds of a small system of vectors."""
    spec = SPECS["vectors with classes"]
    state, told = TrainState.fresh(build(system, spec)), list[str]()
    chance = torch.Generator().manual_seed(2)
    mix = torch.randn(spec.size, spec.size, generator=chance)

    def take_back(state: TrainState) -> None:
        told.append(f"{system}: rolled back at round {state.round}")

    seen = torch.randn(TOGETHER, spec.size, generator=chance) @ mix
    watchdog = Watchdog(
        keep=lambda state: None,
        take_back=take_back,
        tell=lambda sentence: told.append(f"{system}: {sentence}"),
        ratio=Baseline(seen, torch.zeros(spec.size)).ratio,
    )
    for number in range(rounds):
        x = torch.randn(TOGETHER, spec.size, generator=chance) @ mix
        batch = Batch(x, torch.arange(TOGETHER) % 2, torch.arange(TOGETHER))
        if number in (0, int(0.4 * rounds)):
            settle(state, batch)
        watchdog(state, take_round(state, batch, tick(number, number / rounds, TOGETHER)))
    return told


@torch.no_grad()
def settle(state: TrainState, batch: Batch) -> None:
    """Fit what the system estimates."""
    state.system.settle([batch], tick(0, 0.0, TOGETHER).draws)


def injections(workshop: Workshop, systems: list[str]) -> Iterator[tuple[str, str | None]]:
    """Every system at every place."""
    for system in systems:
        for place in PLACES:
            yield f"{system}, {place}", injected(workshop, system, place)


def figure(share: float, scratch: Path) -> Figure:
    """Injections and healthy rounds."""
    systems = built_in()[: portion(len(built_in()), share)]
    with pytest.MonkeyPatch.context() as patch:
        tried = list(injections(Workshop.furnished(scratch, patch), systems))
    rounds = {name: portion(count, share) for name, count in HEALTHY.items()}
    alarms = [alarm for name, count in rounds.items() for alarm in false_alarms(name, count)]
    missed = [f"{case}: {fault}" for case, fault in tried if fault]
    return Figure(
        asked="each caught within its round, never on disk; no false alarm",
        reached=f"{len(tried) - len(missed)} of {len(tried)} injections; "
        f"{len(alarms)} alarms in {sum(rounds.values()):,} healthy rounds",
        broken=missed + alarms,
    )
