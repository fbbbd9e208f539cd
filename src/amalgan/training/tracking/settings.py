"""The settings of a run, for those who list them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested settings, each under its full name, as ``settings.network.width``; what is not set is left out."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.")
        elif value is not None:
            yield f"{before}{name}", value
