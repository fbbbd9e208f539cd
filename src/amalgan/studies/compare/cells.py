"""Running cells: so many processes at a time, each with one thread; signals reach them, and they save.

jobs ─► worker process ─► its file is there ─► done
           │ stdin: closes when we are gone, so that no worker outlives us by more than its save
           └ DIR/.lock: held by us and by every worker, so that no two comparisons write to one folder
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from amalgan.core import locks, subprocesses
from amalgan.core.environment import cores
from amalgan.core.errors import Interrupted, UsageError
from amalgan.core.json_schema import fitting
from amalgan.training.hooks import Signals

LOOK_SECONDS = 0.1
SAVE_SECONDS = 60.0
"""So long a worker may take to save when it is asked to stop."""
TAIL_BYTES = 4096
ONE_THREAD = {
    name: "1"
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
}
WORKER = "amalgan.studies.compare.worker"


@dataclass(frozen=True)
class Job:
    """One thing for a worker to do."""

    title: str
    words: tuple[str, ...]
    result: Path
    """The file that the worker leaves; while it is there, the job is done."""
    images: int = 0
    """Images to draw, for the progress; 0 where nothing is trained."""

    @property
    def log(self) -> Path:
        """Where training tells how far it is."""
        return self.result.parent / "log.jsonl"

    @property
    def drawn(self) -> int:
        """Images drawn so far."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
                lines = log.read().splitlines()
        except OSError:
            return 0
        last = fitting(lines[-1], {"images": int}) if lines else None
        return last["images"] if last else 0


@dataclass
class Worker:
    """A process at a job."""

    job: Job
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    """What it wrote on stderr."""

    @property
    def trouble(self) -> str | None:
        """Why there is no result; None when there is."""
        code = self.process.returncode
        if code == 0 and self.job.result.exists():
            return None
        if code < 0:
            name = signal.Signals(-code).name
            hint = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
            return f"its process was ended by {name}{hint}. The same command tries again."
        self.said.seek(max(0, self.said.seek(0, os.SEEK_END) - TAIL_BYTES))
        lines = self.said.read().decode(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else f'exit code {code}'} The same command tries again."


@dataclass
class Crew:
    """Workers on the jobs of one comparison."""

    folder: Path
    lock: int
    signals: Signals
    at_once: int
    running: list[Worker] = field(default_factory=list)
    troubles: dict[Path, str] = field(default_factory=dict)
    """Why a job has no result, by the file that is missing."""

    def do(
        self,
        jobs: Sequence[Job],
        ended: Callable[[Job], None],
        show_running: Callable[[list[Job]], None] = lambda running: None,
    ) -> None:
        """Do every job that is not done yet.

        Args:
            ended: is told of each job when its worker has left.
            show_running: is told of the running jobs every now and then.

        Raises:
            Interrupted: a signal came; the workers have saved and left.
        """
        waiting = [job for job in jobs if not job.result.exists()]
        try:
            while waiting or self.running:
                while waiting and len(self.running) < self.at_once:
                    self.running.append(self.start(waiting.pop(0)))
                time.sleep(LOOK_SECONDS)
                self.check_signals()
                show_running([worker.job for worker in self.running])
                for worker in [one for one in self.running if one.process.poll() is not None]:
                    self.dismiss(worker)
                    ended(worker.job)
        finally:
            self.stop()

    def start(self, job: Job) -> Worker:
        """Let a new process begin with ``job``."""
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the worker leaves
        process = subprocess.Popen(
            [sys.executable, *subprocesses.START, WORKER, str(self.folder), *job.words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=subprocesses.environment() | ONE_THREAD,
            pass_fds=(self.lock,),
            start_new_session=True,  # the terminal's Ctrl-C is for us; we tell the workers
        )
        return Worker(job, process, said)

    def dismiss(self, worker: Worker) -> None:
        """Take note of how a worker left."""
        self.running.remove(worker)
        if trouble := worker.trouble:
            self.troubles[worker.job.result] = trouble
        worker.said.close()
        assert worker.process.stdin is not None
        worker.process.stdin.close()

    def check_signals(self) -> None:
        """Leave when a signal came."""
        if self.signals.number:
            self.stop()
            name = signal.Signals(self.signals.number).name
            raise Interrupted(
                f"stopped by {name}; finished cells are kept and the others are saved. "
                "Give the same command to go on.",
                self.signals.number,
            )

    def stop(self) -> None:
        """End all workers; each saves first."""
        for worker in self.running:
            worker.process.send_signal(signal.SIGTERM)
        for worker in list(self.running):
            try:
                worker.process.wait(SAVE_SECONDS)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            worker.said.close()
            self.running.remove(worker)


@contextmanager
def crew(folder: Path, lock: int, at_once: int) -> Iterator[Crew]:
    """Workers for the comparison in ``folder``; signals are remembered, and stop them."""
    with Signals.caught() as signals, signals.remembered():
        yield Crew(folder, lock, signals, at_once or cores())


@contextmanager
def hold_comparison(folder: Path, patience_seconds: float = SAVE_SECONDS) -> Iterator[int]:
    """Hold ``folder`` for this comparison alone; workers of one that was killed may still be saving.

    Raises:
        UsageError: another comparison is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
    until = time.monotonic() + patience_seconds
    try:
        while not locks.is_free(handle):
            if time.monotonic() > until:
                raise UsageError(
                    f"another comparison is at work in {folder}. Wait for it, or choose another --out."
                )
            time.sleep(LOOK_SECONDS)
        yield handle
    finally:
        os.close(handle)
