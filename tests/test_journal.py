"""A journal gives back just the whole rows that were put in, whatever became of its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgan.core.errors import FileError
from amalgan.core.journal import Journal, key_of

KEY = key_of("a", 1)
ROWS = np.arange(60, dtype="<f4").reshape(20, 3)


def begun(folder: Path, key: str = KEY) -> Journal:
    return Journal.beside(folder / "x.npz", key, "<f4", (3,))


def test_a_job_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.append(ROWS[:8])
    first.append(ROWS[8:16])
    second, asked = begun(tmp_path), []
    assert second.count == 16

    def work(start: int) -> list[np.ndarray]:
        asked.append(start)
        return [ROWS[start:]]

    assert np.array_equal(second.filled(work).read_all(), ROWS) and asked == [16]
    assert [len(rows) for rows in second.blocks()] == [8, 8, 4]
    second.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", range(0, 232, 7))
def test_what_was_cut_off_or_damaged_is_made_again(tmp_path: Path, at: int) -> None:
    journal = begun(tmp_path)
    for start in (0, 8, 16):
        journal.append(ROWS[start : start + 8])
    data = journal.place.read_bytes()
    journal.place.write_bytes(data[:at])
    cut = begun(tmp_path)
    assert cut.count == (0 if at < 104 else 8 if at < 208 else 16)
    journal.place.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
    damaged = begun(tmp_path)
    assert damaged.count <= (0 if at < 104 else 8 if at < 208 else 16)
    assert np.array_equal(damaged.filled(lambda start: [ROWS[start:]]).read_all(), ROWS)


def test_rows_of_another_job_are_forgotten(tmp_path: Path) -> None:
    begun(tmp_path).append(ROWS)
    (tmp_path / ".y.npz.0123456789abcdef.rows").write_bytes(b"somebody else's")
    assert begun(tmp_path, key_of("a", 2)).count == 0
    assert begun(tmp_path).count == 0
    assert (tmp_path / ".y.npz.0123456789abcdef.rows").exists()


@given(st.lists(st.integers(0, 9), max_size=6), st.sampled_from([(), (2,), (2, 3)]))
def test_any_chunks_of_any_rows(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], shape: tuple[int, ...]
) -> None:
    place = tmp_path_factory.mktemp("rows")
    journal, chunks = Journal.beside(place / "o", KEY, "|u1", shape), []
    for number, size in enumerate(sizes):
        chunks.append(np.full((size, *shape), number, np.uint8))
        journal.append(chunks[-1])
    again = Journal.beside(place / "o", KEY, "|u1", shape)
    assert again.count == sum(sizes)
    assert np.array_equal(again.read_all(), np.concatenate([np.zeros((0, *shape), np.uint8), *chunks]))


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"cannot write .*choose another --out"):
        begun(tmp_path / "file")
