"""A reader sees the old file or the new one; a crash loses nothing and leaves nothing for long."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from amalgan.core import files
from amalgan.core.errors import FileError
from amalgan.core.write_faults import ADVICE, write_fault


def parts_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


def test_a_file_is_written_whole_and_folders_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "x.txt"
    files.write_text(target, "schön\n")
    assert target.read_bytes() == "schön\n".encode() and parts_in(target.parent) == []


@pytest.mark.parametrize("error", [RuntimeError("bug"), KeyboardInterrupt()])
def test_an_error_while_writing_leaves_the_old_file_alone(error: BaseException, tmp_path: Path) -> None:
    target = tmp_path / "x"
    files.write_text(target, "old")
    with pytest.raises(type(error)), files.replacing(target) as part:
        part.write_text("half of the n")
        raise error
    assert target.read_text() == "old" and parts_in(tmp_path) == []


@pytest.mark.parametrize("write", [files.write_text, lambda place, text: files.append(place, text.encode())])
def test_a_file_in_the_place_of_a_folder_is_called_that(
    write: Callable[[Path, str], None], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileError, match=r"A file stands where a folder is needed; choose another --out\."):
        write(tmp_path / "file" / "x", "new")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("number", [*ADVICE, errno.EIO, None])
def test_only_a_full_disk_is_told_to_be_freed(number: int | None) -> None:
    error = OSError("odd") if number is None else OSError(number, os.strerror(number))
    said = str(write_fault(Path("x"), error))
    assert said.startswith("cannot write x: ") and said.endswith("--out.")
    assert ("Free space" in said) == (number in (errno.ENOSPC, errno.EDQUOT))


@pytest.mark.parametrize("name", ["write_bytes", "link", "replace", "fsync", "open"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_fault_of_the_disk_keeps_a_good_file_and_says_why(
    name: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, previous = tmp_path / "x", tmp_path / "x.previous"
    files.write_text(target, "old")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    owner = Path if name == "write_bytes" else os
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, refuse)
        if name == "link":  # a disk without second names: the old file is renamed instead
            files.write_bytes(target, b"new", previous=previous)
        else:
            with pytest.raises(FileError, match=f"cannot write .*x: {os.strerror(number)}"):
                files.write_bytes(target, b"new", previous=previous)
    assert "old" in [path.read_text() for path in (target, previous) if path.exists()]
    assert parts_in(tmp_path) == []


def test_the_file_before_is_kept(tmp_path: Path) -> None:
    target, previous = tmp_path / "x", tmp_path / "x.previous"
    for number in range(3):
        files.write_bytes(target, str(number).encode(), previous=previous)
    assert target.read_text() == "2" and previous.read_text() == "1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "x.previous"]


SYSTEM_CALLS: list[tuple[object, str]] = [
    (os, "fsync"),
    (os, "link"),
    (os, "replace"),
    (files, "keep"),
    (files, "sync"),
    (Path, "write_bytes"),
    (Path, "unlink"),
]


@pytest.mark.processes
@pytest.mark.parametrize("call", SYSTEM_CALLS, ids=lambda call: call[1])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_around_any_call_leaves_a_good_file_and_no_litter_after_the_next_write(
    call: tuple[object, str], when: str, tmp_path: Path
) -> None:
    target, previous = tmp_path / "x", tmp_path / "x.previous"
    contents = {b"first" * 1000, b"second" * 1000, b"third" * 1000}
    files.write_bytes(target, b"first" * 1000, previous=previous)
    files.write_bytes(target, b"second" * 1000, previous=previous)
    child = os.fork()
    if child == 0:
        die_at(call, when)
        files.write_bytes(target, b"third" * 1000, previous=previous, proof=anything)
        os._exit(0)
    os.waitpid(child, 0)
    assert target.read_bytes() in contents
    files.write_bytes(
        target, b"fourth", previous=previous, proof=anything
    )  # the child has left what we did not write
    assert target.read_bytes() == b"fourth" and previous.read_bytes() in contents
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "x.previous"]


def anything(place: Path) -> bool:
    """Take whatever stands there for ours."""
    return True


def die_at(call: tuple[object, str], when: str) -> None:
    """Let this process be killed at the first use of ``call``."""
    owner, name = call
    whole: Callable[..., object] = getattr(owner, name)

    def last(*args: object, **named: object) -> None:
        if when == "after":
            whole(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, last)


def test_parts_of_the_dead_are_removed_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    dead = tmp_path / f".x.{child}-00000000.part"
    alive = tmp_path / f".x.{os.getppid()}-00000000.part"
    other = tmp_path / f".x.y.{child}-00000000.part"
    for path in (dead, alive, other):
        path.write_bytes(b"half")
    files.write_text(tmp_path / "x", "whole")
    assert not dead.exists() and alive.exists() and other.exists()


@pytest.mark.parametrize("name", ["字" * 80, "a" * 250, "[*?]", "-x", "a b\n"])
def test_any_name_that_the_disk_takes_can_be_written(name: str, tmp_path: Path) -> None:
    files.write_text(tmp_path / name, "x")
    assert (tmp_path / name).read_text() == "x"


def test_json_has_no_nan(tmp_path: Path) -> None:
    files.write_json(tmp_path / "x.json", {"größe": [1, 2.5, None]})
    assert json.loads((tmp_path / "x.json").read_text()) == {"größe": [1, 2.5, None]}
    with pytest.raises(ValueError):
        files.write_json(tmp_path / "x.json", {"loss": float("nan")})
    assert json.loads((tmp_path / "x.json").read_text()) == {"größe": [1, 2.5, None]}


def test_lines_are_appended(tmp_path: Path) -> None:
    log = tmp_path / "new" / "log"
    files.append_line(log, "a")
    files.append_line(log, "b")
    assert log.read_text() == "a\nb\n"
    with pytest.raises(FileError, match="cannot append to"):
        files.append_line(tmp_path, "a folder is no log")


def test_a_target_that_cannot_be_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "file" / "x", tmp_path / "folder"):
        with pytest.raises(FileError, match="cannot write"):
            files.write_text(target, "x")
