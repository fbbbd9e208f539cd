"""The size of pictures that suits them and the time there is.

headers of all pictures ─► possible sizes, in their proportions ─┐
two small sizes, timed ──► Speed ─► images a second at each ─────┴─► Offers, one of them proposed

The usual size (see ``data.proportions``) is proposed, unless the time is enough for a larger one, or too short even for
that. A size needs as many images as show each picture 30 times, within bounds: below 50,000 images networks have had
too few rounds, however few pictures there are, and 200,000 are enough, however many. The usual one is kept with
half of them (``benchmarks/sizes.py level``: with fewer, a smaller one shows more).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.json_schema import fitting_in
from amalgan.core.types import DataSpec
from amalgan.data import Dataset
from amalgan.data.dataset.survey import survey
from amalgan.data.decoding.proportions import Size, choose_size, own_size, possible_sizes, proportions
from amalgan.kinds import kind_of
from amalgan.systems import model_file, registry
from amalgan.training.plan import DEFAULT_MINUTES
from amalgan.training.processes import Processes, resolve
from amalgan.training.speed import Speed, measure

TIMES, FEWEST, MOST = 30, 50_000, 200_000
USUAL_NEEDS = 1 / 2


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A size that pictures might be made into."""

    size: Size
    images_a_second: float
    seen: float
    """How often each picture would be seen."""
    usual: bool
    """It would be chosen whatever the time."""
    proposed: bool

    @property
    def text(self) -> str:
        """As ``--size`` takes it."""
        return f"{self.size[0]}x{self.size[1]}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "size": self.text,
            "images_a_second": self.images_a_second,
            "times_seen": self.seen,
            "usual": self.usual,
            "proposed": self.proposed,
        }


def offers(sizes: NDArray[np.integer[Any]], count: int, seconds: float, speed: Speed) -> list[Offer]:
    """What pictures of these ``sizes`` might be made into, the smallest first, one of them proposed.

    Args:
        count: of pictures to train on.
        seconds: of training.
    """
    usual = choose_size(sizes)[0]
    images = {size: seconds * speed.images_a_second(size) for size in possible_sizes(sizes)}
    chosen = usual if own_size(sizes) else proposed(images, usual, count)
    return [
        Offer(
            size=size,
            images_a_second=speed.images_a_second(size),
            seen=drawn / count,
            usual=size == usual,
            proposed=size == chosen,
        )
        for size, drawn in images.items()
    ]


def offers_for(data: Dataset, system: str, *, minutes: float) -> list[Offer]:
    """What the pictures of ``data`` might be made into to train ``system`` on them here; nothing for vectors."""
    sizes = data.records.store.sizes
    if kind_of(data.spec).refuses("size") or not len(sizes):
        return []
    options = TrainOptions(
        data=data.name, system=system, settings=registry.config_class(system)(), out=Path()
    )
    peers, aspect = Processes(device=resolve("auto")), proportions(sizes)
    speed = measure(options, aspect=aspect, channels=data.spec.shape[0], peers=peers)
    return offers(sizes, max(1, len(data.train)), minutes * 60, speed)


def proposed(images: dict[Size, float], usual: Size, count: int) -> Size:
    """The largest size for which there is time; ``images`` says how many are drawn at each, the smallest first."""
    needed = min(max(TIMES * count, FEWEST), MOST)
    order = list(images)
    at = order.index(usual)
    larger = [size for size in order[at + 1 :] if images[size] >= needed]
    fitting = [size for size in order[: at + 1] if images[size] >= needed * USUAL_NEEDS]
    return (larger or fitting or order[:1])[-1]


def sized(options: TrainOptions, peers: Processes, console: Console) -> tuple[TrainOptions, str | None]:
    """``options`` with the size that the time allows for, and why; None where the pictures alone decide.

    It is left as it is where a size is asked for, where pictures share a small one, and where the budget is in images,
    since these say nothing of time. A run that goes on keeps its size, and one that begins with a model has that one's.
    """
    if options.reading.size is None and (size := inherited(options)):
        return with_size(options, size), None
    minutes = DEFAULT_MINUTES if options.minutes is None else options.minutes
    if options.reading.size or options.images is not None or goes_on(options) or not 0 < minutes < math.inf:
        return options, None
    with console.status(f"measuring the pictures of {options.data} ..."):
        found = survey(options.data, options.reading)
    if not len(found.sizes) or own_size(found.sizes):
        return options, None
    channels = options.reading.channels or (1 if found.all_gray else 3)
    speed = measure(options, aspect=proportions(found.sizes), channels=channels, peers=peers)
    choices = offers(found.sizes, kept(len(found.sizes), options.reading), minutes * 60, speed)
    choice = next(choice for choice in choices if choice.proposed)
    return with_size(options, None if choice.usual else choice.text), reason(choice, found.sizes, minutes)


def with_size(options: TrainOptions, size: str | None) -> TrainOptions:
    """``options`` for pictures of that size."""
    return replace(options, reading=replace(options.reading, size=size))


def goes_on(options: TrainOptions) -> bool:
    """Whether the run in ``options.folder`` has begun, or ended, and is not begun again."""
    return options.resume and (options.folder / "run.json").exists()


def inherited(options: TrainOptions) -> str | None:
    """The size of the run that goes on, or of the model that a run begins with."""
    if goes_on(options):
        return planned_size(options.folder)
    if options.init is None:
        return None
    spec = DataSpec.from_json(model_file.info(options.init)["spec"])
    return None if kind_of(spec).refuses("size") else f"{spec.shape[1]}x{spec.shape[2]}"


def planned_size(out: Path) -> str | None:
    """The size of pictures that the run in ``out`` fixed when it began, if it did."""
    found = fitting_in(out / "run.json", {"reading": {"size": str}})
    return found["reading"]["size"] if found else None


def kept(count: int, reading: DataConfig) -> int:
    """How many of ``count`` pictures are trained on, more or less."""
    if reading.keep is None:
        return count
    return max(1, round(min(reading.keep if reading.keep >= 1 else reading.keep * count, count)))


def reason(choice: Offer, sizes: NDArray[np.integer[Any]], minutes: float) -> str:
    """Why ``choice``, in words."""
    (height, width), why = choose_size(sizes)
    if not choice.usual:
        larger = choice.size[0] * choice.size[1] > height * width
        why = f"{choice.text}: the time is {'enough for more than' if larger else 'too short for'} {height}x{width}"
    return f"{why}; {minutes:g} minutes show each picture about {choice.seen:,.{0 if choice.seen >= 10 else 1}f} times"


def describe(data: Dataset, why: str | None) -> Iterator[str]:
    """A line on the size of pictures, and on how much of them is never seen; none for vectors."""
    found = data.inspection
    if not kind_of(data.spec).refuses("size"):
        cut = f"{found.cut_away:.1%} of the pictures' area" if found.cut_away >= 0.0005 else "nothing"
        yield f"size {why or found.chosen}; {cut} is cut away"
