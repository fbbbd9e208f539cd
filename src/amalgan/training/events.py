"""What a run tells callbacks and Python's ``logging`` as it goes on.

    hooks ─► Teller.note ─► the end of the round ─► logging, logger "amalgan", at INFO
                                                └─► each callback, in the first process alone

A callback is called after all hooks of a round but the one that saves, so that what it raises ends the run between two
rounds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from amalgan.core.arguments import quote
from amalgan.core.errors import UsageError
from amalgan.training.state import TrainState

EventName = Literal["started", "log", "samples", "validation", "saved", "ended"]
LOGGER = logging.getLogger("amalgan")
SAVED = "The state of the run is saved; go on with resume=True."
SHOWN = 8
"""Values of an event that a line of ``logging`` has."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened in a run."""

    name: EventName
    """``started``: training begins, or goes on. ``log``: the log has another line. ``samples``: a sheet of pictures was
    drawn. ``validation``: the averaged weights were measured. ``saved``: the state was. ``ended``: the model is
    published."""
    round: int
    """Rounds of training so far."""
    images: int
    """Images drawn so far."""
    values: Mapping[str, float] = field(default_factory=dict)
    """``started``: planned_images. ``log``: terms and notes of the losses, averages since the last line.
    ``validation``: what was measured. ``ended``: the model's metrics. Empty for the others."""
    path: Path | None = None
    """``started``: the run's folder. ``log``, ``samples``, ``saved``, ``ended``: the file. None for validation."""

    def __str__(self) -> str:
        values = " ".join(f"{name} {value:.4g}" for name, value in list(self.values.items())[:SHOWN])
        where = str(self.path) if self.path else ""
        return " · ".join(filter(None, [f"{self.name} at {self.images:,} images", values, where]))


Callback = Callable[[Event], Any]


@dataclass
class Teller:
    """Tells ``callbacks`` and ``logging`` of events, in their order."""

    callbacks: Sequence[Callback] = ()
    silent: bool = False
    """Whether another process tells."""
    failed: bool = False
    """Whether a callback raised."""
    waiting: list[Event] = field(default_factory=list)

    def note(
        self,
        name: EventName,
        state: TrainState,
        values: Mapping[str, float] | None = None,
        path: Path | None = None,
    ) -> None:
        """Remember an event until ``deliver``."""
        if not self.silent:
            event = Event(
                name=name, round=state.round, images=state.images, values=dict(values or {}), path=path
            )
            self.waiting.append(event)

    def deliver(self, save: Callable[[], None] | None = None) -> None:
        """Tell what was noted; if a callback raises, ``save`` the state, and let its error go on to the caller."""
        while self.waiting:
            event = self.waiting.pop(0)
            LOGGER.info("%s", event)
            for callback in self.callbacks:
                try:
                    callback(event)
                except BaseException as error:
                    self.failed = True
                    if save is not None:
                        save()
                        error.add_note(f"A callback raised this, {event}. {SAVED}")
                    raise


def refuse_other(callbacks: Any) -> tuple[Callback, ...]:
    """Return ``callbacks``, known to be functions.

    Raises:
        UsageError: one of them cannot be called.
    """
    found = tuple(callbacks) if isinstance(callbacks, list | tuple) else (callbacks,)
    if odd := [one for one in found if not callable(one)]:
        names = ", ".join(get_args(EventName))
        raise UsageError(
            f"callbacks: found {quote(odd[0])}; expected functions of one argument, an event. "
            f"Its name is one of {names}."
        )
    return found
