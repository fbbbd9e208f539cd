"""A folder of pictures, restored one by one into another, without ever doing a thing twice.

    source ─► bytes ─► done before, as OUT/.restored.jsonl says? ─► read ─► restore ─► write ─► one more line there
                            └─ the model, what was asked, and the bytes are in its key

Memory holds one picture. A run that was killed goes on where it was; a second one writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any

from amalgan.data.finding import find_source
from amalgan.data.grids import png_names
from amalgan.data.holes import FindHoles
from amalgan.data.names import shown
from amalgan.data.own import picture_rows
from amalgan.data.sources import Arrays, Pictures
from amalgan.data.whole import Whole, read, write, written_as
from amalgan.errors import BadPicture, DataError
from amalgan.files import append_line, write_bytes
from amalgan.modelfile import Model
from amalgan.tasks.restoring.mend import Repair
from amalgan.tasks.restoring.restore import Answers, check, restored

LOG = ".restored.jsonl"
"""Hidden, so that a folder of results can be read as pictures again."""
Tell = Callable[[int, int], None]
"""Is told how many are done, and of how many."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is done to each picture, and where it goes."""

    model: Model
    repair: Repair
    answers: Answers
    out: Path
    text: dict[str, str]
    """What a file says of its origin."""
    holes: FindHoles | None = None
    as_png: bool = False
    """Write every picture as PNG instead of in its own format."""

    @property
    def key(self) -> str:
        """All that decides the result, but for the picture and its holes."""
        return repr((self.model.digest, self.repair, self.answers, self.as_png))


@dataclass
class Outcome:
    """What came of all pictures."""

    n: int = 0
    """Restored, now or before."""
    written: int = 0
    """Files written now."""
    skipped: list[dict[str, str]] = field(default_factory=list)


def pictures_at(data: str, *, follow_links: bool = False) -> Pictures:
    """The picture files that ``data`` names.

    Raises:
        DataError: it names none.
    """
    source = find_source(data, follow_links=follow_links)
    if isinstance(source, Arrays):
        raise DataError(
            f"{data} holds arrays, and files are restored into files. Give pictures, a folder or a .zip of them; in "
            "Python, model.restore takes arrays."
        )
    if not len(source):
        raise DataError(f"{data} holds no pictures. Give a picture, a folder or a .zip of them.")
    return source


def restore_files(job: Job, source: Pictures, tell: Tell) -> Outcome:
    """Restore every picture of ``source`` into the folder ``job.out``; what cannot be is listed.

    Raises:
        AbilityError: the model cannot do it.
    """
    check(job.model, job.repair, job.answers)
    before, found = done_before(job.out / LOG), Outcome()
    rows = picture_rows(source)
    names = [shown(source.path(row)) for row in rows]
    places = png_names(names, ".png" if job.as_png else None)
    for done, (row, name, place) in enumerate(zip(rows, names, places, strict=True), start=1):
        try:
            found.written += one(job, before.get(name, {}), source.read(row), name, place)
            found.n += 1
        except BadPicture as bad:
            found.skipped.append({"name": name, "reason": str(bad)})
        tell(done, len(names))
    return found


def one(job: Job, before: dict[str, Any], data: bytes, name: str, place: str) -> int:
    """Restore one picture, unless that was done before; how many files were written.

    Raises:
        BadPicture: whatever is wrong with it.
    """
    whole = read(data)
    known = None if job.holes is None else job.holes(name, whole)
    said = job.key.encode() + (b"" if known is None else known.tobytes())
    key = blake2b(data, digest_size=16, key=blake2b(said).digest()).hexdigest()
    if before.get("key") == key and all_there(job.out, before["files"]):
        return 0
    format = "PNG" if job.as_png else written_as(whole)
    files: dict[str, int] = {}
    results = restored(job.model, whole, job.repair, known=known, answers=job.answers)
    for number, result in enumerate(results, start=1):
        file = named(place, whole, format, number if job.answers.samples > 1 else None)
        packed = write(result, job.text, format)
        write_bytes(job.out / file, packed)
        files[file] = len(packed)
    append_line(job.out / LOG, json.dumps({"name": name, "key": key, "files": files}))
    return len(files)


def all_there(out: Path, files: dict[str, int]) -> bool:
    """Whether every file has the size that it was written with."""
    return all((out / name).is_file() and (out / name).stat().st_size == size for name, size in files.items())


def named(place: str, whole: Whole, format: str, number: int | None) -> str:
    """Where a result goes: the picture's own name, with what its format or its number add."""
    path = PurePosixPath(place if format == whole.format or place.endswith(".png") else f"{place}.png")
    return str(path if number is None else path.with_stem(f"{path.stem}-{number}"))


def done_before(log: Path) -> dict[str, dict[str, Any]]:
    """The last line of each picture; a line that was cut off says nothing."""
    found: dict[str, dict[str, Any]] = {}
    if log.is_file():
        text = log.read_text(encoding="utf-8", errors="replace")
        if not text.endswith("\n"):
            append_line(log, "")  # or the next line would be lost with the one that was cut off
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                found[entry["name"]] = {"key": entry["key"], "files": dict(entry["files"])}
            except (ValueError, KeyError, TypeError):
                continue
    return found
