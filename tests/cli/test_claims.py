"""Every place that a command writes to: nothing of the user's there, no input, no other process of ours."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amalgan.cli.claims import PLACES, holders
from amalgan.cli.parsing import COMMANDS
from amalgan.core import locks
from amalgan.core.files import write_bytes
from amalgan.data.writing.grids import png_bytes

MINE = b"the user's own"
WRITES = {"out", "plot", "sheet", "duplicates", "maps", "walk"}
READS = {
    "parts",
    "model",
    "data",
    "source",
    "file",
    "plugin",
    "config",
    "mask",
    "init",
    "cache",
    "query",
    "normals",
    "reals",
    "card",
    "root",
}
HELD = {"runs"}
"""The studio holds its own folder in there, and each job claims its places itself."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_that_names_a_place_is_claimed(name: str) -> None:
    """A new command, or a new flag with a path, has to say whether it writes there."""
    known = WRITES | READS | HELD | {"between"}
    paths = {field.name for field in fields(COMMANDS[name]) if "Path" in str(field.type)}
    assert paths <= known and set(PLACES) == WRITES


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (("--count", "3", "--out"), "x.npz"),
        (("--count", "3", "--out"), "x.png"),
        (("--frames", "4", "--overwrite", "--walk"), "x.webp"),
    ],
)
def test_a_place_is_held_and_a_file_of_the_user_s_stays(
    flags: tuple[str, ...], name: str, run: Any, digits: Path, tmp_path: Path
) -> None:
    line = ("generate", digits, *flags, tmp_path / name)
    with locks.hold((tmp_path / name).resolve()):
        ran = run(*line)
        assert ran.code == 1 and "another process of amalgan is writing to" in ran.err
    (tmp_path / name).write_bytes(MINE)
    ran = run(*line)
    assert ran.code == 2 and f"{name} is there already, and amalgan did not write it" in ran.err
    assert (tmp_path / name).read_bytes() == MINE and [path.name for path in tmp_path.iterdir()] == [name]
    (tmp_path / name).unlink()
    assert run(*line).code == 0 and [path.name for path in tmp_path.iterdir()] == [name]


def test_other_inputs_are_inputs_too(run: Any, digits: Path, tmp_path: Path) -> None:
    query = tmp_path / "q.png"
    write_bytes(query, png_bytes(np.zeros((8, 8), np.uint8)))
    before = query.read_bytes()
    ran = run("embed", digits, "digits", "--query", query, "--sheet", query, "--out", tmp_path / "x.npz")
    assert ran.code == 2 and "inputs are never changed" in ran.err and query.read_bytes() == before


@pytest.mark.processes
def test_of_two_at_once_one_writes_and_the_file_is_whole(digits: Path, tmp_path: Path) -> None:
    words = ("generate", str(digits), "--count", "3000", "--out", str(tmp_path / "x.npz"))
    command = [sys.executable, "-m", "amalgan", *words]
    ended = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    said = [one.communicate()[1].decode() for one in ended]
    codes = sorted(one.returncode for one in ended)
    assert codes in ([0, 0], [0, 1]), said  # both, where the second began when the first had ended
    assert codes == [0, 0] or any("another process" in text for text in said)
    assert np.load(tmp_path / "x.npz")["x"].shape == (3000, 8, 8)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_flags_of_flags_are_looked_at() -> None:
    class Inner:
        walk = Path("x.webp")

    class Outer:
        out = None
        film = Inner()

    assert [type(one).__name__ for one in holders(Outer())] == ["Outer", "Inner"]
