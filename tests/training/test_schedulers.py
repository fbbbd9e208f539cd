"""The files for schedulers in docs/several_processes.md do what the page says, as far as can be told without them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amalgan.core.launchers import is_of_launcher

pytestmark = pytest.mark.processes
PAGE = (Path(__file__).parents[2] / "docs" / "several_processes.md").read_text(encoding="utf-8")
SRUN = """
import os, signal, subprocess, sys
own = lambda rank: {"SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank), "SLURM_STEP_NUM_TASKS": "2"}
tasks = [subprocess.Popen(sys.argv[1:], env=os.environ | own(rank)) for rank in range(2)]
signal.signal(signal.SIGUSR1, lambda *_: [task.send_signal(signal.SIGUSR1) for task in tasks])
sys.exit(max(task.wait() for task in tasks))
"""
"""What srun does on one machine: the signal reaches each task, and the highest code is its own."""
SMALL = "--system autoencoder --batch 16 --device cpu --images 3200"


def block(name: str) -> str:
    """The text of the file ``name`` on the page."""
    found = re.search(rf"<!-- {re.escape(name)} -->\s+```\w+\n(.*?)```", PAGE, re.S)
    assert found is not None
    return found[1]


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def environment(tmp_path: Path, **own: str) -> dict[str, str]:
    """Ours, with ``amalgan`` and the stand-ins for SLURM's programs on the path."""
    programs = tmp_path / "bin"
    program(programs, "amalgan", f'#!/bin/sh\nexec {sys.executable} -m amalgan "$@"\n')
    (tmp_path / "srun.py").write_text(SRUN)
    program(programs, "srun", f'#!/bin/sh\nexec {sys.executable} {tmp_path / "srun.py"} "$@"\n')
    program(programs, "scontrol", f'#!/bin/sh\necho "$@" >> {tmp_path / "asked"}\n')
    plain = {name: value for name, value in os.environ.items() if not is_of_launcher(name)}
    return plain | {"PATH": f"{programs}:{os.environ['PATH']}"} | own


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_the_job_of_slurm_is_put_into_the_queue_again_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    text = block("train.sbatch").replace("photos/ --out /shared/runs/photos", f"digits --out {out} {SMALL}")
    assert str(out) in text
    (tmp_path / "train.sbatch").write_text(text)
    slurm = {"SLURM_JOB_ID": "4711", "SLURM_NTASKS": "2", "SLURM_STEP_NUM_NODES": "1"}
    slurm |= {"SLURM_CPUS_PER_TASK": "1", "MASTER_PORT": free_port(), "XDG_CACHE_HOME": str(tmp_path)}
    job = ["bash", str(tmp_path / "train.sbatch")]
    with subprocess.Popen(job, env=environment(tmp_path, **slurm), stderr=subprocess.PIPE) as batch:
        until = time.monotonic() + 60
        while not (out / "log.jsonl").exists():
            assert time.monotonic() < until and batch.poll() is None
            time.sleep(0.02)
        (step,) = Path(f"/proc/{batch.pid}/task/{batch.pid}/children").read_text().split()
        os.kill(int(step), signal.SIGUSR1)
        said = batch.communicate(timeout=60)[1].decode()
    assert batch.returncode == 0 and said.count("stopped by SIGUSR1") == 2, said
    assert (tmp_path / "asked").read_text() == "requeue 4711\n"
    assert not (out / "model.safetensors").exists()
    subprocess.run(job, env=environment(tmp_path, **slurm), check=True, timeout=120)
    assert (out / "model.safetensors").exists() and (tmp_path / "asked").read_text() == "requeue 4711\n"


def test_the_pods_of_kubernetes_train_one_model(tmp_path: Path) -> None:
    text = block("train.yaml")
    command = json.loads(re.search(r"command: (\[.*\])", text)[1])  # type: ignore[index]
    variables = dict(re.findall(r'\{name: (\w+), value: "?([^"}]+)"?\}', text))
    assert variables["MASTER_ADDR"] == "photos-0.photos" and variables["WORLD_SIZE"] == "2"
    assert {"75", "138", "143"} == set(re.search(r"values: \[(.*)\]", text)[1].split(", "))  # type: ignore[index]
    words = f"digits --out {tmp_path / 'run'} {SMALL}"
    command[-1] = command[-1].replace("/data --out /runs/photos", words)
    assert words in command[-1]
    variables |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "OMP_NUM_THREADS": "1"}
    variables["XDG_CACHE_HOME"] = str(tmp_path)
    pods = [
        subprocess.Popen(command, env=environment(tmp_path, JOB_COMPLETION_INDEX=str(index), **variables))
        for index in range(2)
    ]
    assert [pod.wait(60) for pod in pods] == [0, 0]
    assert (tmp_path / "run" / "model.safetensors").exists()
