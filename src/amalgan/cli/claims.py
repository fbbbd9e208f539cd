"""What a command is going to write is its own while it runs: nothing of the user's is there, and no other of us writes.

a parsed command ─► its places (--out, --plot, ...) ─► not among its inputs ─► nothing foreign there ─► locked ─► run
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from amalgan.core import locks
from amalgan.core.files import refuse_foreign

PLACES = ("out", "plot", "sheet", "duplicates", "maps", "walk")
INPUTS = ("data", "source", "reals", "normals", "query")
FILES = {".png", ".npz", ".parquet", ".html", ".webp"}
"""Endings of files with a mark; of others a comparison with the new content tells, or another check."""


@contextmanager
def claim_outputs(command: Any) -> Iterator[None]:
    """Hold the places that ``command`` writes to while it runs.

    Raises:
        UsageError: one of them is an input.
        ForeignFile: a file of the user's is there.
        FileError: another process of ours is writing there.
    """
    if getattr(command, "claims_itself", False):
        yield
        return
    places = [Path(place) for holder in holders(command) for place in given(holder, PLACES)]
    for place in places:
        for source in given(command, INPUTS):
            refuse_input(place, source)
    refuse_foreign(place for place in places if is_proved(place))
    beside = {place.resolve(): os.access(place.resolve().parent, os.W_OK) for place in places}
    with ExitStack() as stack:
        stack.enter_context(locks.hold(*(place for place in beside if beside[place] or not place.is_dir())))
        for place in beside:
            if place.is_dir() and not beside[place]:
                stack.enter_context(locks.hold_folder(place))
        yield


def holders(command: Any) -> Iterator[Any]:
    """The command, and what of it has flags of its own."""
    yield command
    yield from given(command, ("film",))


def given(holder: Any, names: tuple[str, ...]) -> Iterator[Any]:
    """The values of those names that were given."""
    yield from (value for name in names if (value := getattr(holder, name, None)) is not None)


def is_proved(place: Path) -> bool:
    """Whether ``place`` will be one file, of which a mark says whose it is."""
    return place.suffix.lower() in FILES and not place.is_dir()


def refuse_input(place: Path, source: str | Path) -> None:
    """Raise UsageError where ``place`` is an input, or lies within it."""
    if Path(source).exists():
        from amalgan.data.readers.inputs import refuse_inputs

        refuse_inputs([place], source)
