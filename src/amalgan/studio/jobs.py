"""Work that is asked for in the browser and done by processes of its own: one a lane at a time, others wait.

    asked ─► jobs/ID/job.json ─► its turn ─► a process: answer.json (stdout), said.txt (stderr), alive (a lock it holds)
                                                └─► how it went is read from these files alone, by whichever studio

Whether a process lives is told by the lock that it holds, so a number that the system has given to another process is
never taken for it, and a studio that comes after one that was killed knows all that goes on. What waited then is not
begun by another one: nothing that is read from a disk is ever run.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from amalgan.core import files, locks, subprocesses
from amalgan.core.errors import FileError
from amalgan.core.json_schema import fitting, read_json
from amalgan.studio.refusals import Busy, Missing, Taken

Lane = Literal["train", "work", "look"]
State = Literal["waiting", "running", "stopping", "done", "failed", "stopped"]
MOST_WAITING = 16
"""In each lane; then whoever asks is told to wait."""
MOST_KEPT = 200
"""Jobs that are listed, the newest first."""
KILL_SECONDS = 30.0
"""A process that was asked to stop, and has not, is ended after so long."""
MOST_SAID, MOST_ANSWER = 16_384, 32 * 2**20
"""Bytes that are read of what a process says last, and of its answer."""
MARK = "studio job"
SHAPE: dict[str, Any] = {
    "amalgan": str,
    "id": str,
    "lane": str,
    "title": str,
    "module": str,
    "arguments": [str],
    "python": [str],
    "out": (str, None),
    "about": dict,
    "created_at": float,
    "process": (int, None),
    "started_at": (float, None),
    "stopped_at": (float, None),
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of work."""

    id: str
    lane: Lane
    title: str
    module: str
    """What the process runs; ``amalgan`` is the command line."""
    arguments: list[str]
    python: list[str]
    """Lines of Python that do the same; none where the studio alone does it."""
    out: str | None
    """What it writes, below the root."""
    about: dict[str, Any] = field(default_factory=dict)
    """What the page needs to show it again."""
    created_at: float
    process: int | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    """When it was asked to stop."""


class Jobs:
    """The jobs of one studio, on disk below ``folder``; processes work in ``root``."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root, self.lock = folder, root, RLock()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.known: dict[str, Job] = {job.id: job for job in self.read()}
        self.started_here: set[str] = set()
        """Of jobs that this studio was asked for."""
        self.ended: dict[str, State] = {}
        """Of jobs that will not change any more."""

    def read(self) -> Iterator[Job]:
        """Yield the jobs that are on disk; files that are none are passed over."""
        for place in sorted(self.folder.glob("*/job.json"))[-MOST_KEPT:]:
            with suppress(FileError, ValueError, OSError):
                found = read_json(place, SHAPE, "amalgan studio")
                if found.pop("amalgan") == MARK and found["id"] == place.parent.name:
                    yield Job(**found)

    def add(
        self,
        lane: Lane,
        title: str,
        arguments: list[str],
        *,
        module: str = "amalgan",
        python: list[str] | None = None,
        out: str | None = None,
        about: dict[str, Any] | None = None,
        targets: Sequence[str] = (),
    ) -> Job:
        """Note a job; it begins when its lane is free.

        Args:
            targets: names of files in the job's own folder, which follow the arguments as paths.

        Raises:
            Busy: enough is waiting already.
        """
        with self.lock:
            if len(self.waiting(lane)) >= MOST_WAITING:
                raise Busy(f"{MOST_WAITING} jobs are waiting already; let one end, or cancel one.")
            now = time.time()
            id = f"{int(now * 1000):013d}-{secrets.token_hex(4)}"
            job = Job(
                id=id,
                lane=lane,
                title=title,
                module=module,
                arguments=[*arguments, *(str(self.folder / id / name) for name in targets)],
                python=python or [],
                out=out,
                about=about or {},
                created_at=now,
            )
            self.started_here.add(job.id)
            self.write(job)
            self.tick()
            return job

    def write(self, job: Job) -> None:
        """Keep a job, whole or not at all."""
        files.write_json(self.place(job) / "job.json", {"amalgan": MARK} | asdict(job))
        self.known[job.id] = job

    def place(self, job: Job) -> Path:
        """Return the folder of a job."""
        return self.folder / job.id

    def at(self, id: str) -> Job:
        """Return a job by its id.

        Raises:
            Missing: there is none.
        """
        try:
            return self.known[id]
        except KeyError:
            raise Missing("there is no such job any more; load the page again.") from None

    def newest(self) -> list[Job]:
        """Return the jobs, the newest first."""
        with self.lock:
            return sorted(self.known.values(), key=lambda job: job.id, reverse=True)[:MOST_KEPT]

    def waiting(self, lane: Lane) -> list[Job]:
        """Return what waits in a lane, in its order."""
        return [job for job in reversed(self.newest()) if job.lane == lane and self.state(job) == "waiting"]

    def state(self, job: Job) -> State:
        """Return how a job is, by what is on disk."""
        if job.id in self.ended:
            return self.ended[job.id]
        place = self.place(job)
        if locks.is_held(place / "alive"):
            return "stopping" if job.stopped_at else "running"
        begun = (place / "answer.json").exists()
        if not begun and not job.stopped_at and job.id in self.started_here:
            return "waiting"
        found = self.answer(job)
        state: State = "failed" if begun and not job.stopped_at else "stopped"
        self.ended[job.id] = state if found is None or "error" in found else "done"
        return self.ended[job.id]

    def answer(self, job: Job) -> dict[str, Any] | None:
        """Return the JSON that a process has ended with; None where it has not, or was killed."""
        text = tail(self.place(job) / "answer.json", MOST_ANSWER).strip()
        found: dict[str, Any] | None = fitting(text.splitlines()[-1], {str: Any}) if text else None
        return found

    def read_output(self, job: Job) -> list[str]:
        """Return the last lines that a process has said."""
        return tail(self.place(job) / "said.txt", MOST_SAID).splitlines()

    def tick(self) -> None:
        """Begin what is next in each free lane, and end what was asked to stop and did not."""
        with self.lock:
            for child in self.children.values():
                child.poll()
            active = [job for job in self.newest() if self.state(job) in ("running", "stopping")]
            for job in active:
                if job.stopped_at and time.time() - job.stopped_at > KILL_SECONDS:
                    self.signal(job, signal.SIGKILL)
            taken = {job.lane for job in active}
            for lane in ("train", "work", "look"):
                waiting = self.waiting(lane) if lane not in taken else []
                if waiting:
                    self.begin(waiting[0])

    def begin(self, job: Job) -> None:
        """Start the process of a job; one that cannot be started has failed, and says why."""
        place = self.place(job)
        paths = {"answer": place / "answer.json", "said": place / "said.txt", "alive": place / "alive"}
        try:
            child = subprocesses.start_detached(job.module, job.arguments, folder=self.root, **paths)
        except OSError as error:
            self.ended[job.id] = "failed"
            with suppress(OSError):
                (place / "answer.json").touch()
            raise FileError(f"{job.title} could not be started: {error.strerror or error}.") from error
        self.children[job.id] = child
        self.write(replace(job, process=child.pid, started_at=time.time()))

    def stop(self, id: str) -> Job:
        """Ask the process of a job to stop, or take it off the list of what waits.

        Raises:
            Taken: it has ended, or another studio that was killed has started it and did not note its number.
        """
        with self.lock:
            job = self.at(id)
            state = self.state(job)
            if state not in ("waiting", "running"):
                raise Taken(f"{job.title} has ended already.")
            if state == "running" and job.process is None:
                raise Taken(f"{job.title} was begun by a studio that was killed; end it in a terminal.")
            job = replace(job, stopped_at=time.time())
            self.write(job)
            if state == "running":
                self.signal(job, signal.SIGTERM)
            return job

    def signal(self, job: Job, number: signal.Signals) -> None:
        """Send a signal to all processes of a job, if one of them still lives."""
        if job.process is not None and locks.is_held(self.place(job) / "alive"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(job.process, number)


def tail(place: Path, most: int) -> str:
    """Return the last bytes of a file as text; nothing where there is no file."""
    try:
        with place.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""
