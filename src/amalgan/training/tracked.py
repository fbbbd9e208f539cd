"""The callback that tells a tracker what happens in a run.

A tracker that cannot begin stops the run before it has trained. One that fails later is warned of once, and training
goes on: what it writes is a copy of the log.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from amalgan.core import files
from amalgan.core.errors import AmalganError, UsageError
from amalgan.core.file_names import shown
from amalgan.core.ownership import json_at
from amalgan.training.events import LOGGER, Event, Teller
from amalgan.training.folder import RUN
from amalgan.training.tracking.protocol import Begun, Tracker

KEPT = "tracker.json"
"""What the run is known by, within its folder."""
GROUPS = {"log": "", "validation": "validation/", "ended": "model/"}
"""What the names of an event's values begin with."""


class Known(NamedTuple):
    """A tracker by its name, which is that of its extra and of its module."""

    package: str
    kind: str


TRACKERS = {
    "tensorboard": Known("tensorboard", "TensorBoard"),
    "wandb": Known("wandb", "Wandb"),
    "mlflow": Known("mlflow", "MLflow"),
    "trackio": Known("trackio", "Trackio"),
}


def refuse_missing(name: str | None) -> None:
    """Raise UsageError where there is no tracker called ``name``, or its package is not installed."""
    if name is None:
        return
    if name not in TRACKERS:
        raise UsageError(f"track is {name!r}; there are {', '.join(TRACKERS)}.")
    if find_spec(package := TRACKERS[name].package) is None:
        raise UsageError(f"--track {name} needs the package {package}. Run: pip install amalgan[{name}]")


@contextmanager
def track(name: str | None, teller: Teller) -> Iterator[None]:
    """Within the block the tracker called ``name`` hears, before the callbacks there are, what ``teller`` tells."""
    refuse_missing(name)
    if name is None or teller.silent:
        yield
        return
    tracker = getattr(import_module(f"amalgan.training.tracking.{name}"), TRACKERS[name].kind)()
    heard = Tracked(name, tracker)
    teller.callbacks = [heard, *teller.callbacks]
    try:
        yield
    finally:
        heard.close()


@dataclass
class Tracked:
    """A callback in front of one tracker."""

    name: str
    tracker: Tracker
    ended: bool = False
    warned: bool = False

    def __call__(self, event: Event) -> None:
        if event.name == "started" and event.path is not None:
            self.begin(event, event.path)
            return
        try:
            self.tell(event)
        except Exception as error:  # every library has errors of its own
            self.warn(error)

    def begin(self, event: Event, folder: Path) -> None:
        """Open a run, or the one that goes on.

        Raises:
            UsageError: the tracker cannot.
        """
        kept = json_at(folder / KEPT) if event.images else {}
        known = kept.get(self.name)
        settings = {name: value for name, value in json_at(folder / RUN).items() if name != "amalgan"}
        begun = Begun(
            folder=folder,
            settings=settings,
            images=event.images,
            known=known if isinstance(known, str) else None,
        )
        try:
            found = self.tracker.begin(begun)
        except Exception as error:
            raise UsageError(
                f"--track {self.name} cannot begin: {describe_error(error)}. Mend that, or leave --track out."
            ) from error
        if found is not None:
            files.write_json(folder / KEPT, {"amalgan": "tracker", self.name: found})

    def tell(self, event: Event) -> None:
        """Write the values and the picture of an event."""
        if event.name in GROUPS and event.values:
            self.tracker.numbers(named(event.values, GROUPS[event.name]), event.images)
        if event.name == "samples" and event.path is not None:
            self.tracker.picture(f"samples/{event.path.stem.rpartition('-')[0]}", event.path, event.images)
        self.ended = self.ended or event.name == "ended"
        if event.name in ("saved", "ended"):
            self.tracker.flush()

    def warn(self, error: Exception) -> None:
        """Say once that the tracker fails."""
        why = describe_error(error)
        text = f"--track {self.name} fails: {why}. Training goes on; log.jsonl has what it would have."
        LOGGER.warning("%s", text)
        if not self.warned:
            self.warned = True
            warnings.warn(text, RuntimeWarning, stacklevel=2)

    def close(self) -> None:
        """Write what is left."""
        try:
            self.tracker.close(ended=self.ended)
        except Exception as error:
            self.warn(error)


def named(values: Mapping[str, float], group: str) -> dict[str, Any]:
    """Return ``values`` by the names that a tracker shows."""
    return {f"{group}{name}": value for name, value in values.items()}


def describe_error(error: Exception) -> str:
    """Return what an error of another library says, on one line."""
    if isinstance(error, AmalganError):
        return str(error)
    return shown((str(error).splitlines() or [""])[0][:200]).rstrip(".") or type(error).__name__
