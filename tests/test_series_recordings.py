"""Recordings become windows: what is missing is named, and no step stands in two splits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from amalgan.cli import main
from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError
from amalgan.core.types import BETWEEN, TEST, TRAIN, VALIDATION
from amalgan.data import open_data
from amalgan.kinds.series.windows import Piece, by_time, cut, runs

WINDOW = 32


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def table(place: Path, steps: int = 2000, **columns: list[str]) -> Path:
    """A recording whose first channel is the number of the step."""
    said = {
        "time (s)": [f"{0.5 * at:g}" for at in range(steps)],
        "count (mV)": [*map(str, range(steps))],
        **columns,
    }
    lines = [",".join(row) for row in zip(*said.values(), strict=True)]
    place.write_text(",".join(said) + "\n" + "\n".join(lines) + "\n")
    return place


def opened(place: Path, **flags: object):
    return open_data(place, DataConfig(kind="series", **({"window": WINDOW, "step": 5} | flags)), at_least=1)


def steps_of(records) -> set[int]:
    """The steps of the windows, which the first channel counts."""
    return set(records.pixels(slice(None))[:, 0].astype(int).ravel().tolist())


def test_no_step_stands_in_two_splits_and_a_window_lies_between(tmp_path: Path) -> None:
    found = opened(table(tmp_path / "long.csv"))
    parts = [sorted(steps_of(part)) for part in (found.train, found.validation, found.test)]
    assert all(len(part) >= WINDOW for part in parts) and not found.own_splits
    assert parts[1][0] - parts[0][-1] > WINDOW and parts[2][0] - parts[1][-1] > WINDOW
    assert steps_of(found.records) >= set(range(1990)), "all windows are there to be judged"
    assert found.split_by == "time" and (found.records.store.splits == BETWEEN).any()


@settings(max_examples=60, deadline=None)
@given(some.integers(10, 3000), some.integers(8, 200), some.integers(1, 90), some.integers(0, 50))
def test_splits_by_time_are_apart_whatever_the_lengths(
    length: int, window: int, step: int, first: int
) -> None:
    piece = Piece(
        name="x", source=0, start=first, stop=first + length, runs=[(first, first + length)], digest=b"", times=[],
        label=None,
    )  # fmt: skip
    starts = piece.starts(window, step)
    split = by_time(piece, starts, window)
    last = {one: starts[split == one].max(initial=-(10**6)) + window for one in (TRAIN, VALIDATION)}
    for before, after in ((TRAIN, VALIDATION), (VALIDATION, TEST), (TRAIN, TEST)):
        later = starts[split == after]
        assert not len(later) or not (split == before).any() or later.min() - last[before] >= window


@settings(max_examples=60, deadline=None)
@given(some.lists(some.integers(1, 40), min_size=1, max_size=8), some.integers(1, 20), some.integers(1, 30))
def test_windows_of_a_stream_are_those_of_the_whole(blocks: list[int], window: int, step: int) -> None:
    whole = np.random.default_rng(0).normal(size=(sum(blocks), 2)).astype(np.float32)
    starts = np.arange(0, len(whole) - window + 1, step)
    made = list(cut(iter(np.split(whole, np.cumsum(blocks)[:-1])), starts, window))
    expected = [whole[start : start + window].T for start in starts]
    assert sum(map(len, made)) == len(expected)
    assert not expected or np.array_equal(np.concatenate(made), np.stack(expected))


def test_runs_end_at_holes_of_value_and_of_time() -> None:
    finite = np.array([1, 1, 0, 1, 1, 1, 1], bool)
    late = np.array([0, 0, 0, 0, 1, 0], bool)
    assert runs(finite, late, 10) == [(10, 12), (13, 15), (15, 17)]


def test_what_is_missing_late_or_constant_is_said(tmp_path: Path) -> None:
    steps = 1000
    gone = ["" if 300 <= at < 310 else "x" if at == 500 else "1.5" for at in range(steps)]
    time = [f"{at + (40 if at >= 700 else 0)}" for at in range(steps)]
    place = table(
        tmp_path / "odd.csv",
        steps,
        **{"gone": gone, "same": ["7"] * steps, "note": ["hi"] * steps, "time (s)": time},
    )
    found = opened(place)
    told = " ".join(found.inspection.warnings)
    assert "values are missing ('gone' 11)" in told and "the time jumps at 1 places, by up to 41 s" in told
    assert "channel 'same' is constant: it is 7" in told and "columns of text are left out: note" in told
    assert found.spec.names == ("count", "gone", "same") and found.spec.facts["units"] == ["mV", "", ""]
    assert found.spec.facts["interval"] == 1 and found.spec.facts["time_unit"] == "s"
    values = found.records.pixels(slice(None))
    assert np.isfinite(values).all() and (np.diff(values[:, 0]) == 1).all()
    inside = steps_of(found.records)
    assert not inside & {*range(300, 310), 500}
    first = values[:, 0, 0].astype(int)
    assert not ((first < 700) & (first + WINDOW > 700)).any(), "a window lies over the jump"


def test_uneven_stamps_are_said_and_dates_are_read(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    uneven = np.cumsum(1 + 0.3 * chance.uniform(-1, 1, 500))
    place = table(tmp_path / "uneven.csv", 500, **{"time (s)": [f"{one:.3f}" for one in uneven]})
    assert "% of the intervals differ" in " ".join(opened(place).inspection.warnings)
    dates = [f"2024-05-0{1 + at // 1440} {at // 60 % 24:02d}:{at % 60:02d}:00" for at in range(500)]
    lines = "\n".join(f"{date};{at}" for at, date in enumerate(dates))
    (tmp_path / "dates.csv").write_text(f"date;load [kW]\n{lines}\n")
    found = opened(tmp_path / "dates.csv")
    assert found.spec.facts["interval"] == 60 and found.spec.facts["units"] == ["kW"]


def test_classes_are_those_of_the_steps(tmp_path: Path) -> None:
    label = ["a" if at < 1003 else "b" for at in range(2000)]
    found = opened(table(tmp_path / "labeled.csv", label=label))
    assert found.spec.classes == ("a", "b") and found.spec.names == ("count",)
    first = found.records.pixels(slice(None))[:, 0, 0].astype(int)
    expected = np.where(first + WINDOW <= 1003, 0, np.where(first >= 1003, 1, -1))
    assert np.array_equal(found.records.labels, expected) and (expected == -1).any()


def folder(place: Path, count: int = 24) -> Path:
    """Recordings of two classes, among them one that is twice there, one too short, and no recording."""
    chance = np.random.default_rng(0)
    for at in range(count):
        file = place / "ab"[at % 2] / f"{at:02d}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = "\n".join(f"{one:.4f}" for one in chance.normal(size=200 + at))
        file.write_text(f"x\n{lines}\n")
    (place / "a" / "twin.csv").write_bytes((place / "a" / "00.csv").read_bytes())
    (place / "a" / "short.csv").write_text("x\n1\n2\n")
    (place / "b" / "odd.doc").write_text("?")
    return place


def test_a_folder_is_split_by_whole_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "recordings")
    found = opened(place)
    sides = [
        {part.name(row).rpartition("/")[0] for row in range(len(part))}
        for part in (found.train, found.validation, found.test)
    ]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 25 and min(map(len, sides)) >= 2
    assert any({"a/00.csv", "a/twin.csv"} <= side for side in sides), "copies are on one side"
    assert found.spec.classes == ("a", "b") and found.split_by == "recording"
    assert main(["inspect", str(place), "--window", "32", "--json"]) == 3
    skipped = {one["name"]: one["reason"] for one in json.loads(capsys.readouterr().out)["skipped"]}
    assert skipped["a/short.csv"] == "has 2 steps; a window has 32" and "no recording" in skipped["b/odd.doc"]


def test_folders_called_train_and_test_are_splits(tmp_path: Path) -> None:
    for split, at in (("train", 0), ("train", 1), ("test", 2)):
        (tmp_path / "set" / split).mkdir(parents=True, exist_ok=True)
        table(tmp_path / "set" / split / f"{at}.csv", 300)
    found = opened(tmp_path / "set")
    assert found.own_splits and len(found.test) == len(range(0, 300 - WINDOW + 1, 5))


def test_the_same_steps_are_the_same_windows_in_every_format(tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    steps = np.random.default_rng(0).normal(size=(900, 2)).astype(np.float32)
    rows = "\n".join(f"{a:.9g},{b:.9g}" for a, b in steps)
    (tmp_path / "x.csv").write_text(f"a,b\n{rows}\n")
    (tmp_path / "x.txt").write_text(rows.replace(",", "  "))
    parquet.write_table(pa.table({"a": steps[:, 0], "b": steps[:, 1]}), tmp_path / "x.parquet")
    np.save(tmp_path / "x.npy", steps)
    np.savez(tmp_path / "x.npz", x=steps)
    (tmp_path / "one").mkdir()
    np.save(tmp_path / "one" / "x.npy", steps)
    names = ("x.csv", "x.txt", "x.parquet", "x.npy", "x.npz", "one")
    found = [opened(tmp_path / name).test.take(slice(None)) for name in names]
    assert all(torch.equal(one, found[0]) for one in found[1:])


def test_a_window_is_asked_for_where_nothing_says_its_length(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is one recording of 2,000 steps; say how many an example has"):
        opened(table(tmp_path / "long.csv"), window=None)
    with pytest.raises(DataError, match="has no column 'when'"):
        opened(tmp_path / "long.csv", time_column="when")
    (tmp_path / "set").mkdir()
    table(tmp_path / "set" / "a.csv", 100)
    table(tmp_path / "set" / "b.csv", 120)
    with pytest.raises(DataError, match=r"2 recordings have 100 to 120 steps; say how many .* --window 100"):
        opened(tmp_path / "set", window=None)
    (tmp_path / "set" / "b.csv").write_text("other\n" + "1\n" * 100)
    with pytest.raises(DataError, match=r"b.csv has the channels other, a.csv has count"):
        opened(tmp_path / "set")


def test_recordings_of_one_length_are_examples(tmp_path: Path) -> None:
    rows = "\n".join(f"{one},{step},{one * 100 + step}" for one in range(30) for step in range(20))
    (tmp_path / "many.csv").write_text(f"series,time,x\n{rows}\n")
    found = opened(tmp_path / "many.csv", window=None, step=None)
    assert len(found.records) == 30 and found.spec.shape == (1, 20)
    assert np.array_equal(found.records.pixels([3])[0, 0], 300 + np.arange(20))


@pytest.mark.parametrize("bad", [None, 100])
def test_windows_of_an_array_that_overlap_are_split_by_time(tmp_path: Path, bad: int | None) -> None:
    steps = np.stack([np.arange(3000), np.random.default_rng(0).normal(size=3000)], 1).astype(np.float32)
    x = np.stack([steps[at : at + WINDOW].T for at in range(0, 3000 - WINDOW, 5)])
    if bad is not None:
        x[bad, 1, 3] = np.nan
    np.savez(tmp_path / "x.npz", series=x)
    found = open_data(tmp_path / "x.npz")
    parts = [steps_of(part) for part in (found.train, found.validation, found.test)]
    assert all(parts) and not (parts[0] & parts[1] or parts[1] & parts[2] or parts[0] & parts[2])
    assert found.split_by == "time" and "each begins 5 steps after" in " ".join(found.inspection.warnings)
    assert len(found.records) == len(x) - (bad is not None) == len(found.inspection.skipped) * -1 + len(x)
    values = found.records.pixels(slice(None))
    assert np.array_equal(values, x[np.isfinite(x).all((1, 2))])


def test_windows_that_do_not_overlap_are_split_by_content(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(200, 2, WINDOW)).astype(np.float32)
    x[:, 1] = 3
    np.savez(tmp_path / "x.npz", series=x)
    np.savez(tmp_path / "flat.npz", series=np.ones_like(x))
    assert (
        open_data(tmp_path / "x.npz").split_by == open_data(tmp_path / "flat.npz").split_by == "content hash"
    )


def test_a_single_channel_may_have_spaces_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("lead two (mV)\n" + "\n".join(f"{at}" for at in range(400)))
    found = opened(tmp_path / "one.csv")
    assert found.spec.names == ("lead two",) and len(found.records) > 50


def test_why_nothing_is_left_is_said(tmp_path: Path) -> None:
    rows = "\n".join(f"{at},{'' if at % 20 == 0 else at}" for at in range(400))
    (tmp_path / "holes.csv").write_text(f"a,b\n{rows}\n")
    with pytest.raises(
        DataError, match=r"(?s)Add windows of series, or mend these:.*values are missing \('b' 20\)"
    ):
        opened(tmp_path / "holes.csv")
