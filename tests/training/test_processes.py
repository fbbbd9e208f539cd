"""Real processes: killed, told to stop, and two that share a batch."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
import torch

from amalgan.core.errors import UsageError
from amalgan.training import job, processes
from amalgan.training.events import EventName
from amalgan.training.hooks import Signals
from amalgan.training.processes import Processes, resolve
from workshop import BATCH, ROUNDS, Workshop, tensors_in

TESTS = Path(__file__).parents[1]
CHILD = str(Path(__file__).with_name("child.py"))
SEEN = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
ENVIRONMENT = os.environ | {"PYTHONPATH": SEEN, "OMP_NUM_THREADS": "1"}


def logged(out: Path) -> list[dict[str, float]]:
    try:
        return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    except FileNotFoundError:
        return []


def struck(workshop: Workshop, system: str, number: int, *, after: int) -> subprocess.CompletedProcess[str]:
    """Start a run in a process of its own and send it a signal after some rounds."""
    command = [sys.executable, CHILD, str(workshop.folder), system, "struck", "--pause", "0.05"]
    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as child:
        deadline = time.monotonic() + 60
        while len(logged(workshop.folder / "struck")) < after:
            assert time.monotonic() < deadline and child.poll() is None, "the run did not begin"
            time.sleep(0.01)
        child.send_signal(number)
        _, told = child.communicate(timeout=60)
    return subprocess.CompletedProcess(command, child.returncode, "", told)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_a_process_that_was_stopped_or_killed_resumes_exactly(
    number: int, code: int, workshop: Workshop
) -> None:
    torch.set_num_threads(1)
    ended = struck(workshop, "fusion", number, after=5)
    assert ended.returncode == code
    assert number == signal.SIGKILL or "the state is saved. Go on with --resume" in ended.stderr
    out = workshop.folder / "struck"
    assert not (out / "model.safetensors").exists()
    result = workshop.run(replace(workshop.order("fusion", "struck"), resume=True))
    assert result.resumed_at_images is not None and result.resumed_at_images >= 4 * BATCH
    workshop.run(workshop.order("fusion", "whole"))
    whole = workshop.folder / "whole" / "model.safetensors"
    assert (out / "model.safetensors").read_bytes() == whole.read_bytes()
    assert [path.name for path in out.iterdir() if path.name.endswith(".part")] == []


def in_two(workshop: Workshop, system: str, *words: str) -> str:
    """What two processes said that shared a run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-port", str(port), CHILD, str(workshop.folder), system, "two", *words]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.processes
def test_two_processes_amend_their_plan_together(workshop: Workshop) -> None:
    said = in_two(workshop, "autoencoder", "--minutes", "0.3", "--pause", "0.1")
    lines = logged(workshop.folder / "two")
    planned = [int(line["planned_images"]) for line in lines if "planned_images" in line]
    first = json.loads((workshop.folder / "two" / "run.json").read_text())["images"]
    told = [int(text.replace(",", "")) for text in re.findall(r"ends at about ([\d,]+) images", said)]
    assert set(told) <= set(planned)
    assert lines[-1]["images"] == (planned or [first])[-1]


@pytest.mark.processes
def test_callbacks_hear_of_events_in_the_first_process_alone(workshop: Workshop) -> None:
    said = in_two(workshop, "autoencoder", "--events")
    heard = set(re.findall(r"process (\d) hears (\w+)", said))
    assert heard == {("0", name) for name in get_args(EventName)}


@pytest.mark.processes
@pytest.mark.parametrize("system", ["fusion", "supervised"])
def test_two_processes_are_one(system: str, workshop: Workshop) -> None:
    torch.set_num_threads(1)
    in_two(workshop, system, "--precision", "float32")  # in bfloat16 the order of a sum shows
    workshop.patch.setattr(job, "LOG_ROUNDS", 1)
    workshop.run(workshop.order(system, "one", precision="float32"))
    one, two = (logged(workshop.folder / out) for out in ("one", "two"))
    assert len(one) == len(two) == ROUNDS
    for expected, found in zip(one, two, strict=True):
        for name in expected.keys() - {"seconds"}:
            if "variety" not in name:  # looks at the examples of one process
                assert found[name] == pytest.approx(expected[name], abs=1e-5), (name, expected["round"])
    first, second = (tensors_in(workshop.folder / out) for out in ("one", "two"))
    for name, value in first.items():
        # Relativistic logits are differences: their shift has no gradient, and Adam makes steps of its rounding.
        if (
            name.startswith("average/")
            and value.is_floating_point()
            and not name.endswith("critic.last.bias")
        ):
            assert torch.allclose(value, second[name], atol=1e-3), name


def test_a_batch_that_cannot_be_shared_is_refused_by_its_flag() -> None:
    assert [Processes(rank, 2).share(8) for rank in (0, 1)] == [slice(0, 4), slice(4, 8)]
    with pytest.raises(UsageError, match="--batch 8 cannot be shared by 3 processes; use a multiple of 3"):
        Processes(0, 3).share(8)


def test_a_device_that_is_not_there_is_refused_by_its_flag() -> None:
    assert resolve("cpu") == "cpu"
    if not torch.backends.mps.is_available():
        with pytest.raises(UsageError, match="--device mps: torch sees none"):
            resolve("mps")


@pytest.mark.parametrize(
    ("count", "local_rank", "expected"), [(1, 0, "cuda:0"), (1, 3, "cuda:0"), (4, 3, "cuda:3"), (2, 2, None)]
)
def test_each_process_of_a_machine_has_a_gpu_of_its_own(
    count: int, local_rank: int, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    if expected is not None:
        assert resolve("auto", local_rank) == expected
        return
    with pytest.raises(
        UsageError, match=r"process 2 of this machine has no GPU: it has 2. Start 2 processes"
    ):
        resolve("auto", local_rank)


def test_one_of_several_processes_that_waits_in_vain_says_how_to_start_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    for name, value in {
        "RANK": "0",
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(processes, "JOIN", timedelta(seconds=1))
    with (
        pytest.raises(UsageError, match=r"not all 2 processes met at .*Start all of them within"),
        processes.start("cpu"),
    ):
        pass


def test_outside_of_rounds_a_signal_stops_at_once_and_no_except_clause_swallows_it() -> None:
    from amalgan.core.errors import Interrupted

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as caught, Signals.caught():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)
        except Exception:
            pytest.fail("taken for an ordinary error")
    assert caught.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_after_the_last_look_counts() -> None:
    from amalgan.core.errors import Interrupted

    with pytest.raises(Interrupted), Signals.caught() as signals, signals.remembered():
        os.kill(os.getpid(), signal.SIGINT)


def test_a_thread_trains_without_catching_signals() -> None:
    from threading import Thread

    found: list[object] = []

    def work() -> None:
        with Signals.caught():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
