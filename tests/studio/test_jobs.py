"""Jobs: one a lane, sixteen waiting, known by their files and locks, whoever began them."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from amalgan.core import locks
from amalgan.core.files import write_json
from amalgan.studio.commands import FORMS
from amalgan.studio.jobs import MARK, MOST_WAITING, Jobs
from amalgan.studio.refusals import Busy, Taken
from amalgan.studio.routes.jobs import called
from amalgan.studio.training import form

SLEEPER = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
while not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.01)
print('{"done": true}')
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Jobs that run a module of the test's: it waits until a file is there."""
    from amalgan.core import subprocesses

    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "sleeper.py").write_text(SLEEPER)
    monkeypatch.setattr(subprocesses, "is_trusted", lambda place: True)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(tmp_path / "code"), os.environ.get("PYTHONPATH", "")])
    )
    found = Jobs(tmp_path / "jobs", tmp_path)
    yield found
    for job in found.newest():
        found.signal(job, signal.SIGKILL)


def asleep(jobs: Jobs, name: str, lane: Any = "work") -> Any:
    """A job that begins ``name`` and ends when ``name.end`` is there."""
    return jobs.add(lane, name, [str(jobs.root / name), str(jobs.root / f"{name}.end")], module="sleeper")


def until(true: Any, seconds: float = 20) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def state(jobs: Jobs, job: Any) -> str:
    """How a job is now."""
    jobs.tick()
    return jobs.state(jobs.at(job.id))


def test_one_runs_and_the_next_begins_when_it_ends(jobs: Jobs) -> None:
    first, second, other = asleep(jobs, "a"), asleep(jobs, "b"), asleep(jobs, "c", "look")
    until(lambda: (jobs.root / "a").exists() and (jobs.root / "c").exists())
    assert [state(jobs, job) for job in (first, second, other)] == ["running", "waiting", "running"]
    (jobs.root / "a.end").touch()
    until(lambda: state(jobs, second) == "running")
    assert state(jobs, first) == "done" and jobs.answer(first) == {"done": True}


def test_the_seventeenth_that_would_wait_is_refused(jobs: Jobs) -> None:
    for at in range(1 + MOST_WAITING):
        asleep(jobs, f"job{at}")
    with pytest.raises(Busy, match="16 jobs are waiting"):
        asleep(jobs, "one-too-many")
    assert len(jobs.waiting("work")) == MOST_WAITING
    jobs.stop(jobs.waiting("work")[0].id)
    asleep(jobs, "now-there-is-room")


def test_a_job_that_is_stopped_ends_with_all_its_processes(jobs: Jobs) -> None:
    job, waiting = asleep(jobs, "a"), asleep(jobs, "b")
    until(lambda: (jobs.root / "a").exists())
    jobs.stop(waiting.id)
    jobs.stop(job.id)
    until(lambda: state(jobs, job) == "stopped")
    assert state(jobs, waiting) == "stopped" and not (jobs.root / "b").exists()
    assert not locks.is_held(jobs.place(job) / "alive")
    with pytest.raises(Taken, match="ended already"):
        jobs.stop(job.id)


def test_a_later_studio_knows_what_runs_and_begins_nothing_that_waited(jobs: Jobs) -> None:
    running, waiting = asleep(jobs, "a"), asleep(jobs, "b")
    until(lambda: (jobs.root / "a").exists())
    later = Jobs(jobs.folder, jobs.root)
    assert [state(later, job) for job in (running, waiting)] == ["running", "stopped"]
    (jobs.root / "a.end").touch()
    until(lambda: state(later, running) == "done")
    assert not (jobs.root / "b").exists()
    later.tick()
    assert later.answer(running) == {"done": True}


def test_a_process_that_was_killed_is_told_as_failed(jobs: Jobs) -> None:
    job = asleep(jobs, "a")
    until(lambda: (jobs.root / "a").exists())
    os.killpg(jobs.at(job.id).process or 0, signal.SIGKILL)
    until(lambda: state(jobs, job) == "failed")
    assert jobs.answer(job) is None


def test_planted_jobs_are_never_run_and_never_signaled(tmp_path: Path) -> None:
    """A folder of runs that was taken from the net may hold anything."""
    facts = {
        "amalgan": MARK, "id": "0-planted", "lane": "work", "title": "<b>", "module": "os", "arguments": ["x"],
        "python": [], "out": None, "about": {}, "created_at": 1.0, "process": os.getpid(), "started_at": 1.0,
        "stopped_at": None,
    }  # fmt: skip
    write_json(tmp_path / "jobs" / "0-planted" / "job.json", facts)
    write_json(tmp_path / "jobs" / "1-other" / "job.json", facts)
    write_json(tmp_path / "jobs" / "2-odd" / "job.json", {"amalgan": MARK, "id": ["x"]})
    (tmp_path / "jobs" / "3-none").mkdir()
    (tmp_path / "jobs" / "3-none" / "job.json").write_bytes(b"\xff" * 100)
    found = Jobs(tmp_path / "jobs", tmp_path)
    assert list(found.known) == ["0-planted"]
    found.tick()
    assert found.state(found.at("0-planted")) == "stopped"
    with pytest.raises(Taken):
        found.stop("0-planted")


@pytest.mark.parametrize("kill_after", [0.0, 0.03, 0.1, 0.2, 0.4])
def test_a_kill_at_any_moment_leaves_whole_files_and_jobs_that_are_known(
    jobs: Jobs, tmp_path: Path, kill_after: float
) -> None:
    child = os.fork()
    if child == 0:
        for at in range(5):
            asleep(jobs, f"{at}", "work" if at % 2 else "look")
        time.sleep(10)
        os._exit(0)
    time.sleep(kill_after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    later = Jobs(jobs.folder, jobs.root)
    for place in jobs.folder.glob("*/job.json"):
        assert json.loads(place.read_text())["id"] == place.parent.name
    states = [later.state(job) for job in later.newest()]
    assert set(states) <= {"running", "stopped"} and states.count("running") <= 2
    for job in later.newest():
        if later.state(job) == "running" and job.process is not None:
            later.stop(job.id)
    until(lambda: all(later.state(job) == "stopped" or job.process is None for job in later.newest()))
    for at in range(5):  # what was begun in the moment of the kill, without a note of its number
        (tmp_path / f"{at}.end").touch()
    until(lambda: not any(locks.is_held(place) for place in jobs.folder.glob("*/alive")))


VALUES = {
    "model": "runs/a",
    "data": "photos",
    "systems": "gan,fusion",
    "task": "inpaint",
    "mask": "#ff00ff",
    "verify": True,
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_becomes_a_command_line_that_is_understood_and_python_that_compiles(name: str) -> None:
    from amalgan.cli.parsing import parse

    asked = FORMS[name]
    values = asked.checked(
        VALUES
        | {"verify": True}
        | {field.name: field.default for field in asked.fields if field.kind == "number"}
    )
    words = asked.words(values, f"runs/out{asked.ending}")
    assert not isinstance(parse([*words, "--json"]), str)
    text = "\n".join(asked.python(words, values))
    compile(text, name, "exec")
    assert "photos" in text or name == "generate"


def test_training_becomes_a_command_line_and_python() -> None:
    from amalgan.cli.parsing import parse

    asked = form()
    values = asked.checked(
        {"data": "digits", "minutes": "2", "system": "gan", "size": "32", "preset": "base", "seed": 3}
    )
    words = asked.words(values, "runs/x")
    command: Any = parse([*words, "--json"])
    assert (command.data, command.system, command.minutes, command.reading.size) == (
        "digits",
        "gan",
        2,
        "32",
    )
    assert (command.preset, command.seed, str(command.out)) == ("base", 3, "runs/x")
    compile("\n".join(asked.python(words, values)), "train", "exec")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"data": "digits", "minutes": "-1"}, "Minutes is -1; give a number from 0.05"),
        ({"data": "digits", "minutes": "nan"}, "give a number"),
        ({"data": "digits", "minutes": [1]}, "give a number"),
        ({"data": "digits", "seed": 0.5}, "a whole number"),
        ({"data": "digits", "system": "--plugin"}, "choose one of"),
        ({"minutes": 1}, "Pictures is missing"),
        ({"data": {"a": 1}}, "the data is missing"),
        ({"data": "/etc"}, "not known any more"),
    ],
)
def test_what_is_wrong_with_a_form_is_said(asking: Any, values: dict[str, Any], said: str) -> None:
    answer = asking.client.post("/api/train", json=values)
    assert answer.status_code in (400, 404) and said in answer.json()["error"], answer.text
    assert asking.get("/api/jobs")["jobs"] == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", b"\xff\xfe", b"[" * 5000, b'{"name": 1}', b'{"name": "rm"}']
)
def test_what_is_no_form_is_refused(asking: Any, body: bytes) -> None:
    answer = asking.client.post("/api/jobs", content=body)
    assert answer.status_code == 400 and answer.json()["error"]


def test_what_a_job_is_called_by() -> None:
    assert [called(word) for word in ("runs/a", "./photos", "x/y.zip")] == ["a", "photos", "y"]
    assert called("runs/.studio/sent/0123.png") == "picture"
