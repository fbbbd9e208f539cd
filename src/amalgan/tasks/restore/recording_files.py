"""Files of recordings, restored into files of the same columns.

IN/x.csv ─► steps (n, C) ─► mended ─► OUT/x.csv        time, class and text as they were; of ``gaps`` every known cell
IN/x.npy ─► steps ────────► mended ─► OUT/x.npy
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from amalgan.core import files
from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import shown
from amalgan.data.readers.folders import Folder, one_file
from amalgan.data.readers.inputs import refuse_inputs
from amalgan.kinds.series.recordings import Recording, recording, separator
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName
from amalgan.tasks.restore.recordings import Mended, RecordingTask, Steps, check, mend_recording

TABLES = (".csv", ".tsv", ".txt")


@dataclass
class Outcome:
    """What came of all recordings."""

    n: int = 0
    written: int = 0
    filled: int = 0
    left: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is done to each recording."""

    model: Model
    task: RecordingTask
    out: Path
    decoder: DecoderName
    seed: int
    follow_links: bool = False


def restore_recordings(job: Job, data: str, tell: Callable[[int, int], None]) -> Outcome:
    """Restore the recording at ``data``, or those of a folder, into ``job.out``; what cannot be is listed.

    Raises:
        AbilityError: the model cannot do it.
        DataError: there is no recording.
        ForeignFile: something of the user's is where a recording should go.
    """
    check(job.model, job.task)
    source, found = files_of(Path(data), job.follow_links), Outcome()
    paths = [source.path(row) for row in range(len(source))]
    targets = [files.below(job.out, os.fsdecode(path)) for path in paths]
    refuse_inputs(targets, data)
    for done, (path, target) in enumerate(zip(paths, targets, strict=True), start=1):
        try:
            one, written = restored(job, source.place(path), target)
            found.n, found.written = found.n + 1, found.written + written
            found.filled, found.left = found.filled + one.filled, found.left + one.left
        except BadPicture as bad:
            found.skipped.append({"name": shown(path), "reason": str(bad)})
        tell(done, len(paths))
    return found


def files_of(data: Path, follow_links: bool) -> Folder:
    """The recordings that ``data`` names: a file, or those below a folder.

    Raises:
        DataError: there are none.
    """
    found = (
        Folder(data, follow_links=follow_links) if data.is_dir() else one_file(data) if data.exists() else ()
    )
    if not isinstance(found, Folder) or not len(found):
        raise DataError(f"{data} holds no recording. Give a .csv, .npy, or a folder of them.")
    return found


def restored(job: Job, place: Path, target: Path) -> tuple[Mended, bool]:
    """Restore one recording; whether its file was not there as it is already.

    Raises:
        BadPicture: it cannot be read, or has other channels than the model.
    """
    ending = place.suffix.lower()
    if ending not in (*TABLES, ".npy"):
        raise BadPicture(f"is restored from .npy or a table of text ({', '.join(TABLES)}). Save it as one")
    before = job.model.spec.facts["asked"]["time_column"]
    found = recording(place.name, ending, lambda: place.open("rb"), before)
    steps = np.concatenate([rows.values for rows in found.rows()])
    wanted = job.model.spec.shape[0]
    if steps.shape[1] != wanted or (found.form.names and job.model.spec.names not in ((), found.form.names)):
        raise BadPicture(
            f"has the channels {', '.join(found.form.names) or steps.shape[1]}; the model reads "
            f"{', '.join(job.model.spec.names) or wanted}"
        )
    made = mend_recording(job.model, steps, job.task, decoder=job.decoder, seed=job.seed)
    packed = as_array(made.steps) if ending == ".npy" else as_table(place, found, steps, made.steps, job.task)
    files.refuse_foreign([target], proof=lambda old: is_ours(old, packed))
    return made, files.write_changed(target, packed, proof=lambda old: is_ours(old, packed))


def is_ours(old: Path, packed: bytes) -> bool:
    """Whether a file is the result already."""
    return old.is_file() and old.read_bytes() == packed


def as_array(steps: Steps) -> bytes:
    """A .npy file."""
    file = io.BytesIO()
    np.save(file, steps, allow_pickle=False)
    return file.getvalue()


def as_table(place: Path, found: Recording, before: Steps, after: Steps, task: RecordingTask) -> bytes:
    """The table with the cells that were restored."""
    text = place.read_bytes().decode("utf-8-sig", "replace")
    between = separator(*[*text.split("\n", 2), ""][:2])
    lines = (
        csv.reader(io.StringIO(text), delimiter=between)
        if between
        else (line.split() for line in text.splitlines())
    )
    cells = [row for row in lines if row]
    head, body = (cells[:1], cells[1:]) if found.form.named else ([], cells)
    for row, old, new in zip(body, before.tolist(), after.tolist(), strict=True):
        row += [""] * (len(found.form.columns) - len(row))
        for at, channel in enumerate(found.form.channels):
            if task == "denoise" or (np.isnan(old[at]) and not np.isnan(new[at])):
                row[channel] = "" if np.isnan(new[at]) else f"{new[at]:.9g}"
    file = io.StringIO()
    csv.writer(file, delimiter=between or " ", lineterminator="\n").writerows([*head, *body])
    return file.getvalue().encode()
