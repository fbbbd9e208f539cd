"""Settings of any system changed alike, whatever parts they are made of.

settings ─► every Adam, at any depth ─────► the same learning rates times a factor     (tuning)
         └► every Networks, at any depth ─► the same networks, wider or narrower       (equal parameters)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from amalgan.config.parts import Adam, Networks
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import build_seeded
from amalgan.core.types import DataSpec
from amalgan.systems import registry
from amalgan.systems.base import System

P = TypeVar("P")

WIDTHS = (1 / 16, 16.0)
"""Networks are made at most so much narrower and wider."""
STEPS = 24
"""Halvings of that range: by then no width changes any more."""


def changed(settings: Any, part: type[P], change: Callable[[P], P]) -> Any:
    """``settings`` with ``change`` applied to every part of that type, at any depth."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, part):
            found[field.name] = change(value)
        elif dataclasses.is_dataclass(value):
            found[field.name] = changed(value, part, change)
    return replace(settings, **found)


def at_rate(settings: Any, factor: float) -> Any:
    """The same with every learning rate times ``factor``."""
    return changed(settings, Adam, lambda adam: replace(adam, rate=adam.rate * factor))


def at_width(settings: Any, factor: float) -> Any:
    """The same with every network ``factor`` times as wide."""

    def widened(size: Networks) -> Networks:
        width = max(4, round(size.width * factor))
        return replace(
            size,
            width=width,
            widest=max(width, round(size.widest * factor)),
            hidden=max(1, round(size.hidden * factor)),
        )

    return changed(settings, Networks, widened)


def build_system(name: str, settings: Any, spec: DataSpec) -> System:
    """A system with fresh weights."""
    return build_seeded(lambda: registry.system_for(name, spec)(settings, spec), 0)


def trained_parameters(system: System) -> int:
    """Numbers that some phase trains."""
    owned = {id(one): one.numel() for phase in system.phases() for one in system.owned(phase)}
    return sum(owned.values())


def with_parameters(name: str, settings: Any, spec: DataSpec, wanted: int) -> Any:
    """``settings`` at the width at which the trained parameters come nearest to ``wanted``.

    Raises:
        ConfigError: no width comes within a factor of two.
    """

    @cache
    def count(sized: Any) -> int:
        return trained_parameters(build_system(name, sized, spec))

    low, high = WIDTHS
    for _ in range(STEPS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if count(at_width(settings, middle)) < wanted else (low, middle)
    sizes = at_width(settings, low), at_width(settings, high)
    nearest = min(sizes, key=lambda sized: abs(count(sized) - wanted))
    if not wanted / 2 <= count(nearest) <= wanted * 2:
        raise ConfigError(
            [
                f"--parameters {wanted:,}: the nearest that {name} comes to by the width of its networks is "
                f"{count(nearest):,}. Ask for a number nearer to that."
            ]
        )
    return nearest
