"""What the routes share: the places of one studio, its jobs, and who watches.

ROOT                   what may be read, and where commands run
ROOT/.../RUNS          runs, models, reports; what jobs write
RUNS/.studio           jobs, pages and maps that were made on demand, pictures that were sent
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amalgan.core.errors import UsageError
from amalgan.core.file_names import shown
from amalgan.core.ownership import is_ours
from amalgan.data.readers.builtin import WORDS
from amalgan.studio.jobs import Job, Jobs
from amalgan.studio.places import Places
from amalgan.studio.refusals import Missing, Taken
from amalgan.studio.runs import MODEL, RUN, Found, found_below
from amalgan.studio.watching import Watchers

OWN = ".studio"
UNSAFE = re.compile(r"[^\w.-]+")
MOST_NAME = 60


@dataclass(eq=False)
class Studio:
    """One studio."""

    root: Path
    runs: Path
    places: Places = field(init=False)
    jobs: Jobs = field(init=False)
    watchers: Watchers = field(default_factory=Watchers)

    def __post_init__(self) -> None:
        self.places = Places(self.root)
        self.root = self.places.root
        self.runs = refuse_outside(self.root, self.runs)
        self.jobs = Jobs(self.own_folder / "jobs", self.root)

    @property
    def own_folder(self) -> Path:
        """The studio's own folder."""
        return self.runs / OWN

    def found(self) -> Found:
        """Return what lies below the folder of runs."""
        return found_below(self.runs)

    def name(self, place: Path) -> str:
        """Return what a place is called: from the folder of runs, else from the root."""
        within = self.runs in place.parents
        return shown(str(place.relative_to(self.runs))) if within else self.places.name(place)

    def run_at(self, id: str) -> Path:
        """Return the folder of a run by its id.

        Raises:
            Missing: there is none.
        """
        place = self.places.named(id)
        job = self.run_job(place)
        if job is not None and job.id in self.jobs.started_here and not place.exists():
            return place  # its folder is not there yet
        if not is_ours(self.places.within(place) / RUN):
            raise Missing(f"{self.name(place)} is no run any more.")
        return self.places.within(place)

    def model_at(self, id: str) -> Path:
        """Return a model by its id: a file, or a run's folder."""
        place = self.places.at(id)
        file = place / MODEL if place.is_dir() else place
        if not is_ours(self.places.within(file)):
            raise Missing(f"{self.name(place)} is no model any more.")
        return place

    def data_word(self, given: Any) -> str:
        """Return what the command line calls data: a built-in word, or a place by its id.

        Raises:
            Missing: there is no such place.
            UsageError: its name cannot be said.
        """
        if not isinstance(given, str):
            raise UsageError("the data is missing; choose a folder.")
        if given in WORDS:
            return given
        return self.word(self.places.at(given))

    def word(self, place: Path) -> str:
        """Return a place as the command line takes it, in the root as working folder."""
        text = str(self.places.relative(place))
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{self.places.name(place)} has a name that is not UTF-8; rename it.") from None
        return f"./{text}" if text.startswith("-") or text in WORDS else text

    def known_word(self, text: Any) -> str:
        """Return data as the command line calls it, known to be a built-in word or a place below the root.

        Raises:
            Missing: it is not, or not any more.
        """
        if text not in WORDS:
            self.places.within(self.root / str(text))
        return str(text)

    def fresh(self, name: str, ending: str = "") -> Path:
        """Return a place below RUNS, called ``name``, that nothing stands at and no job is going to write to."""
        taken = {job.out for job in self.jobs.newest()}
        plain = safe(name)
        names = (f"{plain}{'' if n == 1 else f'-{n}'}{ending}" for n in range(1, 10_000))
        for one in names:
            place = self.runs / one
            if not place.exists() and not place.is_symlink() and self.word(place) not in taken:
                return place
        raise Taken(f"there are too many places called {name}; give another name.")

    def run_job(self, run: Path) -> Job | None:
        """Return the newest job that trains into a run's folder."""
        return next(iter(self.run_jobs(run)), None)

    def run_jobs(self, run: Path) -> list[Job]:
        """Return the jobs that train into a run's folder, the newest first."""
        with suppress(UsageError):
            word = self.word(run)
            return [job for job in self.jobs.newest() if job.lane == "train" and job.out == word]
        return []

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a form with its places as words."""
        found = dict(given)
        if found.get("model"):
            found["model"] = self.word(self.model_at(str(found["model"])))
        if found.get("data"):
            found["data"] = self.data_word(found["data"])
        return found


def refuse_outside(root: Path, runs: Path) -> Path:
    """Return the folder of runs with its links resolved, made if need be; known to be below the root.

    Raises:
        UsageError: it is not, or is no folder.
    """
    full = runs.resolve()
    if root not in (full, *full.parents):
        raise UsageError(
            f"{runs} does not lie below {root}, the root. Give a --root that holds both runs and data."
        )
    if full.exists() and not full.is_dir():
        raise UsageError(f"{runs} is a file; give the folder of runs.")
    return full


def safe(name: str) -> str:
    """Return a name as that of a folder: letters, digits, dots and dashes, neither hidden nor a flag."""
    return UNSAFE.sub("-", name).strip("-.")[:MOST_NAME] or "run"
