"""The two sizes that networks come in, and the slimmer ones beside them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Literal, TypeVar

from amalgan.config.parts import Adam, Critic, Networks

Preset = Literal["quick", "base"]
SLIM_NETWORKS = Networks(width=16, widest=64)
BASE_SLIM = Networks(width=32, widest=128, blocks=2, hidden=512, layers=3)
BASE_NETWORKS = Networks(width=64, widest=256, blocks=2, hidden=512, layers=3)
BASE_RATE = 0.5
"""What remains of every learning rate where networks are twice as wide: a step of Adam moves what a layer says in
proportion to its inputs (Yang et al. 2022, arXiv:2203.03466, table 3)."""

Config = TypeVar("Config")


def widen(config: Config, **networks: Any) -> Config:
    """Return a system's configuration with wider ``networks`` and the learning rates that they take."""
    wider: Any = replace(config, **networks)  # type: ignore[type-var]
    return replace(wider, **{field.name: slower(getattr(wider, field.name)) for field in fields(wider)})


def slower(value: Any) -> Any:
    """Return a value of a configuration, its rate lower if it is an optimizer or a critic, which has one."""
    if isinstance(value, Critic):
        return replace(value, optimizer=slower(value.optimizer))
    return replace(value, rate=BASE_RATE * value.rate) if isinstance(value, Adam) else value
