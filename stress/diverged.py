"""Divergence is a fault like NaN: numbers that are finite and far too large are caught, taken back and told.

weights made far too large in one round ─► told within 50 rounds, back to before, a model that is good
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from amalgan.core.errors import Diverged
from amalgan.data import open_data
from amalgan.systems import model_file
from amalgan.systems.abilities import Decodes, Encodes, Restores
from amalgan.training import loop
from amalgan.training.baseline import Baseline
from amalgan.training.plan import mean_of
from amalgan.training.state import TrainState
from stress.figure import Figure, portion
from support import SPECS, build, built_in
from workshop import BATCH, Workshop

AT, WITHIN = 130, 50
ROUNDS_IN_ALL = 220
FIRST = ("autoencoder", "restorer")
"""One that is compared with the mean example, and one that is compared with damaged pictures."""
BACK = re.compile(r"round (\d+): .*? Back to round (\d+)", re.DOTALL)


@torch.no_grad()
def swollen(state: TrainState) -> None:
    """Every weight three times as large: finite, and nothing is right any more."""
    for weight in state.system.parameters():
        weight.mul_(3)


@torch.no_grad()
def shaken(state: TrainState) -> None:
    """Noise on every weight, larger than the weights themselves."""
    chance = torch.Generator().manual_seed(0)
    for weight in state.system.parameters():
        weight.add_(3 * weight.std(correction=0) * torch.randn(weight.shape, generator=chance))


STRIKES: dict[str, Callable[[TrainState], None]] = {"swollen weights": swollen, "noise on weights": shaken}


def figure(share: float, scratch: Path) -> Figure:
    """Every system that reconstructs, with every kind of strike."""
    systems = [name for name in built_in() if reconstructs(name)]
    systems = sorted(systems, key=lambda name: name not in FIRST)[
        : portion(len(systems), share, least=len(FIRST))
    ]
    broken, tried = list[str](), 0
    for system in systems:
        for name, strike in STRIKES.items():
            tried += 1
            (scratch / f"{system} {name}").mkdir()
            broken += [
                f"{system}, {name}: {fault}" for fault in struck(system, strike, scratch / f"{system} {name}")
            ]
    return Figure(
        asked=f"told within {WITHIN} rounds while numbers are finite, taken back to before, or stopped in words",
        reached=f"{tried - len(broken)} of {tried} rises caught",
        broken=broken,
    )


def reconstructs(name: str) -> bool:
    """Whether a system's outputs can be compared with the mean example, or with the damaged pictures."""
    system = build(name, SPECS["gray with classes"])
    return isinstance(system, Restores) or (isinstance(system, Encodes) and isinstance(system, Decodes))


def struck(system: str, strike: Callable[[TrainState], None], scratch: Path) -> Iterator[str]:
    """What is wrong with a run of ``system`` that was struck once."""
    said, done = io.StringIO(), list[int]()
    with pytest.MonkeyPatch.context() as patch:
        shop = replace(Workshop.furnished(scratch, patch), console=Console(file=said, width=400))

        def once(state: TrainState, report: loop.Report) -> None:
            if state.round == AT and not done:
                done.append(state.round)
                strike(state)

        shop.strike(once)
        order = shop.order(system, images=ROUNDS_IN_ALL * BATCH)
        try:
            result = shop.run(order)
        except Diverged:
            return
    told = BACK.search(said.getvalue())
    if told is None:
        yield f"not told; it said {said.getvalue()[-200:]}"
    elif int(told[1]) > AT + WITHIN or int(told[2]) > AT:
        yield f"told in round {told[1]}, taken back to round {told[2]}"
    else:
        data = open_data(order.data, order.reading)
        model = model_file.load(result.model)
        ratio = Baseline.of(data.validation, mean_of(data.train), "cpu").ratio(model.system)
        if ratio is None or ratio > 1:
            yield f"the model reconstructs {ratio} times as badly as the simplest guess"
