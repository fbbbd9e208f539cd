"""MODEL and DATA as users give them: opened, or refused with a sentence that says what was given instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console

from amalgan.cli.output import say
from amalgan.cli.shared import Loading, Reading
from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError, ModelFileError
from amalgan.core.ownership import is_ours
from amalgan.core.shards import WHOLE, Shard
from amalgan.systems import registry

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec
    from amalgan.data import Dataset, Records
    from amalgan.data.dataset.streaming import Stream
    from amalgan.evaluation.overlap import Named
    from amalgan.features import Features
    from amalgan.systems.model_file import Model


def model_at(place: Path, loading: Loading) -> Model:
    """The model in a file or in a run's folder.

    Raises:
        ModelFileError: there is none; says what is there instead.
    """
    from amalgan.systems import model_file
    from amalgan.training.processes import resolve

    if loading.plugin is not None:
        registry.load_plugin(loading.plugin)
    if place.is_dir() and not (place / "model.safetensors").exists():
        raise ModelFileError(f"{place} holds no model: {instead(place)}")
    return model_file.load(place, resolve(loading.device))


def instead(folder: Path) -> str:
    """Why a folder has no model, and what to do."""
    if is_run(folder):
        return "its training has not ended. Go on with it: amalgan train DATA --resume, with the flags it began with."
    return "it is no run's folder. Give a model file, or the folder that amalgan train --out named."


def data_for(
    place: str, config: DataConfig, console: Console, *, like: DataSpec | None = None, at_least: int = 1
) -> Dataset:
    """The data set that ``place`` names; progress is shown while it is read for the first time."""
    from amalgan.data import open_data

    check_data(place)
    with console.status("reading the data ...") as status:
        return open_data(
            place,
            config,
            like=like,
            at_least=at_least,
            progress=lambda done, of: status.update(f"reading the data: {done:,} of {of:,} ..."),
        )


def stream_for(
    place: str, config: DataConfig, like: DataSpec, *, shard: Shard = WHOLE, at_least: int = 1
) -> Stream:
    """What ``place`` names, to be gone through once: nothing is decoded yet, and no pixel will be left on disk."""
    from amalgan.data.dataset.streaming import Stream

    check_data(place)
    return Stream(place, config, like, shard=shard, at_least=at_least)


def looked_through(stream: Stream, console: Console) -> Stream:
    """``stream``, all of whose names and labels are known; progress is shown while they are found out."""
    with console.status("reading the data ...") as status:
        stream.read(lambda done, of: status.update(f"reading the data: {done:,} of {of:,} ..."))
    return stream


class Judged(NamedTuple):
    """A model and all that it is judged by."""

    model: Model
    data: Dataset
    features: Features | None
    """None where the data has nothing to learn them from."""
    tell: Callable[[str], None]
    """Shows what is being measured."""


@contextmanager
def load_judged(
    place: Path, data: str, console: Console, *, loading: Loading, reading: Reading
) -> Iterator[Judged]:
    """The model at ``place``, ``data`` as it reads it, and its features; the console says how far it is."""
    from amalgan.features import features_of

    model = model_at(place, loading)
    opened = shown_to(model, data_for(data, reading.config(), console, like=model.spec), console)
    with console.status("feature network: reading it, or training it once for this data ...") as status:
        features = (
            features_of(opened, cache=reading.cache, device=model.device) if len(opened.train) else None
        )
        yield Judged(model, opened, features, lambda what: status.update(f"{what} ..."))


def shown_to(model: Model, data: Dataset, console: Console) -> Dataset:
    """``data`` with the training examples that the model was shown; says where they are a part."""
    shown = data.as_shown(model.header.get("data"))
    if (part := len(shown.train)) < (all_there := len(data.train)):
        say(
            console,
            f"note: the model was trained on {part:,} of {all_there:,} training examples (--keep); copies, probes "
            "and all else that asks for training examples go by these",
        )
    return shown


def related(model: Model, data: Named, records: Records, console: Console) -> dict[str, Any]:
    """How ``records`` relate to what the model was trained on, for the JSON; a note says what must be known."""
    from amalgan.evaluation.overlap import overlap

    found = overlap(model, data, records)
    if found.note:
        say(console, f"note: {found.note}")
    return found.to_json()


def check_data(place: str) -> None:
    """Refuse what is a model or a run and stands where DATA should.

    Raises:
        DataError: it is one.
    """
    path = Path(place)
    if is_run(path):
        raise DataError(
            f"{place} is a run's folder, not data. Give the pictures that it was trained on, or others."
        )
    if path.suffix == ".safetensors" and path.is_file():
        raise DataError(f"{place} is a model file, not data. MODEL comes first, then DATA.")


def check_out(out: Path, data: str) -> None:
    """Refuse to write over the input, or among it.

    Raises:
        UsageError: it would.
    """
    from amalgan.data.readers.inputs import refuse_inputs

    refuse_inputs([out], data)


def is_run(path: Path) -> bool:
    """Whether amalgan train wrote this folder."""
    return is_ours(path / "run.json")


def say_warnings(data: Dataset, console: Console) -> None:
    """What there is to think of in a data set."""
    for warning in data.inspection.warnings:
        say(console, f"note: {warning}")
