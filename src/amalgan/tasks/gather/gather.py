"""Parts of a sharded job, joined into what one run over all would have written.

parts ─► what each says of itself ─► one job, every part once, in order ─► rows one after another ─► the file
                                          └─► a gap, an overlap, another model, other data: a sentence

embed                       .npz, .parquet ─► codes          detect, classify, trace   .npz, .parquet ─► .csv
generate, reconstruct       .npz ─► .npz, folders ─► folder  compress                  .amg ─► .amg, folders
restore                     folders ─► folder
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.codec import amg_file
from amalgan.core.errors import UsageError
from amalgan.core.files import below, refuse_foreign, remove_within, replacing, write_changed, write_stream
from amalgan.core.journal import key_of
from amalgan.core.json_schema import fitting_in
from amalgan.core.ownership import is_ours
from amalgan.core.words import first_of
from amalgan.data.writing.columns import ENDINGS, read_columns, stamp_at, write_columns
from amalgan.data.writing.npz import Column
from amalgan.data.writing.parts import NAME, SCHEMA, Part, digest_at, of_json, parse, read_beside
from amalgan.data.writing.sheets import sheet
from amalgan.tasks.classify import Classified
from amalgan.tasks.detect import detect
from amalgan.tasks.detect.detect import alarms_at
from amalgan.tasks.embed.embed import stamp_of
from amalgan.tasks.trace import trace

Columns = dict[str, NDArray[Any]]
MOST_SHOWN = 5
KEYS = {"embed": "codes", "generate": "generated", "reconstruct": "rebuilt"}


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Parts of one job, in order."""

    paths: list[Path]
    parts: list[Part]

    @property
    def combined(self) -> Part:
        """What the whole says of itself."""
        total = sum(int(part.total, 16) for part in self.parts) % 2**128
        count = sum(part.count for part in self.parts)
        return replace(self.parts[0], shard="1/1", count=count, total=f"{total:032x}")


def gather(places: Sequence[Path], out: Path) -> tuple[Part, bool]:
    """Join parts; the whole job, and whether ``out`` did not hold just that already.

    Raises:
        UsageError: they are no parts, not of one job, not all of it, or cannot be joined into ``out``.
        FileError: a part is damaged, or ``out`` cannot be written.
    """
    found = all_of_one(places)
    return found.combined, writer_for(found, out)(found, out)


def all_of_one(places: Sequence[Path]) -> Gathered:
    """The parts at ``places``, which must be all of one job, in order."""
    read = [(place, part_at(place)) for place in places]
    (first_place, first), *others = read
    for place, part in others:
        for what, one, other in differences(first, part):
            raise UsageError(
                f"{first_place} and {place} are parts of different jobs: {what} {one} and {other}. "
                "Gather the parts of one command."
            )
    read.sort(key=lambda pair: pair[1].number.part)
    for (place, part), (again, other) in pairwise(read):
        if part.shard == other.shard:
            raise UsageError(f"{place} and {again} are both part {part.shard}. Give each part once.")
    there, of = {part.number.part for _, part in read}, first.number.of
    if missing := [number for number in range(1, of + 1) if number not in there]:
        names = first_of([f"{number}/{of}" for number in missing], MOST_SHOWN)
        raise UsageError(f"{len(missing):,} of {of:,} parts are missing: {names}. Compute and give them too.")
    return Gathered(paths=[place for place, _ in read], parts=[part for _, part in read])


def part_at(place: Path) -> Part:
    """What the part at ``place`` says of itself.

    Raises:
        UsageError: it is no part.
    """
    found = parse(stamp_at(place)) if place.suffix.lower() in ENDINGS else read_beside(place)
    if found is None:
        what = "is not there" if not place.exists() else "is no part of a job"
        raise UsageError(f"{place} {what}. Give what the commands with --shard have written.")
    return found


def differences(one: Part, other: Part) -> Iterator[tuple[str, Any, Any]]:
    """What sets the jobs of two parts apart."""
    names = {"command": "commands", "model": "models", "data": "data"}
    for name, what in names.items():
        if (mine := getattr(one, name)) != (its := getattr(other, name)):
            yield what, mine, its
    for name in sorted(one.options.keys() | other.options.keys()):
        mine, its = one.options.get(name), other.options.get(name)
        if mine != its:
            yield f"--{name.replace('_', '-')}", mine, its
    if one.number.of != other.number.of:
        yield "numbers of parts", one.number.of, other.number.of


def writer_for(found: Gathered, out: Path) -> Callable[[Gathered, Path], bool]:
    """What joins such parts into a file of that ending.

    Raises:
        UsageError: nothing does.
    """
    command = found.parts[0].command
    kinds = {place.suffix.lower() for place in found.paths}
    ending = out.suffix.lower()
    if command == "embed" and ending in ENDINGS:
        return write_codes
    if command in TABLES and ending == ".csv":
        return write_rows
    if command in KEYS and kinds == {".npz"} == {ending}:
        return write_arrays
    if kinds == {".amg"} == {ending}:
        return write_archive
    if not any(kinds) and not ending:
        return write_folder
    wanted = (
        ".npz or .parquet" if command == "embed" else ".csv" if command in TABLES else "the parts' own kind"
    )
    raise UsageError(f"--out {out} cannot hold what {command} --shard has written; give {wanted}.")


def write_codes(found: Gathered, out: Path) -> bool:
    """Codes, labels and names."""
    joined = {name: column(found.paths, name) for name in ("code", "label", "name")}
    return write_columns(out, joined, stamp_of(found.combined))


def write_arrays(found: Gathered, out: Path) -> bool:
    """Examples."""
    whole = found.combined
    asked = dict(whole.options)
    if whole.command == "generate":
        key = key_of(KEYS[whole.command], whole.model, asked.pop("count"), asked)
    else:
        key = key_of(KEYS[whole.command], whole.model, whole.count, int(whole.total, 16), asked)
    return write_columns(out, {"x": column(found.paths, "x")}, key)


def column(places: Sequence[Path], name: str) -> Column:
    """One column of all parts, one part in memory at a time."""
    facts = [(len(values), values.dtype, values.shape[1:]) for values in values_in(places, name)]
    widest = max(
        (dtype for count, dtype, _ in facts if count), key=lambda dtype: dtype.itemsize, default=facts[0][1]
    )
    shape = (sum(count for count, _, _ in facts), *facts[0][2])
    return Column(widest.str, shape, (values.astype(widest) for values in values_in(places, name)))


def values_in(places: Sequence[Path], name: str) -> Iterator[NDArray[Any]]:
    """A column of each part."""
    for place in places:
        yield read_columns(place, (name,)).columns[name]


def write_rows(found: Gathered, out: Path) -> bool:
    """A table of scores or probabilities."""
    tables = [read_columns(place).columns for place in found.paths]
    joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return TABLES[found.parts[0].command](joined, found.combined.options, out)


def write_scores(columns: Columns, options: dict[str, Any], out: Path) -> bool:
    """What detect writes."""
    alarms = alarms_at(torch.from_numpy(columns["p(all)"]), options["rate"], options["control"])
    return write_stream(out, (sheet([line]).encode() for line in detect.lines_of(columns, alarms)))


def write_traces(columns: Columns, options: dict[str, Any], out: Path) -> bool:
    """What trace writes."""
    made = torch.from_numpy(columns["p(all)"]) <= options["rate"]
    return write_stream(out, (sheet([line]).encode() for line in trace.lines_of(columns, made)))


def write_classes(columns: Columns, options: dict[str, Any], out: Path) -> bool:
    """What classify writes."""
    found = Classified.of_columns(columns, options["classes"])
    return write_stream(out, [sheet(found.lines()).encode()])


TABLES = {"detect": write_scores, "trace": write_traces, "classify": write_classes}


def write_archive(found: Gathered, out: Path) -> bool:
    """An archive of compressed pictures."""
    archives = [amg_file.Archive(place) for place in found.paths]
    entries = [(name, archive.code(row)) for archive in archives for row, name in enumerate(archive.names)]
    refuse_foreign([out], amg_file.is_packed)
    return write_changed(out, amg_file.pack_archive(archives[0].head, entries), proof=amg_file.is_packed)


def write_folder(found: Gathered, out: Path) -> bool:
    """The files of all parts in one folder; hidden logs, one after another."""
    logs: dict[str, bytes] = {}
    changed = False
    for place, part in zip(found.paths, found.parts, strict=True):
        for name in part.files:
            if Path(name).name.startswith("."):
                logs[name] = logs.get(name, b"") + (place / name).read_bytes()
            else:
                changed |= copied(place / name, below(out, name))
    for name, data in logs.items():
        changed |= write_changed(below(out, name), data)
    return changed


def forget(folder: Path) -> None:
    """Remove the parts in ``folder``, which are joined: what is ours there, and what a part says it has written."""
    said = [of_json(fitting_in(place, SCHEMA)) for place in folder.rglob(f"*{NAME}")]
    known = {digest for part in said if part is not None for digest in part.files.values()}
    remove_within(folder, proof=lambda place: is_ours(place) or digest_at(place) in known)


def copied(source: Path, target: Path) -> bool:
    """Copy a file unless just that is there; whether it was copied."""
    proof = lambda place: amg_file.is_packed(place) or place.read_bytes() == source.read_bytes()  # noqa: E731
    before = target.stat().st_ino if target.exists() else None
    with replacing(target, unless_same=True, proof=proof) as part:
        shutil.copyfile(source, part)
    return target.stat().st_ino != before
