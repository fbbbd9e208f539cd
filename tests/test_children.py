"""Processes that we start run no code of the working folder or of a temporary one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from amalgan.core import subprocesses
from stress.lost import PLANTED


def plant(folder: Path) -> Path:
    """Fifty modules that say that they were run; return where."""
    ran = folder / "ran.txt"
    for name in PLANTED:
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'a').write({name!r})\n")
    return ran


@pytest.mark.processes
@pytest.mark.parametrize("entry", ["", ".", "FOLDER"])
def test_planted_modules_are_not_run_by_our_children(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = plant(tmp_path)
    paths = [entry.replace("FOLDER", str(tmp_path)), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.chdir(tmp_path)
    command = [
        sys.executable,
        *subprocesses.START,
        "amalgan.studies.compare.worker",
        str(tmp_path),
        "reference",
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=subprocesses.environment(), stdin=pipe, stderr=pipe, text=True
    ) as child:
        assert child.stderr is not None
        said = child.stderr.read()
    assert "is no plan" in said and not ran.exists(), said


@pytest.mark.processes
def test_python_m_imports_nothing_from_the_working_folder(tmp_path: Path) -> None:
    for name in ("rich", "torch", "numpy", "tyro", "PIL", "safetensors"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')\n")
    command = [sys.executable, "-m", "amalgan", "systems"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert ended.returncode == 0, ended.stderr


def test_what_may_be_planted_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("", ".", "lib", str(tmp_path), tempfile.gettempdir(), "/tmp"):
        assert not subprocesses.is_trusted(place)
    assert subprocesses.is_trusted(str(tmp_path / "own")) and subprocesses.is_trusted(subprocesses.SOURCE)
