"""What a model of series does with recordings: strange stretches found, gaps filled, noise removed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from amalgan.cli import main
from amalgan.kinds.series.stretches import join_stretches
from asking import answer

pytestmark = pytest.mark.usefixtures("own_cache")

SMALL = (
    "--network.hidden",
    "64",
    "--code-size",
    "8",
    "--prior.parts",
    "6",
    "--batch",
    "32",
    "--device",
    "cpu",
)
ODD = range(1400, 1440)
"""Steps in which the wave of the judged recording is another."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("series")


def steps(count: int, seed: int, noise: float = 0.05) -> np.ndarray:
    """Two waves (n, 2), the second far from 0 and the mirror of the first."""
    phase = np.cumsum(2 * np.pi / 32 * (1 + 0.05 * np.random.default_rng(seed).normal(size=count)))
    wave = np.sin(phase)[:, None] * [1, -20] + [0, 100]
    return wave + noise * np.random.default_rng(seed + 1).normal(size=(count, 2)) * [1, 20]


def write(place: Path, values: np.ndarray, gone: range = range(0)) -> Path:
    """A table with a time column, from 10 s on, and two channels."""
    rows = ["time (s),a (mV),b"]
    for at, (a, b) in enumerate(values):
        rows.append(
            f"{10 + 0.5 * at:g},{'' if at in gone else f'{a:.6g}'},{'' if at in gone else f'{b:.6g}'}"
        )
    place.write_text("\n".join(rows) + "\n")
    return place


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    return write(place / "train.csv", steps(6000, 0))


@pytest.fixture(scope="module")
def model(place: Path, data: Path) -> Path:
    words = [
        "train",
        str(data),
        "--window",
        "64",
        "--step",
        "8",
        "--system",
        "autoencoder",
        "--images",
        "24000",
    ]
    assert main([*words, *SMALL, "--out", str(place / "run")]) == 0
    return place / "run"


def test_a_strange_stretch_is_found_with_its_time(capsys, place: Path, data: Path, model: Path) -> None:
    values = steps(3000, 7)
    values[ODD, 0] = 0.8 * np.sign(values[ODD, 0])[::-1]
    judged = write(place / "judged.csv", values)
    words = ("--normals", data, "--rate", 0.02, "--out", place / "scores.csv")
    found = answer(capsys, "detect", model, judged, *words)
    assert found["split"] == "all" and found["n"] == len(range(0, 3000 - 64 + 1, 8))
    strangest = max(found["stretches"], key=lambda one: one["examples"])
    assert strangest["recording"] == "judged.csv" and strangest["unit"] == "s" and strangest["p_value"] < 0.04
    assert strangest["start"] <= 10 + 0.5 * ODD[0] and strangest["stop"] >= 10 + 0.5 * ODD[-1]
    assert strangest["stop"] - strangest["start"] < 0.5 * (len(ODD) + 2 * 64 + 16)
    rows = list(csv.DictReader((place / "scores.stretches.csv").open()))
    assert [float(row["start"]) for row in rows] == [one["start"] for one in found["stretches"]]


def test_stretches_are_joined_and_their_p_values_hold() -> None:
    names = [f"r/{at:09d}-{at + 10:09d}" for at in (0, 5, 10, 40, 45)] + ["s/000000000-000000010"]
    alarms, p = [True, True, False, True, True, True], [0.01, 0.02, 0.5, 0.03, 0.04, 0.3]
    found = join_stretches(
        names, p, alarms, {"interval": 2.0, "time_unit": "s", "times": {"r": [[0, 100.0], [42, 500.0]]}}
    )
    assert found is not None
    assert [(one.recording, one.start, one.stop, one.unit, one.examples) for one in found] == [
        ("r", 100.0, 130.0, "s", 2),
        ("r", 180.0, 526.0, "s", 2),
        ("s", 0, 10, "steps", 1),
    ]
    assert [one.p_value for one in found] == pytest.approx([0.03, 0.07, 0.3])
    dates = join_stretches(
        names[:1],
        p[:1],
        [True],
        {"interval": 60.0, "time_unit": "s", "dates": True, "times": {"r": [[0, 0.0]]}},
    )
    assert dates is not None and (dates[0].start, dates[0].stop) == (
        "1970-01-01 00:00:00.000",
        "1970-01-01 00:10:00.000",
    )
    assert join_stretches(["000001"], [0.01], [True], {}) is None


def test_gaps_are_filled_better_than_by_a_line_and_nothing_else_changes(
    capsys, place: Path, model: Path
) -> None:
    whole, gone = steps(400, 11), range(150, 174)
    holed = write(place / "holed.csv", whole, gone)
    found = answer(capsys, "restore", model, holed, "--task", "gaps", "--out", place / "full")
    assert (found["n"], found["filled"], found["left"], found["written"]) == (1, 48, 0, 1)
    before, after = (list(csv.reader(file.open())) for file in (holed, place / "full" / "holed.csv"))
    kept = [at for at in range(401) if at - 1 not in gone]
    assert [before[at] for at in kept] == [after[at] for at in kept]
    assert [row[0] for row in before] == [row[0] for row in after]
    made = np.array([[float(cell) for cell in row[1:]] for row in after[1:]])[gone.start : gone.stop]
    known = np.setdiff1d(np.arange(400), gone)
    line = np.stack([np.interp(gone, known, whole[known, channel]) for channel in (0, 1)], 1)
    errors = [np.square((one - whole[gone.start : gone.stop]) / [1, 20]).mean() for one in (made, line)]
    assert errors[0] < 0.5 * errors[1]
    assert answer(capsys, "restore", model, holed, "--task", "gaps", "--out", place / "full")["written"] == 0


def test_a_gap_that_is_too_long_is_left_and_counted(capsys, place: Path, model: Path) -> None:
    holed = write(place / "long.csv", steps(300, 3), range(100, 160))
    found = answer(capsys, "restore", model, holed, "--task", "gaps", "--out", place / "long")
    assert (found["filled"], found["left"]) == (0, 120)
    assert (place / "long" / "long.csv").read_text() == holed.read_text()


def test_noise_is_removed(capsys, place: Path, model: Path) -> None:
    clean, noisy = steps(500, 21, noise=0.0), steps(500, 21, noise=0.4)
    np.save(place / "noisy.npy", noisy.astype(np.float32))
    answer(capsys, "restore", model, place / "noisy.npy", "--task", "denoise", "--out", place / "clean")
    made = np.load(place / "clean" / "noisy.npy")
    assert made.shape == (500, 2)
    errors = [np.square((one - clean) / [1, 20]).mean() for one in (made, noisy)]
    assert errors[0] < 0.6 * errors[1]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--task", "upscale"], "recordings have --task gaps and --task denoise"),
        (["--task", "gaps", "--samples", "2"], "are for pictures; leave them out"),
    ],
)
def test_what_recordings_do_not_have_is_refused(
    capsys, place: Path, data: Path, model: Path, flags: list[str], why: str
) -> None:
    assert why in answer(capsys, "restore", model, data, *flags, "--out", place / "none", code=2)["error"]


def test_recordings_of_other_channels_are_named(capsys, place: Path, model: Path) -> None:
    (place / "set").mkdir()
    write(place / "set" / "good.csv", steps(200, 1), range(50, 55))
    (place / "set" / "bad.csv").write_text("x\n1\n2\n")
    found = answer(
        capsys, "restore", model, place / "set", "--task", "gaps", "--out", place / "mended", code=3
    )
    assert found["n"] == 1 and found["skipped"] == [
        {"name": "bad.csv", "reason": "has the channels x; the model reads a, b"}
    ]


def test_links_do_not_lead_out_of_the_folder(capsys, place: Path, model: Path) -> None:
    (place / "linked").mkdir()
    write(place / "linked" / "own.csv", steps(200, 1), range(50, 55))
    other = write(place / "elsewhere.csv", steps(200, 2), range(50, 55))
    (place / "linked" / "link.csv").symlink_to(other)
    words = ("restore", model, place / "linked", "--task", "gaps", "--out", place / "of-links")
    found = answer(capsys, *words, code=3)
    assert "leaves the folder" in found["skipped"][0]["reason"]
    assert found["n"] == 1 and [one.name for one in (place / "of-links").iterdir()] == ["own.csv"]
    assert answer(capsys, *words, "--follow-links")["n"] == 2
