"""The one template engine of the reports.

    context (names, numbers, drawings) ─► finalize: control characters as escapes ─► autoescape ─► HTML

Names of systems, classes, files and data are hostile text. Templates never mark any of it as safe, so this is the
only place to look at. The page carries a content policy under which nothing is fetched and no script runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from amalgan.core.file_names import shown
from amalgan.core.words import counted
from amalgan.studies.html import numbers

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render(template: str, *, policy: str = POLICY, **context: Any) -> str:
    """The page that ``template`` makes of ``context``."""
    return environment().get_template(template).render(policy=policy, **context)


@cache
def environment() -> Environment:
    """The engine, with every text escaped."""
    made = Environment(
        loader=PackageLoader("amalgan.studies.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": numbers.number, "chance": numbers.chance, "counted": counted}
    return made


def entries(facts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """What nested facts hold, each under its full name: ``network.width``."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from entries(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def readable(value: Any) -> Any:
    """Text with whatever could act on a terminal, hide its meaning or break the encoding written as an escape."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(c if c.isprintable() else shown(c) for c in value)
