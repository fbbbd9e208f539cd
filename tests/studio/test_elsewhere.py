"""Runs that were begun in a terminal: paused, gone on with and ended from the studio, and others left alone."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amalgan.core import locks, subprocesses
from amalgan.studio import elsewhere
from amalgan.studio.refusals import Taken
from amalgan.studio.runs import state_of
from studio_support import pictures, run_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="no /proc here")
HOLD = """import fcntl, sys, time
handle = open(sys.argv[-1], "a")
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)"""


@pytest.fixture
def holding() -> Iterator[Any]:
    """Starts processes that hold a lock, whatever else their command line says."""
    begun: list[subprocess.Popen[str]] = []

    def start(lock: Path, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, *words, str(lock)], stdout=subprocess.PIPE, text=True
        )
        begun.append(process)
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_run_of_a_terminal_is_asked_to_stop(tmp_path: Path, holding: Any) -> None:
    process = holding(tmp_path / locks.NAME, "amalgan", "train")
    assert list(elsewhere.holders(tmp_path / locks.NAME)) == [process.pid]
    elsewhere.pause(tmp_path, "one")
    assert process.wait(10) == -signal.SIGTERM
    with pytest.raises(Taken, match="one is held by no process of yours"):
        elsewhere.pause(tmp_path, "one")


@pytest.mark.parametrize("words", [("amalgan", "compare"), ("train",), ("amalgan-train", "train"), ()])
def test_what_is_no_training_is_left_alone(tmp_path: Path, holding: Any, words: tuple[str, ...]) -> None:
    process = holding(tmp_path / locks.NAME, *words)
    with pytest.raises(Taken, match=f"process {process.pid} is at one, and it is no amalgan train"):
        elsewhere.pause(tmp_path, "one")
    assert process.poll() is None


def test_processes_of_others_and_those_that_only_look_are_not_found(
    tmp_path: Path, holding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / locks.NAME
    lock.touch()
    with lock.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert list(elsewhere.holders(lock)) == []
    holding(lock, "amalgan", "train")
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert list(elsewhere.holders(lock)) == []


def test_data_outside_of_the_root_is_not_read_again(asking: Any) -> None:
    run = run_of(asking.studio.runs / "one")
    (run / "state.safetensors").write_bytes(b"x")
    plan = json.loads((run / "run.json").read_text())
    (seen,) = asking.get("/api/runs")["runs"]
    assert seen["state"] == "paused" and not seen["here"] and seen["resumable"]
    for data in ("../other", "/etc", "https://example.org/x.zip", None, "missing"):
        (run / "run.json").write_text(json.dumps(plan | {"data": data}))
        for action in ("resume", "stop"):
            said = asking.post(f"/api/runs/{seen['id']}/{action}", status=409)["error"]
            assert "does not lie below the studio's root" in said
    assert not asking.studio.jobs.newest()
    assert "does not run now" in asking.post(f"/api/runs/{seen['id']}/pause", status=409)["error"]
    assert "cannot be told to" in asking.post(f"/api/runs/{seen['id']}/explode", status=400)["error"]


@pytest.mark.processes
def test_a_run_of_a_terminal_is_paused_gone_on_with_and_ended(asking: Any, tmp_path: Path) -> None:
    pictures(tmp_path / "photos", 60)
    run = tmp_path / "runs" / "mine"
    words = [
        "train",
        "photos",
        "--system",
        "autoencoder",
        "--images",
        "2000000",
        "--size",
        "8",
        "--out",
        str(run),
    ]
    process = subprocess.Popen(
        [sys.executable, *subprocesses.START, "amalgan", *words],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 300
        while not (run / "log.jsonl").exists():
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        (seen,) = asking.get("/api/runs")["runs"]
        assert seen["state"] == "running" and not seen["here"]
        asking.post(f"/api/runs/{seen['id']}/pause")
        assert process.wait(60) == 128 + signal.SIGTERM
    finally:
        process.kill()
    assert state_of(run) == "paused"
    asking.post(f"/api/runs/{seen['id']}/resume")
    (job,) = asking.studio.jobs.newest()
    until = time.monotonic() + 300
    while not any("resumed at" in line for line in asking.studio.jobs.read_output(job)):
        assert asking.studio.jobs.state(job) == "running" and time.monotonic() < until, (
            asking.studio.jobs.answer(job)
        )
        time.sleep(0.1)
    assert asking.get(f"/api/runs/{seen['id']}")["line"] == ""
    asking.post(f"/api/runs/{seen['id']}/stop")
    ended = asking.done(asking.studio.jobs.newest()[0].id, 400)
    assert ended["state"] == "done", ended
    assert state_of(run) == "ended"
    answer = asking.studio.jobs.answer(asking.studio.jobs.newest()[0])
    assert answer["stopped"] == "stopped in the studio" and 0 < answer["images"] < 2_000_000
