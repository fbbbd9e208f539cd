"""Tables and folders of recordings as a source of windows: what ``--window`` and ``--step`` make of them.

path or files ─► recordings ─► survey, once each ─► pieces ─► windows with splits and classes ─► ArrayData
                                    └─► remarks: missing values, holes in time, uneven stamps, constant channels
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import shown
from amalgan.core.types import ANY, UNLABELED
from amalgan.data.decoding.layout import Request
from amalgan.data.readers.path_labels import Places
from amalgan.data.readers.patterns import local_name
from amalgan.data.readers.sources import ArrayData, Arrays, Block, Pictures, Source, file_key
from amalgan.kinds.series.recordings import ENDINGS, Recording, of_array, recording
from amalgan.kinds.series.remarks import remarks
from amalgan.kinds.series.windows import MANY, SHORTEST, Piece, by_time, cut, shared_out, survey

SHARE = 4
"""A step is by default this part of a window."""


def source_of(data: str | Path, source: Source, request: Request) -> Source:
    """``source``, which ``data`` names, as arrays of windows; itself where it is arrays of windows already."""
    path = Path(local_name(str(data)))
    if path.is_file() and path.suffix.lower() in ENDINGS and not is_windows(path, source, request):
        return Arrays(
            name=source.name,
            key=f"series\n{file_key(path)}",
            open=lambda: opened([at(path, request)], [], request),
        )
    if isinstance(source, Arrays):
        return Arrays(name=source.name, key=source.key, open=lambda: steps_cut(source, request))
    return Arrays(
        name=source.name, key=f"series\n{source.key}", open=lambda: opened(*inside(source, request), request)
    )


def is_windows(path: Path, source: Source, request: Request) -> bool:
    """Whether it is an array (N, A, B), or (N, T) without a window to cut."""
    if path.suffix.lower() != ".npy" or not isinstance(source, Arrays):
        return False
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape = np.lib.format.read_array_header_1_0(file)[0]
    model = tuple(request.extra.get("shape", ()))
    return len(shape) > 2 or (len(shape) == 2 and (request.extra["window"] is None or (1, shape[1]) == model))


def steps_cut(source: Arrays, request: Request) -> ArrayData:
    """Arrays of windows as they are; rows (T, C) of an archive as a recording, where a window is asked for."""
    found = source.open()
    window, model = request.extra["window"], tuple(request.extra.get("shape", ()))
    if len(found.shape) != 1 or window is None or (1, *found.shape) == model:
        return found
    blocks = list(found.blocks())
    width = found.shape[0]
    values = np.concatenate([np.zeros((0, width)), *(whole_rows(block, width) for block in blocks)])
    return opened([of_array(source.name, values)], [], request)


def whole_rows(block: Block, width: int) -> Any:
    """The rows of a block, with NaN where some were left out."""
    if block.kept is None:
        return block.values
    rows = np.full((len(block.kept), width), np.nan)
    rows[block.kept] = block.values
    return rows


def at(path: Path, request: Request) -> Recording:
    """The recording in a file.

    Raises:
        DataError: it is none.
    """
    try:
        return recording(
            shown(path.name), path.suffix.lower(), lambda: path.open("rb"), request.extra["time_column"]
        )
    except BadPicture as bad:
        raise DataError(f"{shown(path.name)} {bad}.") from bad


class Nameless:
    """Files whose endings do not tell label files from recordings: every one is a recording."""

    def __init__(self, source: Pictures) -> None:
        self.source, self.name, self.key, self.ignored = source, source.name, source.key, source.ignored

    def __len__(self) -> int:
        return len(self.source)

    def path(self, row: int) -> bytes:
        """Its path, with an ending that no label file has."""
        return self.source.path(row) + b".recording"

    def read(self, row: int, limit: int | None = None) -> bytes:
        """Its bytes."""
        return self.source.read(row, limit)

    def opened(self, row: int) -> BytesIO:
        """Its bytes as a file."""
        return BytesIO(self.source.read(row))


def inside(source: Pictures, request: Request) -> tuple[list[Recording], list[tuple[str, str]]]:
    """The recordings among files, with classes and splits by their folders, and what is none and why."""
    nameless, found, bad = Nameless(source), list[Recording](), list[tuple[str, str]]()
    places = Places.of(nameless)
    for row in range(len(source)):
        name = shown(source.path(row))
        ending = PurePosixPath(name).suffix.lower()
        try:
            if ending not in ENDINGS:
                raise BadPicture(f"is no recording; those end in {', '.join(ENDINGS)}")
            one = recording(name, ending, partial(nameless.opened, row), request.extra["time_column"])
            split, label = places.place(nameless.path(row))
            found.append(replace(one, split=split, label=label))
        except BadPicture as error:
            bad.append((name, str(error)))
    if not found:
        raise DataError(
            f"{source.name} holds no recording{': ' + ' '.join(bad[0]) if bad else ''}. "
            f"Give files that end in {', '.join(ENDINGS)}."
        )
    return found, bad


def opened(found: list[Recording], bad: list[tuple[str, str]], request: Request) -> ArrayData:
    """The windows of recordings.

    Raises:
        DataError: their channels differ, or nothing says how long a window is.
    """
    check_channels(found)
    surveys = [survey(one, number) for number, one in enumerate(found)]
    pieces = [piece for one in surveys for piece in one.pieces]
    window = window_of(found, pieces, request.extra)
    step = request.extra["step"] or max(1, window // SHARE)
    starts = [piece.starts(window, step) for piece in pieces]
    splits, how = splits_of(pieces, starts, window)
    short = [
        (piece.name, f"has {len(piece):,} steps; a window has {window:,}")
        for piece in pieces
        if len(piece) < window
    ]
    labels = [
        [piece.class_of(int(start), window) for start in own]
        for piece, own in zip(pieces, starts, strict=True)
    ]
    classes = sorted({label for own in labels for label in own} - {""})
    cutting = Cutting(found, pieces, starts, splits, labels, classes, window, [*bad, *short])
    interval = next((one.interval for one in surveys if one.interval is not None), None)
    return ArrayData(
        count=sum(map(len, starts)) + len(cutting.bad),
        shape=(len(found[0].form.channels), window),
        classes=tuple(classes),
        blocks=cutting.blocks,
        names=found[0].form.names,
        facts={
            "units": found[0].form.units if any(found[0].form.units) else [],
            "interval": interval,
            "time_unit": found[0].form.time_unit if interval is not None else "",
            "times": {piece.name: piece.times for piece in pieces if piece.times},
            "dates": any(one.form.dates for one in found),
        },
        remarks=tuple(remarks(found, surveys, pieces, window, how)),
        split_by=how,
    )


def check_channels(found: list[Recording]) -> None:
    """Refuse recordings of other channels than the first."""
    first = found[0]
    for one in found:
        if (len(one.form.channels), one.form.names) != (len(first.form.channels), first.form.names):
            raise DataError(
                f"{one.name} has the channels {', '.join(one.form.names) or len(one.form.channels)}, {first.name} has "
                f"{', '.join(first.form.names) or len(first.form.channels)}. Give recordings of the same channels."
            )


def window_of(found: list[Recording], pieces: list[Piece], extra: Mapping[str, Any]) -> int:
    """Steps of a window: as asked, or all of recordings that are equally long."""
    if extra["window"] is not None:
        return int(extra["window"])
    lengths = sorted({len(piece) for piece in pieces})
    if len(pieces) == 1:
        raise DataError(
            f"{pieces[0].name} is one recording of {lengths[0]:,} steps; say how many an example has: --window 256."
        )
    if len(lengths) > 1:
        raise DataError(
            f"{len(pieces)} recordings have {lengths[0]:,} to {lengths[-1]:,} steps; say how many an example "
            f"has: --window {max(8, lengths[0])}."
        )
    return lengths[0]


def splits_of(pieces: list[Piece], starts: list[Any], window: int) -> tuple[list[Any], str]:
    """The splits of the windows of each piece, and how they came about; nothing where they are the data's own."""
    if any(piece.split != ANY for piece in pieces):
        return [np.full(len(own), piece.split) for piece, own in zip(pieces, starts, strict=True)], ""
    lengths = [len(piece) for piece in pieces]
    whole = len(pieces) >= MANY or (len(pieces) > 2 and max(lengths) < SHORTEST * window)
    if whole:
        split = shared_out(pieces)
        found = [np.full(len(own), split[piece.digest]) for piece, own in zip(pieces, starts, strict=True)]
        return found, "recording"
    return [by_time(piece, own, window) for piece, own in zip(pieces, starts, strict=True)], "time"


@dataclass(frozen=True)
class Cutting:
    """What is cut from recordings."""

    found: list[Recording]
    pieces: list[Piece]
    starts: list[Any]
    splits: list[Any]
    labels: list[list[str]]
    classes: list[str]
    window: int
    bad: list[tuple[str, str]]

    def blocks(self) -> Iterator[Block]:
        """Windows in the order of recordings, and last what could not be used."""
        for source, one in enumerate(self.found):
            mine = [number for number, piece in enumerate(self.pieces) if piece.source == source]
            yield from self.of_file(one, mine)
        channels = len(self.found[0].form.channels)
        yield Block(
            values=np.zeros((0, channels, self.window), np.float32),
            labels=np.zeros(0, np.int64),
            split=ANY,
            names=[],
            bad=dict(self.bad),
            kept=np.zeros(len(dict(self.bad)), np.bool_),
        )

    def of_file(self, one: Recording, mine: list[int]) -> Iterator[Block]:
        """The windows of the pieces of a file; a block holds those of one split."""
        number_of = {name: number for number, name in enumerate(self.classes)}
        starts = np.concatenate([np.zeros(0, np.int64), *(self.starts[at] for at in mine)])
        splits = np.concatenate([np.zeros(0, np.int64), *(self.splits[at] for at in mine)])
        labels = [number_of.get(label, UNLABELED) for at in mine for label in self.labels[at]]
        names = [name for at in mine for name in self.names(at)]
        done = 0
        for values in cut((rows.values for rows in one.rows()), starts, self.window):
            edges = [
                0,
                *(np.flatnonzero(np.diff(splits[done : done + len(values)])) + 1).tolist(),
                len(values),
            ]
            for a, b in pairwise(edges):
                yield Block(
                    values=values[a:b],
                    labels=np.array(labels[done + a : done + b], np.int64),
                    split=int(splits[done + a]),
                    names=names[done + a : done + b],
                )
            done += len(values)

    def names(self, number: int) -> Iterator[str]:
        """What the windows of a piece are called: it, and their first and last step there."""
        piece = self.pieces[number]
        for start in (self.starts[number] - piece.start).tolist():
            yield f"{piece.name}/{start:09d}-{start + self.window:09d}"
