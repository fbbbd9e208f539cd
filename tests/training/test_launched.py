"""The command itself in several processes, as torchrun, SLURM and other machines start it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from amalgan.core.launchers import is_of_launcher
from workshop import tensors_in

pytestmark = pytest.mark.processes
ENVIRONMENT = {name: value for name, value in os.environ.items() if not is_of_launcher(name)}
ENVIRONMENT["OMP_NUM_THREADS"] = "1"
LAUNCHED = str(Path(__file__).with_name("launched.py"))
SMALL = (
    "--system",
    "autoencoder",
    "--batch",
    "16",
    "--device",
    "cpu",
    "--precision",
    "float32",
    "--keep-state",
)
SMALL += ("--images", "1600")
MOST_SECONDS = 10.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def torchrun(world: int, *words: str) -> list[str]:
    """torchrun, by its module: the same program, whatever is on the path."""
    port = ("--master-port", str(free_port()))
    return [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(world), *port, *words]


def train(out: Path, *words: str) -> list[str]:
    cache = ("--cache", str(out.parent / "cache"))
    return ["-m", "amalgan", "train", "digits", "--out", str(out), *cache, *words]


def ended(command: list[str], seconds: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=seconds)


def by_slurm(rank: int, world: int, port: int) -> dict[str, str]:
    """What srun sets for a process of a step on one machine."""
    own = {"SLURM_PROCID": rank, "SLURM_LOCALID": rank, "SLURM_NTASKS": world, "SLURM_STEP_NUM_TASKS": world}
    own |= {"SLURM_STEP_NODELIST": "node[1-2]", "SLURM_STEP_NUM_NODES": 1, "MASTER_PORT": port}
    return {name: str(value) for name, value in own.items()}


@contextmanager
def started(
    world: int, words: list[str], variables: Callable[[int, int, int], Mapping[str, str]] = by_slurm
) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of one run, without torchrun; what still runs in the end is killed."""
    port = free_port()
    children = [
        subprocess.Popen(
            [sys.executable, *words],
            env=ENVIRONMENT | variables(rank, world, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(world)
    ]
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.communicate()


def logged(out: Path) -> list[dict[str, float]]:
    log = out / "log.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def await_rounds(out: Path, number: float) -> None:
    until = time.monotonic() + 60
    while not (lines := logged(out)) or lines[-1]["round"] < number:
        assert time.monotonic() < until, "the run did not begin"
        time.sleep(0.02)


@pytest.mark.parametrize("world", [2, 4])
def test_torchrun_ends_with_0_one_answer_and_one_model_of_every_system(world: int, tmp_path: Path) -> None:
    done = ended(torchrun(world, LAUNCHED, str(tmp_path)))
    assert done.returncode == 0, done.stderr
    codes = re.findall(r"\{[^{}]*\}", done.stdout)
    assert len(codes) == world and len(set(codes)) == 1
    assert codes[0].count(": 0") >= 8
    for system, code in json.loads(codes[0].replace("'", '"')).items():
        answers = done.stdout.count(f"{tmp_path / system}/model.safetensors")
        assert answers == (1 if code == 0 else 0), system


def test_the_command_itself_under_torchrun(tmp_path: Path) -> None:
    done = ended(torchrun(2, *train(tmp_path / "run", "--images", "640", "--json", "--system", "codec")))
    assert done.returncode == 0, done.stderr
    (answer,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert answer["model"] == str(tmp_path / "run" / "model.safetensors") and Path(answer["model"]).exists()
    assert not (tmp_path / "run" / "state.safetensors").exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two processes that nothing has stopped."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    finish(2, out)
    return out


def finish(world: int, out: Path) -> None:
    with started(world, train(out, *SMALL, "--resume")) as children:
        assert [child.wait(60) for child in children] == [0] * world


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_dies_ends_all_with_a_sentence_and_the_run_goes_on_exactly(
    rank: int, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    with started(2, train(out, *SMALL)) as children:
        await_rounds(out, 1)
        children[rank].kill()
        killed_at = time.monotonic()
        said = children[1 - rank].communicate(timeout=30)[1]
        assert time.monotonic() - killed_at < MOST_SECONDS
    assert children[1 - rank].returncode == 75
    assert f"process {1 - rank} of 2: another process of this run is gone" in said
    assert "Start all of them again with --resume" in said
    if rank == 1:
        finish(2, out)
        assert (whole / "model.safetensors").read_bytes() == (out / "model.safetensors").read_bytes()
        assert same(tensors_in(whole), tensors_in(out))


def test_torchrun_starts_all_again_and_they_go_on(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = torchrun(2, "--max-restarts", "1", *train(out, *SMALL, "--resume"))
    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as agent:
        await_rounds(out, 1)
        of_agent = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
        os.kill(int(of_agent[-1]), signal.SIGKILL)
        said = agent.communicate(timeout=90)[1]
    assert agent.returncode == 0, said
    assert "resumed at" in said
    assert (whole / "model.safetensors").read_bytes() == (out / "model.safetensors").read_bytes()


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(ours[name].equal(theirs[name]) for name in ours)


def stopped_by(number: signal.Signals, out: Path, ranks: tuple[int, ...]) -> None:
    """Send a signal to some processes of a run: all of them save and leave with its code."""
    with started(2, train(out, *SMALL)) as children:
        await_rounds(out, 1)
        for rank in ranks:
            children[rank].send_signal(number)
        said = [child.communicate(timeout=30)[1] for child in children]
        assert [child.returncode for child in children] == [128 + number] * 2, said
    assert all(f"stopped by {number.name}" in text and "Go on with --resume" in text for text in said)


def test_sigterm_to_all_processes_saves_and_ends_all_with_143(tmp_path: Path) -> None:
    stopped_by(signal.SIGTERM, tmp_path / "run", (0, 1))


def test_sigusr1_saves_and_the_run_goes_on_on_any_number_of_processes(whole: Path, tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    stopped_by(signal.SIGUSR1, stopped, (1,))
    for world in (1, 2, 4):
        out = tmp_path / str(world)
        shutil.copytree(stopped, out)
        finish(world, out)
        if world == 2:
            assert same(tensors_in(whole), tensors_in(out))
            continue
        assert [line["round"] for line in logged(out)] == [line["round"] for line in logged(whole)]
        for one, other in zip(logged(whole), logged(out), strict=True):
            for name in one.keys() - {"seconds"}:
                assert other[name] == pytest.approx(one[name], abs=1e-5), (world, name, one["round"])


def test_processes_that_do_not_see_the_same_folder_are_refused(tmp_path: Path) -> None:
    port, children = free_port(), []
    for rank in range(2):
        (tmp_path / str(rank)).mkdir()
        words = [sys.executable, *train(Path("run"), *SMALL)]
        environment = ENVIRONMENT | by_slurm(rank, 2, port)
        place = tmp_path / str(rank)
        children.append(
            subprocess.Popen(words, env=environment, cwd=place, stderr=subprocess.PIPE, text=True)
        )
    said = [child.communicate(timeout=60)[1] for child in children]
    assert [child.returncode for child in children] == [2, 2]
    assert all("do not see the same folder run. Give --out on a disk that all" in text for text in said)


def test_processes_that_find_different_data_are_refused(tmp_path: Path) -> None:
    for rank in range(2):
        x = np.random.default_rng(rank).integers(0, 256, (64, 8, 8), np.uint8)
        np.savez(tmp_path / f"{rank}.npz", x=x)

    def of_its_own(rank: int, world: int, port: int) -> dict[str, str]:
        return by_slurm(rank, world, port) | {"OWN": str(tmp_path / f"{rank}.npz")}

    code = "import os, sys; from amalgan.cli import main; sys.exit(main(['train', os.environ['OWN'], *sys.argv[1:]]))"
    words = ["-c", code, "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache"), *SMALL]
    with started(2, words, of_its_own) as children:
        said = [child.communicate(timeout=60)[1] for child in children]
        assert [child.returncode for child in children] == [1, 1]
    assert all("the 2 processes found different data in" in text for text in said)
    assert not (tmp_path / "run").exists()


@contextmanager
def two_machines() -> Iterator[tuple[str, str]]:
    """Two namespaces with a network of their own between them, and an address each: 10.77.0.1 and 10.77.0.2."""
    names = [f"amalgan-{os.getpid()}-{number}" for number in (1, 2)]
    commands = [f"netns add {name}" for name in names]
    commands.append(f"link add w1 netns {names[0]} type veth peer name w2 netns {names[1]}")
    for number, name in enumerate(names, start=1):
        commands += [f"-n {name} addr add 10.77.0.{number}/24 dev w{number}"]
        commands += [f"-n {name} link set {link} up" for link in (f"w{number}", "lo")]
    try:
        for command in commands:
            if subprocess.run(["ip", *command.split()], capture_output=True).returncode:
                pytest.skip(f"ip {command} is not allowed here")
        yield names[0], names[1]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


@pytest.mark.skipif(shutil.which("ip") is None or os.geteuid() != 0, reason="namespaces need ip, and root")
def test_two_machines_train_one_model(tmp_path: Path) -> None:
    out = tmp_path / "run"
    where = ("--nnodes", "2", "--master-addr", "10.77.0.1", "--master-port", "29511", "--nproc-per-node", "1")
    with two_machines() as machines, ExitStack() as stack:
        children = []
        for number, name in enumerate(machines):
            words = ["-m", "torch.distributed.run", *where, "--node-rank", str(number), *train(out, *SMALL)]
            command = ["ip", "netns", "exec", name, sys.executable, *words]
            child = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
            children.append(stack.enter_context(child))
            stack.callback(child.kill)
        answers = [child.communicate(timeout=90)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert [text.count("model.safetensors") for text in answers] == [1, 0]
    assert (out / "model.safetensors").exists()
