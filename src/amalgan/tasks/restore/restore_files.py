"""A folder of pictures, restored one by one into another, without ever doing a thing twice.

    source ─► bytes ─► done before, as OUT/.restored.jsonl says? ─► read ─► restore ─► write ─► one more line there
                            └─ the model, what was asked, and the bytes are in its key

Memory holds one picture. A run that was killed goes on where it was; a second one writes nothing. The log holds a
digest of every file, by which those of ours are known in formats that have no room for a mark.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import distinct, shown
from amalgan.core.files import Proof, append_line, below, refuse_foreign, write_bytes
from amalgan.core.json_schema import fitting
from amalgan.core.ownership import is_ours
from amalgan.core.shards import WHOLE, Shard
from amalgan.data.dataset.native_size import picture_rows
from amalgan.data.decoding.full_picture import read
from amalgan.data.readers.holes import FindHoles
from amalgan.data.readers.inputs import refuse_inputs
from amalgan.data.readers.resolving import find_source
from amalgan.data.readers.sources import Arrays, Pictures
from amalgan.data.writing.full_picture import write, written_as
from amalgan.data.writing.grids import png_names
from amalgan.kinds import kind_of
from amalgan.systems.model_file import Model
from amalgan.tasks.restore.restore import Answers, check, clean_file, restore_picture
from amalgan.tasks.restore.windows import Repair

GIF = b"GIF8"
LOG = ".restored.jsonl"
"""Hidden, so that a folder of results can be read as pictures again."""
ENTRY = {"name": str, "key": str, "files": {str: int}, "digests?": {str: str}}
"""What a line of it must look like."""
Make = Callable[[], list[bytes]]
"""Works out the files of one example."""
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
    source: str | None = None
    """What the pictures are read from, which is never written over."""

    def files(self, place: str) -> list[str]:
        """What is written for a picture that goes to ``place``: one file, or one with its number for each sample."""
        path = PurePosixPath(place)
        if self.answers.samples == 1:
            return [place]
        return [str(path.with_stem(f"{path.stem}-{one}")) for one in range(1, self.answers.samples + 1)]

    @property
    def cleans(self) -> bool:
        """Whether files are cleaned of noise as their kind does it, and are no pictures."""
        return not kind_of(self.model.spec).refuses("cleaning")

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
    files: list[str] = field(default_factory=list)
    """All that is there of them, below the folder."""


def pictures_at(data: str, *, follow_links: bool = False) -> Pictures:
    """The picture files that ``data`` names.

    Raises:
        DataError: it names none.
    """
    source = find_source(data, follow_links=follow_links)
    if isinstance(source, Arrays):
        raise DataError(
            f"{data} holds arrays, and files are restored into files. Give pictures, a folder or an archive of them; "
            "in Python, model.restore takes arrays."
        )
    if not len(source):
        raise DataError(f"{data} holds no pictures. Give a picture, a folder or an archive of them.")
    return source


def restore_files(job: Job, source: Pictures, tell: Tell, shard: Shard = WHOLE) -> Outcome:
    """Restore the pictures of ``source``, or a part, into the folder ``job.out``; what cannot be is listed.

    Raises:
        AbilityError: the model cannot do it.
        UsageError: a picture would be written over one of ``source``.
        ForeignFile: something of the user's is where a picture should go; nothing is written then.
    """
    check(job.model, job.repair, job.answers)
    refuse_foreign([job.out / LOG])
    before, found = done_before(job.out / LOG), Outcome()
    proof = proof_of(job.out, before)
    rows = picture_rows(source)
    names = [shown(source.path(row)) for row in rows]
    places = places_for(job, source, rows, names)
    files = [below(job.out, file) for place in places for file in job.files(place)]
    refuse_inputs(files, job.source)
    refuse_foreign(files, proof)
    mine = shard.rows(len(rows), 1)
    for done, at in enumerate(mine, start=1):
        row, name, place = rows[at], names[at], places[at]
        try:
            found.written += one(job, before.get(name, {}), source.read(row), name, place, proof)
            found.n += 1
            found.files += job.files(place)
        except BadPicture as bad:
            found.skipped.append({"name": name, "reason": str(bad)})
        tell(done, len(mine))
    return found


def places_for(job: Job, source: Pictures, rows: list[int], names: list[str]) -> list[str]:
    """The path that each picture goes to below ``job.out``, no two alike."""
    if job.cleans:
        return png_names(names, kind_of(job.model.spec).file_ending())
    as_they_are = png_names(names, ".png" if job.as_png else None)
    wished = [
        f"{path}.png" if not path.endswith(".png") and turns_png(source, row) else path
        for row, path in zip(rows, as_they_are, strict=True)
    ]
    return distinct(wished, names)


def turns_png(source: Pictures, row: int) -> bool:
    """Whether a picture is of the one format that is read but not written."""
    try:
        return source.read(row, len(GIF)) == GIF
    except BadPicture:
        return False


def proof_of(out: Path, before: dict[str, dict[str, Any]]) -> Proof:
    """What tells files of ours in ``out``: their mark, or their digest in the log."""
    known = {digest for entry in before.values() for digest in entry["digests"].values()}

    def proof(place: Path) -> bool:
        return is_ours(place) or (place.is_file() and digest_of(place.read_bytes()) in known)

    return proof


def digest_of(data: bytes) -> str:
    """32 hexadecimal characters that stand for a file."""
    return blake2b(data, digest_size=16).hexdigest()


def one(job: Job, before: dict[str, Any], data: bytes, name: str, place: str, proof: Proof) -> int:
    """Restore one picture, unless that was done before; how many files were written.

    Raises:
        BadPicture: whatever is wrong with it.
    """
    said, make = cleaned_sound(job, data) if job.cleans else mended_picture(job, data, name)
    key = blake2b(data, digest_size=16, key=blake2b(said).digest()).hexdigest()
    if before.get("key") == key and list(before["files"]) == job.files(place) and all_there(job.out, before):
        return 0
    files, digests = dict[str, int](), dict[str, str]()
    for file, packed in zip(job.files(place), make(), strict=True):
        write_bytes(below(job.out, file), packed, proof=proof)
        files[file], digests[file] = len(packed), digest_of(packed)
    append_line(job.out / LOG, json.dumps({"name": name, "key": key, "files": files, "digests": digests}))
    return len(files)


def mended_picture(job: Job, data: bytes, name: str) -> tuple[bytes, Make]:
    """What decides the result, and what makes its files."""
    whole = read(data)
    known = None if job.holes is None else job.holes(name, whole)
    format = "PNG" if job.as_png else written_as(whole)

    def make() -> list[bytes]:
        results = restore_picture(job.model, whole, job.repair, known=known, answers=job.answers)
        return [write(result, job.text, format) for result in results]

    return job.key.encode() + (b"" if known is None else known.tobytes()), make


def cleaned_sound(job: Job, data: bytes) -> tuple[bytes, Make]:
    """The same of a file that its kind cleans."""
    return job.key.encode(), lambda: [clean_file(job.model, data, job.text)]


def all_there(out: Path, before: dict[str, Any]) -> bool:
    """Whether every file is as it was written, by its digest; by its size where the log is older than digests."""
    for name, size in before["files"].items():
        place = out / name
        if not place.is_file() or place.stat().st_size != size:
            return False
        if before["digests"].get(name, "") not in ("", digest_of(place.read_bytes())):
            return False
    return True


def done_before(log: Path) -> dict[str, dict[str, Any]]:
    """The last line of each picture; a line that was cut off says nothing."""
    found: dict[str, dict[str, Any]] = {}
    if log.is_file():
        text = log.read_text(encoding="utf-8", errors="replace")
        if not text.endswith("\n"):
            append_line(log, "")  # or the next line would be lost with the one that was cut off
        for line in text.splitlines():
            if entry := fitting(line, ENTRY):
                found[entry["name"]] = {
                    "key": entry["key"],
                    "files": entry["files"],
                    "digests": entry.get("digests", {}),
                }
    return found
