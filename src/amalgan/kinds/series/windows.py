"""Windows of recordings: where they begin, which split they are in, and the values themselves.

    rows ─► survey: stretches without a hole, by time and by value ─► starts, every ``step`` rows
                                                                        │
    one recording       │ train ───────────│ gap │ validation │ gap │ test ─── by time; a gap is as long as a window
    20 or more          │ train │ train │ test │ train │ validation │ ...      whole recordings, by their contents

A window that lies in a gap, or over the border of one, is in no split. So no step is ever in two of them, however
much windows overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import ANY, BETWEEN, TEST, TRAIN, VALIDATION
from amalgan.kinds.series.recordings import Recording, Rows

TEST_SHARE, VALIDATION_SHARE = 0.15, 0.10
MANY = 20
"""Recordings from which on whole ones are shared out."""
SHORTEST = 6
"""Windows that a recording must be long to be split by time."""
LATE = 1.5
"""Intervals after which a row is no longer the next one."""
UNEVEN = 0.1
"""Share of an interval by which stamps may be off and still be called even."""
AT_ONCE = 1 << 22
"""Numbers of windows that are cut at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """One recording, or the rows of a table that are one."""

    name: str
    source: int
    """Which of the files it is in."""
    start: int
    stop: int
    """Its rows there."""
    runs: list[tuple[int, int]]
    """Rows that follow one another without a hole, of the file."""
    digest: bytes
    """Of its values."""
    times: list[tuple[int, float]]
    """Of its rows at which a run begins, counted from its first; empty where it has no stamps."""
    label: NDArray[np.str_] | str | None
    """Classes of its rows, of all of them, or none."""
    split: int = ANY

    def __len__(self) -> int:
        return self.stop - self.start

    def starts(self, window: int, step: int) -> NDArray[np.int64]:
        """Rows of the file that windows begin at."""
        found = [np.arange(a, b - window + 1, step, dtype=np.int64) for a, b in self.runs]
        return np.concatenate([np.zeros(0, np.int64), *found])

    def class_of(self, start: int, window: int) -> str:
        """The class of a window: that of its rows where they agree; empty where they do not."""
        if self.label is None or isinstance(self.label, str):
            return self.label or ""
        found = self.label[start - self.start : start - self.start + window]
        return str(found[0]) if (found == found[0]).all() else ""


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """What one pass over a recording finds."""

    pieces: list[Piece]
    interval: float | None
    """Between two rows, by their stamps."""
    missing: NDArray[np.int64]
    """Values of each channel that are not there."""
    holes: int
    """Times at which rows are missing, or go back."""
    longest: float
    """The longest of these, in the unit of the time."""
    uneven: float
    """Share of the intervals that differ from the usual one."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass
class _Seen:
    """What is kept of each row."""

    finite: list[NDArray[np.bool_]] = field(default_factory=list)
    time: list[NDArray[np.float64]] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    series: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)


def survey(found: Recording, source: int) -> Surveyed:
    """Go through a recording once."""
    channels, seen = len(found.form.channels), _Seen()
    missing = np.zeros(channels, np.int64)
    low, high = np.full(channels, np.inf), np.full(channels, -np.inf)
    for rows in found.rows():
        gone = np.isnan(rows.values)
        missing += gone.sum(0)
        low = np.minimum(low, np.where(gone, np.inf, rows.values).min(0))
        high = np.maximum(high, np.where(gone, -np.inf, rows.values).max(0))
        keep(seen, rows, gone)
    finite = np.concatenate([np.zeros(0, bool), *seen.finite])
    time = np.concatenate(seen.time) if seen.time else None
    series = np.array(seen.series) if seen.series else np.zeros(len(finite), np.int8)
    apart = np.diff(time) if time is not None else None
    same = series[1:] == series[:-1]
    interval = usual(apart[same]) if apart is not None else None
    late = np.zeros(len(same), bool)
    if apart is not None and interval is not None:
        late = same & ~((apart > 0) & (apart < LATE * interval))
    near = apart[same & ~late] if apart is not None else np.zeros(0)
    return Surveyed(
        pieces=pieces_of(found, source, finite, ~same, late, series, time, seen),
        interval=interval,
        missing=missing,
        holes=int(late.sum()),
        longest=float(np.nanmax(apart[late]))
        if apart is not None and np.isfinite(apart[late]).any()
        else 0.0,
        uneven=float((np.abs(near - interval) > UNEVEN * interval).mean()) if interval and len(near) else 0.0,
        low=low,
        high=high,
    )


def keep(seen: _Seen, rows: Rows, gone: NDArray[np.bool_]) -> None:
    """Note what must be known of some rows."""
    seen.finite.append(np.asarray(~gone.any(1)))
    seen.digests += [blake2b(row.tobytes(), digest_size=8).digest() for row in rows.values]
    if rows.time is not None:
        seen.time.append(rows.time)
    seen.label += rows.label or []
    seen.series += rows.series or []


def usual(apart: NDArray[np.float64]) -> float | None:
    """The median of the intervals that go forward; None where there is none."""
    forward = apart[apart > 0]
    return float(np.median(forward)) if len(forward) else None


def pieces_of(
    found: Recording,
    source: int,
    finite: NDArray[np.bool_],
    ends: NDArray[np.bool_],
    late: NDArray[np.bool_],
    series: NDArray[np.str_] | NDArray[np.int8],
    time: NDArray[np.float64] | None,
    seen: _Seen,
) -> list[Piece]:
    """The recordings of a file: ``ends`` says after which rows one ends, ``late`` after which one there is a hole."""
    edges = [0, *(np.flatnonzero(ends) + 1).tolist(), len(finite)]
    labels = np.array(seen.label) if seen.label else None
    made = list[Piece]()
    for start, stop in pairwise(edges):
        own = f"/{series[start]}" if seen.series else ""
        whole = runs(finite[start:stop], late[start : max(start, stop - 1)], start)
        made.append(
            Piece(
                name=f"{found.name}{own}",
                source=source,
                start=start,
                stop=stop,
                runs=whole,
                digest=blake2b(b"".join(seen.digests[start:stop]), digest_size=16).digest(),
                times=[] if time is None else known_times(time, whole, start),
                label=found.label if labels is None else labels[start:stop],
                split=found.split,
            )
        )
    return made


def known_times(
    time: NDArray[np.float64], whole: list[tuple[int, int]], start: int
) -> list[tuple[int, float]]:
    """When each run begins, where its first stamp can be read."""
    return [(first - start, float(time[first])) for first, _ in whole if np.isfinite(time[first])]


def runs(finite: NDArray[np.bool_], late: NDArray[np.bool_], first: int) -> list[tuple[int, int]]:
    """Rows that are whole and follow one another; they are counted from ``first`` on."""
    cut = np.flatnonzero(late) + 1
    edges = [0, *cut.tolist(), len(finite)]
    found = list[tuple[int, int]]()
    for start, stop in pairwise(edges):
        change = np.flatnonzero(
            np.diff(np.concatenate([[False], finite[start:stop], [False]]).astype(np.int8))
        )
        found += [(first + start + int(a), first + start + int(b)) for a, b in change.reshape(-1, 2)]
    return found


def shared_out(pieces: Sequence[Piece]) -> dict[bytes, int]:
    """The split of each content among many recordings: whole ones, the lowest digests to the test."""
    order = sorted({piece.digest for piece in pieces})
    test = max(1, round(TEST_SHARE * len(order)))
    held = test + max(1, round(VALIDATION_SHARE * len(order)))
    return {one: TEST if at < test else VALIDATION if at < held else TRAIN for at, one in enumerate(order)}


def by_time(piece: Piece, starts: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """The splits of the windows of a recording, a window's length apart; all to train where it is too short."""
    if len(piece) < SHORTEST * window:
        return np.full(len(starts), TRAIN)
    usable = len(piece) - 2 * window
    held, test = (max(window, int(share * usable)) for share in (VALIDATION_SHARE, TEST_SHARE))
    train = usable - held - test
    first = starts - piece.start
    found = np.full(len(starts), BETWEEN)
    found[first + window <= train] = TRAIN
    found[(first >= train + window) & (first + window <= train + window + held)] = VALIDATION
    found[first >= train + 2 * window + held] = TEST
    return found


def cut(
    rows: Iterator[NDArray[np.float32]], starts: NDArray[np.int64], window: int
) -> Iterator[NDArray[np.float32]]:
    """The windows (n, C, T) that begin at ``starts``, in order, of rows (n, C) that come as a stream."""
    buffer, base, at = np.zeros((0, 0), np.float32), 0, 0
    for block in rows:
        buffer = np.concatenate([buffer, block]) if buffer.size else block
        last = int(np.searchsorted(starts, base + len(buffer) - window, side="right"))
        few = max(1, AT_ONCE // max(1, window * buffer.shape[1]))
        while at < last:
            chosen = starts[at : min(at + few, last)] - base
            at += len(chosen)
            yield np.ascontiguousarray(buffer[chosen[:, None] + np.arange(window)].transpose(0, 2, 1))
        kept = int(starts[at]) if at < len(starts) else base + len(buffer)
        drop = min(max(0, kept - base), len(buffer))
        buffer, base = buffer[drop:], base + drop
