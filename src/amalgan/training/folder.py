"""The folder of a run: whose it is, what an earlier run left there, and the weights of another that it begins with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from amalgan.config import fields
from amalgan.config.run import RunConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core import files, locks
from amalgan.core.errors import FileError, ForeignFile, StateError, UsageError
from amalgan.core.ownership import json_at
from amalgan.data import Dataset
from amalgan.data.readers.inputs import refuse_inputs
from amalgan.systems import model_file
from amalgan.systems.base import System
from amalgan.training import state
from amalgan.training.processes import Processes
from amalgan.training.result import Result

MODEL, RUN, LOG, SAMPLES = "model.safetensors", "run.json", "log.jsonl", "samples"
STATES = (state.STATE, state.previous_of(Path(state.STATE)).name)
"""Where they are read, damage is told from what is not ours."""
SHARED_SECONDS = 10.0
"""Until then a disk that machines share shows all of them a new file."""


@contextmanager
def hold_run_folder(out: Path, peers: Processes) -> Iterator[None]:
    """Hold the folder of a run, so that no other process trains into it; the first process does it for all.

    Raises:
        FileError: another process is at it.
    """
    with ExitStack() as stack:
        refused: FileError | None = None
        try:
            if peers.first:
                stack.enter_context(locks.hold_folder(out))
        except FileError as error:
            refused = error
        if peers.any(refused is not None):
            raise refused or FileError(f"another process of amalgan is writing to {out}.")
        refuse_unshared(out, peers)
        yield


def refuse_unshared(out: Path, peers: Processes) -> None:
    """Refuse a folder that not all processes see; by its lock, which the first one holds.

    Raises:
        UsageError: it is so.
    """
    if peers.world == 1:
        return
    lock = out / locks.NAME
    until = time.monotonic() + SHARED_SECONDS
    while not lock.exists() and time.monotonic() < until:
        time.sleep(0.1)
    if peers.differ(int(lock.stat().st_mtime) if lock.exists() else 0):
        raise UsageError(
            f"the {peers.world} processes do not see the same folder {out}. Give --out on a disk that all machines "
            "share."
        )


def refuse_taken(options: TrainOptions, peers: Processes) -> None:
    """Refuse to write over data, files of the user's, or another run; all processes decide before the first one writes.

    Raises:
        UsageError: the folder lies within the data, or holds a run that nobody asked to go on with or to replace.
        ForeignFile: something that amalgan did not write is where the run's files go.
    """
    refuse_inputs((options.folder, options.folder / SAMPLES), options.data)
    checked = [place for place in files_of(options.folder) if not (options.resume and place.name in STATES)]
    foreign = next((place for place in checked if files.is_foreign(place)), None)
    if peers.any(foreign is not None):
        files.refuse_foreign([foreign] if foreign is not None else [])
        raise ForeignFile(f"{options.folder} holds files that amalgan did not write. Choose another --out.")
    taken = peers.any(any(place.exists() for place in files_of(options.folder)))
    if taken and not options.resume and not options.overwrite:
        raise UsageError(
            f"{options.folder} holds a run already. Go on with it by --resume, replace it by --overwrite, "
            "or choose another --out."
        )
    refuse_unsaved(options, peers)


def refuse_unsaved(options: TrainOptions, peers: Processes) -> None:
    """Refuse to go on with a run of which there is a log but neither a state nor a model: nothing of it is removed.

    Raises:
        StateError: it is so.
    """
    out = options.folder
    kept = (out / MODEL).exists() or state.exists(out / state.STATE)
    lost = (out / LOG).exists() and not kept
    if peers.any(options.resume and not options.overwrite and lost):
        raise StateError(
            f"{out} holds the log of a run, but no saved state and no model to go on with. It is left as it is. "
            "Replace it by --overwrite, or choose another --out."
        )


def files_of(out: Path) -> tuple[Path, ...]:
    """The files of a run but its samples; the folder of these, where it is a link."""
    saved = out / state.STATE
    samples = (out / SAMPLES,) if (out / SAMPLES).is_symlink() else ()
    return (out / RUN, out / LOG, out / MODEL, saved, state.previous_of(saved), *samples)


def read_finished(options: TrainOptions, run: RunConfig, data: Dataset) -> dict[str, Any] | None:
    """What the model says of itself that the run in the folder of ``options`` published, if it goes on with that one.

    Raises:
        StateError: the run that has ended had other settings or data; names the fields that differ.
    """
    model = options.folder / MODEL
    if not options.resume or not model.exists():
        return None
    begun = written(options.folder)
    asked = fields.to_json(run) | {"data_fingerprint": data.fingerprint}
    del asked["data"]  # what the data is called; its fingerprint says whether it is the same
    if options.images is None:
        begun["images"] = asked["images"]
    if changed := fields.list_differences({name: begun.get(name) for name in asked}, asked):
        raise StateError(
            f"the run in {options.folder} has ended; what differs from it:\n  "
            + "\n  ".join(changed[:8])
            + "\n"
            f"Go on from its weights with --init {model} and another --out, or choose another --out."
        )
    return model_file.info(model)


def nothing_to_do(options: TrainOptions, ended: dict[str, Any]) -> str:
    """What to say of a run that has ended, of whose model this is the header."""
    return (
        f"the run in {options.folder} has ended at {ended['training']['images']:,} images, so there is nothing to do. "
        f"To train on from its weights, use --init {options.folder / MODEL} and another --out."
    )


def result_of(options: TrainOptions, ended: dict[str, Any], data: Dataset) -> Result:
    """What the run reached, as its model says."""
    images = int(ended["training"]["images"])
    return Result(
        model=options.folder / MODEL,
        images=images,
        resumed_at_images=images,
        cpu_seconds=0.0,
        metrics=ended["metrics"],
        stopped=None,
        doubts=list(map(str, ended.get("doubts", []))),
        skipped=[asdict(bad) for bad in data.inspection.skipped],
    )


def written(out: Path) -> dict[str, Any]:
    """What ``run.json`` says; nothing where there is none that can be read."""
    return json_at(out / RUN)


def clear(out: Path) -> list[Path]:
    """Remove what an earlier run left in ``out``, lest it be taken for this one's; return what is not ours."""
    state.remove(out / state.STATE)
    left = [place for name in (LOG, MODEL) if not files.remove(place := out / name)]
    return left + files.remove_within(out / SAMPLES)


def initialize(system: System, source: Path) -> None:
    """Start from the weights of a model file.

    Raises:
        UsageError: the model's weights do not fit; names the first that differs.
    """
    weights = model_file.load(source).system.state_dict()
    mine = system.state_dict()
    for name in sorted(mine.keys() | weights.keys()):
        if name not in mine or name not in weights or mine[name].shape != weights[name].shape:
            raise UsageError(
                f"--init {source}: {name} differs from this run's. Use the same system, sizes and data shape."
            )
    system.load_state_dict(weights)
