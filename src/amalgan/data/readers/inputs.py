"""Inputs are never written over: the files that will be written are compared with what is read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from amalgan.core.errors import UsageError
from amalgan.data.readers.patterns import Pattern, is_address, is_pattern, local_name


def refuse_inputs(places: Iterable[Path], source: str | Path | None) -> None:
    """Refuse to write a file that is ``source`` or lies within it, whatever it is called there.

    Raises:
        UsageError: names the first such file.
    """
    if source is None:
        return
    source = local_name(str(source))
    if not Path(source).exists():
        _refuse_meant(places, source)
        return
    root, within = Path(source).stat(), dict[Path, bool]()
    for place in places:
        if place.parent not in within:
            within[place.parent] = lies_within(place.parent, root)
        if within[place.parent] or is_same(place, root):
            raise UsageError(
                f"--out {place} is DATA itself or lies within it; inputs are never changed. Choose another."
            )


def _refuse_meant(places: Iterable[Path], source: str) -> None:
    """Refuse to write a file that a pattern means, as it is or in the next run."""
    if not is_pattern(source) or is_address(source):
        return
    pattern = Pattern.of(source)
    if (place := next(filter(pattern.means, places), None)) is not None:
        raise UsageError(
            f"--out {place} is among the files that DATA ({source}) means; inputs are never changed. Choose another."
        )


def lies_within(place: Path, root: os.stat_result) -> bool:
    """Whether ``place`` or a folder above it is ``root``."""
    full = place.resolve()
    return any(is_same(one, root) for one in (full, *full.parents))


def is_same(place: Path, root: os.stat_result) -> bool:
    """Whether ``place`` is there and is ``root``."""
    with suppress(OSError):
        return os.path.samestat(place.stat(), root)
    return False
