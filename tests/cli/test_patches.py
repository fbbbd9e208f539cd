"""``detect --patches`` from end to end: flaws in pictures larger than the model's, however the job is run."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from amalgan.core.limits import CHUNK
from asking import record_appends

COUNT, FLAWED = 12, (2, 7)


def stripes(count: int, seed: int, side: int) -> np.ndarray:
    """Pictures (N, S, S) of slanted stripes."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:side, :side]
    waves = np.sin(0.9 * (down + across) + random.uniform(0, 6.3, (count, 1, 1)))
    return (127 + 80 * waves + random.normal(0, 8, waves.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Normal pictures as an array, and a folder of new ones, two of them with a gray spot."""
    folder = tmp_path_factory.mktemp("stripes")
    np.save(folder / "small.npy", stripes(100, 0, 16))
    np.save(folder / "normal.npy", stripes(60, 1, 40))
    (folder / "new").mkdir()
    for number, picture in enumerate(stripes(COUNT, 2, 40)):
        if number in FLAWED:
            picture[20:28, 8:16] = 127
        Image.fromarray(picture).save(folder / "new" / f"{number:02d}.png")
    return folder


@pytest.fixture
def words(run, place: Path) -> tuple[object, ...]:
    """The command, without --out, and a model that was trained on smaller pictures of other files."""
    small = ("--system", "autoencoder", "--images", "1280", "--device", "cpu", "--cache", place / "cache")
    if not (place / "run").exists():
        assert run("train", place / "small.npy", *small, "--out", place / "run").code == 0
    sides = (place / "run", place / "new", "--normals", place / "normal.npy", "--cache", place / "cache")
    return ("detect", *sides, "--split", "all", "--patches", "own", "--rate", "0.07", "--json", "--out")


def test_flaws_raise_an_alarm_and_maps_show_the_whole_picture(run, words, tmp_path: Path) -> None:
    ran = run(*words, tmp_path / "s.csv", "--maps", tmp_path / "maps")
    assert ran.code == 0, ran.err
    assert ran.json["patches"] == "own" and ran.json["signals"][-1] == "patches"
    assert (ran.json["normals"]["n"], ran.json["normals"]["of"]) == (30, "half of normal.npy")
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text().splitlines()))
    least = {row["name"] for row in rows if float(row["p(patches)"]) == pytest.approx(1 / 31, rel=1e-4)}
    assert {f"{number:02d}.png" for number in FLAWED} <= least and len(least) < COUNT / 2
    pictures = sorted((tmp_path / "maps").rglob("*.png"))
    assert len(pictures) == ran.json["maps"] == ran.json["alarms"]
    for picture in pictures:
        with Image.open(picture) as shown:
            assert shown.width >= 80 and shown.height >= 40


def test_a_killed_run_goes_on_where_it_was(
    run, words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*words, tmp_path / "whole.csv").code == 0
    before = record_appends(monkeypatch, 5)
    assert run(*words, tmp_path / "x.csv").code == 130
    after = record_appends(monkeypatch)
    assert run(*words, tmp_path / "x.csv").code == 0
    assert before + after == [1] * COUNT, "what was there was not computed again"
    whole = (tmp_path / "whole.csv").read_bytes()
    assert (tmp_path / "x.csv").read_bytes() == whole


def test_parts_joined_are_what_one_run_writes(run, words, place: Path, tmp_path: Path) -> None:
    np.save(place / "many.npy", stripes(CHUNK + 9, 3, 16))
    many = tuple(place / "many.npy" if word == place / "new" else word for word in words)
    assert run(*many, tmp_path / "whole.csv").code == 0
    parts = [tmp_path / f"{number}.npz" for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        assert run(*many, part, "--shard", f"{number}/2").code == 0
    assert run("gather", *parts, "--out", tmp_path / "joined.csv").code == 0
    assert (tmp_path / "joined.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_the_combinations_that_cannot_be_are_refused(run, words, iris, tmp_path: Path) -> None:
    ran = run("detect", iris, "iris", "--out", tmp_path / "s.csv", "--patches", "auto", "--json")
    assert ran.code == 2 and "a size of their own is what pictures have" in ran.json["error"]
    ran = run(*words, tmp_path / "s.npz", "--shard", "1/2", "--maps", tmp_path / "maps")
    assert ran.code == 2 and "--maps needs all examples" in ran.json["error"]
