"""One process at a time; a dead one holds nothing, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from amalgan.core import locks
from amalgan.core.errors import FileError


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_second_is_refused_and_the_next_is_not(tmp_path: Path) -> None:
    with locks.hold(tmp_path / "x.npz"):
        with (
            pytest.raises(FileError, match=r"another process of amalgan is writing to .*x\.npz"),
            locks.hold(tmp_path / "x.npz"),
        ):
            pass
        with locks.hold(tmp_path / "y.npz"):
            pass
    with locks.hold(tmp_path / "x.npz"):
        pass
    assert left(tmp_path) == []


def test_a_folder_that_was_made_for_a_lock_goes_when_nothing_was_written(tmp_path: Path) -> None:
    with locks.hold_folder(tmp_path / "runs" / "a"):
        pass
    assert left(tmp_path) == []
    with locks.hold_folder(tmp_path / "runs" / "a"):
        (tmp_path / "runs" / "a" / "model").write_text("")
    assert left(tmp_path / "runs" / "a") == ["model"]


@pytest.mark.processes
def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with locks.hold_folder(tmp_path):
            (tmp_path / "holds").write_text("")
            time.sleep(60)
        os._exit(0)
    while not (tmp_path / "holds").exists():
        time.sleep(0.01)
    with pytest.raises(FileError), locks.hold_folder(tmp_path):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with locks.hold_folder(tmp_path):
        pass


def test_a_file_of_the_user_s_that_is_called_like_a_lock_stays(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("the user's")
    with locks.hold_folder(tmp_path), pytest.raises(FileError), locks.hold_folder(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == "the user's"


def test_a_lock_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot write"), locks.hold(tmp_path / "file" / "x"):
        pass
