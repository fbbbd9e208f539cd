"""What must be said of recordings, in sentences: what is missing, late, uneven or constant, and how they were split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from amalgan.core.types import ANY
from amalgan.kinds.series.recordings import Recording
from amalgan.kinds.series.windows import SHORTEST, Piece, Surveyed

SHOWN = 5
EVEN = 0.02
"""Share of uneven intervals from which on something is said."""
APART = 0.01
"""Share by which the intervals of recordings may differ."""


def remarks(
    found: list[Recording], surveys: list[Surveyed], pieces: list[Piece], window: int, how: str
) -> Iterator[str]:
    """All sentences on some recordings."""
    if text := sorted({name for one in found for name in one.form.text}):
        yield f"columns of text are left out: {listed(text)}"
    for one, seen in zip(found, surveys, strict=True):
        yield from of_recording(one, seen, window)
    names = found[0].form.names or tuple(f"channel {at + 1}" for at in range(len(found[0].form.channels)))
    low, high = np.min([one.low for one in surveys], axis=0), np.max([one.high for one in surveys], axis=0)
    for at in np.flatnonzero(low == high).tolist():
        yield f"channel {names[at]!r} is constant: it is {low[at]:g} in all of the data"
    yield from intervals(surveys)
    yield from of_splits(pieces, window, how)


def of_recording(one: Recording, seen: Surveyed, window: int) -> Iterator[str]:
    """What is missing in a recording, and how its stamps are."""
    names = one.form.names or tuple(f"channel {at + 1}" for at in range(len(one.form.channels)))
    gone = [f"{names[at]!r} {seen.missing[at]:,}" for at in np.flatnonzero(seen.missing).tolist()]
    if gone:
        yield (
            f"{one.name}: values are missing ({listed(gone)}); no window is cut from such rows. "
            "A trained model fills them: amalgan restore --task gaps"
        )
    unit = one.form.time_unit
    if seen.holes:
        yield (
            f"{one.name}: the time jumps at {seen.holes:,} places, by up to {seen.longest:g} {unit} where "
            f"{seen.interval:g} {unit} are usual; no window lies over such a gap"
        )
    if seen.uneven > EVEN:
        yield (
            f"{one.name}: {seen.uneven:.0%} of the intervals differ from the usual {seen.interval:g} {unit}; windows "
            "take the rows as if they were evenly spaced. Resample the recording if that matters"
        )


def intervals(surveys: list[Surveyed]) -> Iterator[str]:
    """Whether recordings have one rate."""
    found = sorted(one.interval for one in surveys if one.interval is not None)
    if found and found[-1] - found[0] > APART * found[0]:
        yield (
            f"the interval between rows is {found[0]:g} in one recording and {found[-1]:g} in another; windows have as "
            "many rows of each. Resample them to one rate if that matters"
        )


def of_splits(pieces: list[Piece], window: int, how: str) -> Iterator[str]:
    """How the windows were split, where the data does not say."""
    if how == "recording":
        yield f"{len(pieces):,} recordings: each is in one split, as a whole"
    elif how == "time" and max(map(len, pieces)) >= SHORTEST * window:
        yield (
            f"split by time: the last steps of a recording are for tests; between two splits lie gaps of a window "
            f"({window:,} steps), so that no step is in two"
        )
    elif how == "time" and all(piece.split == ANY for piece in pieces):
        yield (
            f"too short for splits by time: at least {SHORTEST * window:,} steps are needed for windows of {window:,}, "
            "so there is no test split. Give more, or take a shorter --window"
        )


def listed(names: list[str]) -> str:
    """Some names."""
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
