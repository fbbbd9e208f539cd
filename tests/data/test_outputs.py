"""Streamed arrays are those that NumPy writes; a second run writes nothing; a stopped one goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from amalgan.core.errors import FileError, UsageError
from amalgan.core.types import DataSpec
from amalgan.data.writing.npz import Column, stamp_of, write_npz
from amalgan.data.writing.outputs import Output

GRAY = DataSpec(kind="image", shape=(1, 4, 5))


class Stop(Exception):
    """A kill."""


def work(first: int, *, fail_at: int = 99) -> Iterator[Tensor]:
    """Ten pictures, four at a time; their number is their level."""
    for start in range(first, 10, 4):
        if start >= fail_at:
            raise Stop
        level = torch.arange(start, min(start + 4, 10)).view(-1, 1, 1, 1).expand(-1, 1, 4, 5)
        yield level / 127.5 - 1


def output(place: Path) -> Output:
    return Output(place=place, count=10, spec=GRAY, key="0123456789abcdef")


def test_an_npz_is_what_numpy_would_write(tmp_path: Path) -> None:
    arrays = {"code": np.arange(12, dtype="<f4").reshape(4, 3), "name": np.array(["a", "ü" * 9])}
    assert write_npz(tmp_path / "x.npz", {name: Column.of(one) for name, one in arrays.items()})
    np.savez(tmp_path / "y.npz", **arrays)
    assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "y.npz").read_bytes()
    assert not write_npz(tmp_path / "x.npz", {name: Column.of(one) for name, one in arrays.items()})


def test_a_stamp_is_read_back_and_its_absence_too(tmp_path: Path) -> None:
    write_npz(tmp_path / "x.npz", {"x": Column.of(np.ones(3))}, "made of this")
    assert stamp_of(tmp_path / "x.npz") == "made of this"
    (tmp_path / "cut.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:-3])
    assert stamp_of(tmp_path / "cut.npz") != "made of this" and stamp_of(tmp_path / "none.npz") == ""


@pytest.mark.parametrize("name", ["x.npz", "O", "o.v2"])
def test_stopped_and_gone_on_is_never_stopped(tmp_path: Path, name: str) -> None:
    whole, parts = output(tmp_path / "whole" / name), output(tmp_path / "parts" / name)
    assert whole.write(work).written == (1 if name == "x.npz" else 10)
    with pytest.raises(Stop):
        parts.write(lambda first: work(first, fail_at=8))
    assert parts.done == 8
    found = parts.write(work)
    assert found.written == (1 if name == "x.npz" else 2)
    assert contents(tmp_path / "whole") == contents(tmp_path / "parts")
    assert parts.write(work).written == 0
    if name == "x.npz":
        assert np.load(tmp_path / "parts" / name)["x"][:, 0, 0].tolist() == list(range(10))
        assert replace(parts, key="ff").write(work).written == 1


def test_a_grid_is_written_once(tmp_path: Path) -> None:
    assert [output(tmp_path / "x.png").write(work).written for _ in range(2)] == [1, 0]


def test_pictures_that_are_gone_are_made_again(tmp_path: Path) -> None:
    one = output(tmp_path / "O")
    with pytest.raises(Stop):
        one.write(lambda first: work(first, fail_at=8))
    (tmp_path / "O" / "00002.png").unlink()
    assert one.write(work).written == 3 and len(list((tmp_path / "O").glob("*.png"))) == 10


def test_a_journal_with_too_many_rows_is_no_file(tmp_path: Path) -> None:
    one = output(tmp_path / "x.npz")
    journal = one.journal()
    for _ in range(2):
        journal.append(np.zeros((6, 4, 5), np.uint8))
    with pytest.raises(FileError, match="held 12 rows where there should be 10"):
        one.write(work)
    assert not (tmp_path / "x.npz").exists()
    assert one.write(work).written == 1
    assert len(np.load(tmp_path / "x.npz")["x"]) == 10


def test_a_damaged_file_is_not_there_already(tmp_path: Path) -> None:
    one = output(tmp_path / "x.npz")
    one.write(work)
    whole = (tmp_path / "x.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(whole[:200] + b"!" + whole[201:])
    assert one.done == 0
    assert one.write(work).written == 1 and (tmp_path / "x.npz").read_bytes() == whole


def test_inputs_are_not_written_over_whatever_they_are_called(tmp_path: Path) -> None:
    one = output(tmp_path / "O")
    one.write(work)
    (tmp_path / "link").symlink_to(tmp_path / "O")
    for source in (
        tmp_path / "O",
        tmp_path / "O" / "00003.png",
        tmp_path / "link",
        tmp_path / "link" / "00003.png",
    ):
        with pytest.raises(UsageError, match="inputs are never changed"):
            replace(one, key="ff", source=str(source)).write(work)
    assert replace(one, source=str(tmp_path / "another")).write(work).written == 0


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
