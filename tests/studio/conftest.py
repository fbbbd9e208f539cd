"""A small folder of runs and pictures, a studio on it, and one that listens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from starlette.testclient import TestClient

from amalgan.core import subprocesses
from amalgan.studio.access import HEADER, Access
from amalgan.studio.jobs import Jobs
from amalgan.studio.routes.application import application
from amalgan.studio.studio import Studio

TOKEN, HOST = "a-token-of-the-tests", "localhost:8420"


@dataclass
class Asking:
    """A studio, and what is asked of it without a socket."""

    studio: Studio
    client: TestClient

    def get(self, path: str, **more: Any) -> Any:
        """The JSON at ``path``; the status must be 200."""
        answer = self.client.get(path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, given: dict[str, Any] | None = None, status: int = 200) -> Any:
        """What the server answers to JSON."""
        answer = self.client.post(path, json=given or {})
        assert answer.status_code == status, answer.text
        return answer.json()

    def done(self, id: str, seconds: float = 60) -> Any:
        """A job once it has ended."""
        until = time.monotonic() + seconds
        while (job := self.get(f"/api/jobs/{id}"))["state"] in ("waiting", "running", "stopping"):
            assert time.monotonic() < until, job
            self.studio.jobs.tick()
            time.sleep(0.05)
        return job


def end_jobs(jobs: Jobs) -> None:
    """End what goes on."""
    for job in jobs.newest():
        jobs.signal(job, signal.SIGKILL)


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    """A studio of ``tmp_path``, whose jobs end with the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    studio = Studio(root=tmp_path, runs=tmp_path / "runs")
    access = Access(hosts=frozenset({HOST}), token=TOKEN, port=8420)
    client = TestClient(
        application(studio, access),
        base_url=f"http://{HOST}",
        headers={HEADER.decode(): TOKEN},
        raise_server_exceptions=False,
    )
    yield Asking(studio, client)
    end_jobs(studio.jobs)


@dataclass
class Serving:
    """A studio that listens."""

    process: subprocess.Popen[str]
    address: str
    root: Path

    @property
    def port(self) -> int:
        """Of the address."""
        return int(re.search(r":(\d+)/", self.address)[1])

    @property
    def token(self) -> str:
        """Of the address."""
        return self.address.partition("token=")[2]

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it by a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Starts studios in processes of their own."""
    begun: list[Serving] = []

    def start(root: Path = tmp_path, *flags: str) -> Serving:
        own = os.environ | {"XDG_CACHE_HOME": str(root / ".cache"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *subprocesses.START, "amalgan", "studio", "--port", "0", *flags]
        process = subprocess.Popen(
            command, cwd=root, env=own, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = process.stderr.readline()
        assert line.startswith("open http"), line + process.stderr.read()
        begun.append(Serving(process, line.split()[1], root))
        return begun[-1]

    yield start
    for one in begun:
        one.process.kill()
        end_jobs(Jobs(one.root / "runs" / ".studio" / "jobs", one.root))
        one.process.wait()
        one.process.stderr.close()
        one.process.stdout.close()
