"""The networks of a model whose answers can be watched while parts of an example are hidden.

encoder   distance of the code from that of the whole example, each entry in its deviations      never negative
critic    what the logit loses: positive where the part makes the example look real              signed
classes   what the log-probability of the class seen loses: positive where the part speaks for it signed

A scorer is there when the system has the ability that it needs, and can use it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

from amalgan.systems.abilities import Encodes, Judges, abilities
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.occlusion import Change
from amalgan.tasks.judging import judge_of


@dataclass(frozen=True, kw_only=True)
class WatchedNetwork:
    """One network and what a change of its answer means."""

    name: str
    said: str
    """What the map shows, in a sentence."""
    unit: str
    signed: bool
    watch: Callable[[Tensor, Tensor], Change]
    """From an example (1, ...) and its label (1,) to what measures changes from it."""


def list_networks(model: Model, spread: Float[Tensor, " K"] | None) -> Iterator[WatchedNetwork]:
    """Those that the model has.

    Args:
        spread: deviation of each entry of the code over the data; None for a model without a code.
    """
    if isinstance(model.system, Encodes) and spread is not None:
        yield of_encoder(model.system, spread)
    if (system := judge_of(model)) is not None:
        yield of_critic(system)
    if "classify" in abilities(model.system):
        yield of_classes(model.system)


def of_encoder(system: Encodes, spread: Float[Tensor, " K"]) -> WatchedNetwork:
    """How far the code moves."""

    def watch(x: Tensor, label: Tensor) -> Change:
        scale = spread.to(x.device)
        whole = system.encode(x) / scale
        return lambda hidden: (system.encode(hidden) / scale - whole).norm(dim=1)

    return WatchedNetwork(
        name="encoder",
        said="how far the code moves when the part is hidden",
        unit="deviations of the code",
        signed=False,
        watch=watch,
    )


def of_critic(system: Judges) -> WatchedNetwork:
    """What the critic's logit loses."""

    def watch(x: Tensor, label: Int[Tensor, " 1"]) -> Change:
        whole = system.judge(x, label)
        return lambda hidden: whole - system.judge(hidden, label.expand(len(hidden)))

    return WatchedNetwork(
        name="critic",
        said="what the critic's logit loses when the part is hidden: + where the part makes it look real, − where "
        "it makes it look made",
        unit="logit",
        signed=True,
        watch=watch,
    )


def of_classes(system: Any) -> WatchedNetwork:
    """What the class that is seen loses."""

    def watch(x: Tensor, label: Tensor) -> Change:
        whole = system.classify(x).log_softmax(1)
        seen = whole.argmax(1)
        return lambda hidden: (whole - system.classify(hidden).log_softmax(1))[:, int(seen)]

    return WatchedNetwork(
        name="classes",
        said="what the class that it sees loses when the part is hidden: + where the part speaks for that class, − "
        "where it speaks against it",
        unit="nats",
        signed=True,
        watch=watch,
    )
