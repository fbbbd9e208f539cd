"""What sounds are read from: files, arrays of waves, and what a user of Python holds.

files ─► rate and length: asked for, or chosen ─► recording ─► clip ─► store; what was done is told
arrays (N, T), whose rate must be said (--rate) ─► clip ─► store
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture, DataError, UsageError
from amalgan.data.dataset.read_files import read_files
from amalgan.data.dataset.read_rows import read_rows
from amalgan.data.dataset.store_writer import Into
from amalgan.data.decoding.layout import Request
from amalgan.data.readers.folders import one_file
from amalgan.data.readers.sources import ArrayData, Block, Pictures
from amalgan.kinds.protocol import Kind
from amalgan.kinds.sound.choosing import choose_clips
from amalgan.kinds.sound.clips import LONGEST, Tally, clip
from amalgan.kinds.sound.geometry import Geometry
from amalgan.kinds.sound.recordings import ENDINGS, Recording, in_full_scale, recording

LOOKED_AT = 500
"""Names by which it is judged whether files are sounds."""


def are_sounds(found: ArrayData | Pictures) -> bool:
    """Whether most files are called as sounds are; arrays never say that they are."""
    if isinstance(found, ArrayData) or not len(found):
        return False
    rows = np.unique(np.linspace(0, len(found) - 1, min(LOOKED_AT, len(found))).astype(int)).tolist()
    named = sum(found.path(row).lower().endswith(tuple(end.encode() for end in ENDINGS)) for row in rows)
    return 2 * named > len(rows)


def read_sounds(
    kind: Kind, name: str, found: ArrayData | Pictures, request: Request, into: Into
) -> Iterator[None]:
    """Write a part of ``found`` ``into`` a store or a catalog, and yield now and then.

    Raises:
        DataError: it is arrays of another shape, or nobody says their rate.
    """
    if isinstance(found, ArrayData):
        return read_waves(kind, name, found, request, into)
    geometry, said = choose_clips(found, request)
    tally, longest = Tally(), None if request.extra.get("seconds") is not None else LONGEST
    return read_files(
        kind,
        found,
        (geometry.samples,),
        lambda data: clip(recording(data), geometry, longest=longest, tally=tally),
        into,
        label_column=request.label_column,
        chosen=f"{in_words(geometry)}: {said}",
        remarks=lambda: tally.describe(geometry),
        facts=geometry.facts,
    )


def in_words(geometry: Geometry) -> str:
    """Return what clips are, as people write it."""
    return (
        f"{geometry.seconds:.2f} s at {geometry.rate:,} Hz, {geometry.bands} bands x {geometry.frames} frames"
    )


def read_waves(kind: Kind, name: str, found: ArrayData, request: Request, into: Into) -> Iterator[None]:
    """Write waves that are in an array, (N, T), full scale 1."""
    if len(found.shape) != 1:
        raise DataError(
            f"{name} holds arrays of shape {found.shape} an example; sounds are rows of samples, (N, T)."
        )
    rate = request.extra.get("rate")
    if rate is None:
        raise DataError(
            f"{name} does not say how many samples a second its {found.shape[0]:,} are. Give --rate."
        )
    geometry = Geometry.lasting(request.extra.get("seconds") or min(found.shape[0] / rate, LONGEST), rate)
    blocks = partial(map, partial(clipped, geometry=geometry), found.blocks())
    waves = replace(found, shape=(geometry.samples,), blocks=blocks, names=())
    return read_rows(kind, name, waves, into, chosen=in_words(geometry), facts=geometry.facts)


def clipped(block: Block, geometry: Geometry) -> Block:
    """Return a block of waves as clips; those that are none join its bad ones."""
    waves = list[NDArray[np.int16]]()
    good, bad = list[int](), dict(block.bad)
    for row, wave in enumerate(block.values):
        try:
            waves.append(clip(Recording(wave[:, None], geometry.rate), geometry, longest=None))
            good.append(row)
        except BadPicture as error:
            bad[block.names[row]] = str(error)
    kept = np.ones(len(block.values) + len(block.bad), bool) if block.kept is None else block.kept.copy()
    rows = np.flatnonzero(kept)
    kept[np.delete(rows, good)] = False
    values = np.stack(waves) if waves else np.zeros((0, geometry.samples), np.int16)
    names = [block.names[row] for row in good]
    return replace(block, values=values, labels=block.labels[good], names=names, bad=bad, kept=kept)


def held_clips(x: Any, geometry: Geometry) -> NDArray[np.int16]:
    """Return what a user of Python holds as clips, int16 (N, T).

    Raises:
        UsageError: it is no sound, or one of them cannot be read.
    """
    try:
        return np.stack([clip(one, geometry, longest=None) for one in recordings_of(x, geometry.rate)])
    except BadPicture as error:
        raise UsageError(f"a sound {error}.") from error


def recordings_of(x: Any, rate: int) -> list[Recording]:
    """Return each sound of ``x``: files as they are, waves at ``rate``."""
    if isinstance(x, str | Path):
        return [recording(one_file(Path(x)).read(0))]
    if isinstance(x, bytes):
        return [recording(x)]
    if isinstance(x, list | tuple) and x and isinstance(x[0], str | Path | bytes):
        return [one for item in x for one in recordings_of(item, rate)]
    try:
        waves = np.atleast_2d(np.asarray(x))
    except ValueError:
        waves = np.zeros((0, 0, 0))
    if waves.dtype.kind not in "iuf" or waves.shape != waves.shape[:2] or not waves.size:
        raise UsageError(
            f"found {type(x).__name__}; this model reads paths of sounds, or waves at {rate:,} Hz: (T,) or (N, T)."
        )
    return [Recording(in_full_scale(wave)[:, None], rate) for wave in waves]
