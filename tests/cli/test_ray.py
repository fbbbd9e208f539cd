"""Parts on the workers of Ray give what one process gives, also where a worker is killed on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

ray = pytest.importorskip("ray")

COUNT = 3000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some thousand pictures."""
    place = tmp_path_factory.mktemp("data") / "x.npz"
    np.savez(place, x=np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8), dtype=np.uint8))
    return place


def started(*words: object) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "amalgan", *map(str, words), "--json"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )


def parent_of(process: int) -> int:
    """The number of the process that started another."""
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])


def workers(of: int) -> Iterator[int]:
    """Processes of Ray below a process that compute a part."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            name, parent = (
                (place / "cmdline").read_bytes(),
                int((place / "stat").read_text().rsplit(")", 1)[1].split()[1]),
            )
            above = int(Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if name.startswith(b"ray::computed") and of in (parent, above):
            yield int(place.name)


@pytest.mark.processes
def test_codes_of_two_workers_one_of_which_is_killed(digits: Path, data: Path, tmp_path: Path) -> None:
    words = ("embed", digits, data, "--cache", tmp_path / "cache", "--device", "cpu", "--out")
    plain = started(*words, tmp_path / "plain.npz")
    assert plain.wait() == 0
    job = started(*words, tmp_path / "ray.npz", "--engine", "ray", "--parts", "4")
    killed = []
    while not killed and job.poll() is None:
        for worker in workers(job.pid):
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)
            break
        time.sleep(0.02)
    out, _ = job.communicate(timeout=500)
    assert job.returncode == 0 and killed
    assert {"n": COUNT, "parts": 4, "engine": "ray"}.items() <= json.loads(out.splitlines()[-1]).items()
    assert (tmp_path / "ray.npz").read_bytes() == (tmp_path / "plain.npz").read_bytes()
    assert not (tmp_path / ".ray.npz.parts").exists()


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "out"),
    [(("generate", "--count", "600"), "x"), (("compress", "DATA"), "x.amg"), (("trace", "DATA"), "x.csv")],
    ids=" ".join,
)
def test_other_commands_write_the_same(
    digits: Path, data: Path, tmp_path: Path, words: tuple[str, ...], out: str
) -> None:
    name, *more = [data if word == "DATA" else word for word in words]
    found = []
    for place, engine in (("plain", ()), ("ray", ("--engine", "ray", "--parts", "3"))):
        assert started(name, digits, *more, "--out", tmp_path / place / out, *engine).wait() == 0
        files = [
            path for path in (tmp_path / place).rglob("*") if path.is_file() and ".lock" not in path.name
        ]
        found.append({str(path.relative_to(tmp_path / place)): path.read_bytes() for path in files})
    assert found[0] == found[1] and found[0]
