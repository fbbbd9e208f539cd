"""What there is to know of every system before one is trained, read from its class and its file."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path

from amalgan.systems import registry
from amalgan.systems.abilities import abilities


@dataclass(frozen=True)
class SystemFacts:
    """What there is to know of a system before training one."""

    name: str
    summary: str
    abilities: tuple[str, ...]
    paper: str
    file: str
    lines: int


def known_systems() -> list[SystemFacts]:
    """Every system that can be trained, by name."""
    return [facts_of(name) for name in registry.names()]


def facts_of(name: str) -> SystemFacts:
    """The facts of one system, read from its class."""
    system = registry.system_class(name)
    source = Path(inspect.getsourcefile(system) or "?")
    return SystemFacts(
        name=name,
        summary=(inspect.getdoc(system) or "").split("\n")[0],
        abilities=tuple(abilities(system)),
        paper=system.paper,
        file=source.name,
        lines=len(source.read_text(encoding="utf-8").splitlines()) if source.is_file() else 0,
    )
