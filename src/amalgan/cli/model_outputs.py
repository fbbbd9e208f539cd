"""What commands share that write examples of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console

from amalgan.cli.batch_progress import pace
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.data import Dataset
    from amalgan.data.writing.outputs import Output, Written
    from amalgan.systems.model_file import Model


def write_streamed(
    output: Output, work: Callable[..., Iterator[Tensor]], what: str, console: Console
) -> Written:
    """Write ``output``, while the console says how far it is."""
    with pace(console, what, output.count, output.done) as shown:
        return output.write(lambda first: shown.follow(work(first=first)))


def unless(written: int) -> str:
    """What to say where all of it was there."""
    return "" if written else ": there already"


def provenance(model: Model, *, seed: int, **more: str) -> dict[str, str]:
    """What a picture that ``model`` made says of its origin."""
    from amalgan.data.writing.provenance import provenance

    return provenance(model.digest, seed=seed, more=more)


def noun(model: Model) -> str:
    """What its examples are called."""
    return kind_of(model.spec).noun


def skipped_of(data: Dataset) -> list[dict[str, str]]:
    """Inputs that could not be used."""
    return [asdict(bad) for bad in data.inspection.skipped]
