"""A run that stopped and went on is, bit for bit, the run that never stopped; a state that forgets something shows.

whole ─────────────────────────────────► state, model ─┐
stopped at a round ─► resumed ─► ... ──► state, model ─┴─► equal, tensor by tensor and byte for byte
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import Diverged
from amalgan.core.randomness import Draws
from amalgan.training import loop
from stress import forked
from stress.figure import Figure, portion
from support import built_in
from workshop import ROUNDS, Workshop, rewrite, tensors_in

STOPS = (1, 7, 12, ROUNDS - 1)
REAL = ("autoencoder", "fusion", "supervised")
SECONDS = 300


def mismatches(first: Path, second: Path) -> list[str]:
    """Names of the tensors of the last states that differ, and ``model`` where the published files do."""
    whole, resumed = tensors_in(first), tensors_in(second)
    names = sorted(whole.keys() | resumed.keys())
    found = [n for n in names if n not in whole or n not in resumed or not whole[n].equal(resumed[n])]
    models = [(out / "model.safetensors").read_bytes() for out in (first, second)]
    return found + ["model"] * (models[0] != models[1])


def drop(entry: str) -> Callable[[dict[str, Tensor], dict[str, Any]], None]:
    """Forget what Adam, or whoever else, keeps under names that end so."""

    def change(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
        for name in tensors:
            if name.endswith(entry):
                tensors[name].zero_()

    return change


def drop_average(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Forget the averaged weights: the current ones are taken for them."""
    for name in tensors:
        if name.startswith("average/"):
            tensors[name].copy_(tensors[name.replace("average/", "system/")])


def drop_cursor(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Forget where in the data the run was."""
    header["round"] += 1


def drop_nothing(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """The control of the controls."""


FORGETFUL = {
    "nothing": drop_nothing,
    "first moment": drop("/exp_avg"),
    "second moment": drop("/exp_avg_sq"),
    "Adam's steps": drop("/step"),
    "average": drop_average,
    "cursor": drop_cursor,
    "random numbers": drop_nothing,
}


def resumed(workshop: Workshop, system: str, stop: int) -> list[str]:
    """What differs after ``system`` was stopped and went on; its whole run is there."""
    order = workshop.order(system, f"{system}-{stop}")
    workshop.stop_at(order, stop)
    workshop.run(replace(order, resume=True))
    return mismatches(workshop.folder / system, order.out)


def in_process(workshop: Workshop, systems: list[str], stops: tuple[int, ...]) -> Iterator[str]:
    """Each system at each round."""
    for system in systems:
        workshop.run(workshop.order(system, system))
        for stop in stops:
            if found := resumed(workshop, system, stop):
                yield f"{system} stopped at {stop}: {len(found)} differ, first {found[0]}"


def controls(workshop: Workshop) -> Iterator[str]:
    """Negative controls: what was forgotten must show, nothing must not."""
    workshop.run(workshop.order("fusion", "control"))
    for name, change in FORGETFUL.items():
        order = workshop.order("fusion", f"without {name}")
        workshop.stop_at(order, 9)
        rewrite(order.out / "state.safetensors", change)
        with pytest.MonkeyPatch.context() as patch:
            if name == "random numbers":
                patch.setattr(loop, "Draws", other_draws)
            same = goes_on_alike(workshop, order)
        if same is not (name == "nothing"):
            yield f"control: without {name} it {'went unseen' if same else 'differs'}"


def goes_on_alike(workshop: Workshop, order: TrainOptions) -> bool:
    """Whether a control goes on as the whole run did; one that diverges does not."""
    try:
        workshop.run(replace(order, resume=True))
    except Diverged:
        return False
    return not mismatches(workshop.folder / "control", order.out)


def other_draws(**named: Any) -> Draws:
    """Random numbers of another seed."""
    return Draws(**named | {"seed": named["seed"] + 1})


def in_processes(workshop: Workshop, systems: tuple[str, ...], world: int) -> Iterator[str]:
    """Each system in ``world`` real processes: whole, and stopped by a signal and resumed by new ones."""
    for system in systems:
        orders = [workshop.order(system, f"{system} {world} {how}") for how in ("whole", "stopped")]
        together(partial(finish, workshop, orders[0]), world)
        together(partial(stop, workshop, orders[1]), world)
        together(partial(finish, workshop, replace(orders[1], resume=True)), world)
        if found := mismatches(orders[0].out, orders[1].out):
            yield f"{system} in {world} processes: {len(found)} differ, first {found[0]}"


def finish(workshop: Workshop, order: TrainOptions) -> None:
    """Run to the end."""
    workshop.run(order)


def stop(workshop: Workshop, order: TrainOptions) -> None:
    """Run to round 7 and get a signal there."""
    workshop.stop_at(order, 7)


def together(work: forked.Work, world: int) -> None:
    """Do ``work`` in ``world`` processes that find one another; each must end well."""
    codes = [forked.ended(child, SECONDS) for child in forked.ranks(work, world, free_port())]
    if any(codes):
        raise RuntimeError(f"processes ended with {codes}")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def figure(share: float, scratch: Path) -> Figure:
    """Resume at several rounds, in process and in real ones; negative controls."""
    systems = built_in()[: portion(len(built_in()), share)]
    stops, real = STOPS[: portion(len(STOPS), share)], REAL[: portion(len(REAL), share)]
    with pytest.MonkeyPatch.context() as patch:
        workshop = Workshop.furnished(scratch, patch)
        broken = [*in_processes(workshop, real, 1), *in_processes(workshop, real, 2)]
        broken += [*in_process(workshop, systems, stops), *controls(workshop)]
    return Figure(
        asked="0 mismatches; each thing forgotten shows",
        reached=f"{len(broken)} in {len(systems)} systems x {len(stops)} rounds, {len(real)} x 1 and 2 processes, "
        f"{len(FORGETFUL)} controls",
        broken=broken,
    )
