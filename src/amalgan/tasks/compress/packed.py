"""Compressed examples on disk, as a user names them: one file, an archive, or a folder of either's like.

x.amg (one) ──────► [x.amg]                 each with a name and a way to read it when its turn comes,
x.amg (archive) ──► [a.png, b.png, ...]     so that memory holds names and one chunk of pictures
folder ───────────► [a.amg, cat/b.amg]
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from amalgan.codec import amg_file
from amalgan.codec.amg_file import ARCHIVE, ENDING, Archive
from amalgan.core.errors import BitstreamError
from amalgan.core.file_names import shown
from amalgan.core.limits import CHUNK
from amalgan.systems.model_file import Model
from amalgan.tasks.compress.bound import Numbers
from amalgan.tasks.compress.compress import Packed, any_size, decode_chunk, one_code, unpack_file
from amalgan.tasks.generate import DecoderName


class Entry(NamedTuple):
    """One compressed example."""

    name: str
    read: Callable[[Model], Numbers]
    """Raises BitstreamError with the reason why not."""


def entries(place: Path) -> list[Entry]:
    """What is at ``place``, in the order of names.

    Raises:
        BitstreamError: nothing that amalgan compress wrote.
    """
    if place.is_dir():
        found = [Entry(name, partial(from_file, file)) for name, file in sorted(files_in(place))]
        if not found:
            raise BitstreamError(f"{place} holds no {ENDING} files, which amalgan compress writes.")
        return found
    if not place.is_file():
        raise BitstreamError(f"{place}: there is no such file. Give what amalgan compress wrote.")
    with amg_file.readable(place), place.open("rb") as file:
        first = file.read(1)
    if amg_file.kind_of(first) != ARCHIVE:
        return [Entry(shown(place.name), partial(from_file, place))]
    archive = Archive(place)
    return [Entry(shown(name), partial(from_archive, archive, row)) for row, name in enumerate(archive.names)]


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and paths of the regular .amg files below ``folder``; links are not followed."""
    for parent, _, names in os.walk(folder):
        for name in names:
            place = Path(parent, name)
            if place.suffix.lower() == ENDING and stat.S_ISREG(place.lstat().st_mode):
                yield shown(place.relative_to(folder).as_posix()), place


def from_file(place: Path, model: Model) -> Numbers:
    """What a file says."""
    return one_code(model, amg_file.read_picture(place), place)


def from_archive(archive: Archive, row: int, model: Model) -> Numbers:
    """What an entry of an archive says."""
    found = Packed(archive.head, archive.code(row))
    place = f"{shown(archive.names[row])} in {archive.place}"
    return Numbers(found.head.level, unpack_file(model, found, place))


def good(
    model: Model, found: Sequence[Entry], skipped: list[dict[str, str]]
) -> Iterator[tuple[str, Numbers]]:
    """Names and numbers of the entries that can be read; the others are added to ``skipped``."""
    for entry in found:
        try:
            yield entry.name, entry.read(model)
        except BitstreamError as error:
            skipped.append({"name": entry.name, "reason": str(error)})


def decompress(
    model: Model,
    found: Sequence[Entry],
    skipped: list[dict[str, str]],
    *,
    decoder: DecoderName = "faithful",
    seed: int = 0,
) -> Iterator[tuple[list[str], Tensor]]:
    """Yield names and examples, at most 256 at a time; what cannot be read is added to ``skipped``.

    Pictures of their own sizes come one at a time.

    Raises:
        AbilityError: the model cannot decompress, or has no such decoder.
    """
    left, chunk, most = good(model, found, skipped), 0, 1 if any_size(model) else CHUNK
    while part := list(islice(left, most)):
        numbers = [one for _, one in part]
        yield (
            [name for name, _ in part],
            decode_chunk(model, numbers, decoder=decoder, chunk=chunk, seed=seed),
        )
        chunk += 1
