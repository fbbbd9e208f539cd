"""``restore``: every task, what is kept, what is refused, and that nothing is done twice."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import amalgan as ag
from amalgan.cli import main

SIZES = {"a.png": (13, 9), "sub/b.jpg": (20, 31), "sub/b.png": (8, 8)}


@pytest.fixture(scope="session")
def restorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the restorer."""
    out = tmp_path_factory.mktemp("runs") / "restorer"
    flags = (
        "--network.width",
        "8",
        "--network.blocks",
        "1",
        "--images",
        "256",
        "--batch",
        "32",
        "--device",
        "cpu",
    )
    assert main(["train", "digits", "--system", "restorer", *flags, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures of different sizes and a file that is none."""
    root = tmp_path_factory.mktemp("data") / "photos"
    generator = np.random.default_rng(0)
    for name, (width, height) in SIZES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 200, (height, width, 3), dtype=np.uint8)).save(root / name)
    (root / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return root


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every file."""
    return {
        str(file): (file.stat().st_ino, file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize(
    ("flags", "scale"),
    [
        (("--task", "denoise"), 1),
        (("--task", "denoise", "--sigma", "25"), 1),
        (("--task", "dejpeg"), 1),
        (("--task", "upscale", "--factor", "3"), 3),
        (("--task", "inpaint", "--mask", "#ff00ff"), 1),
    ],
)
def test_every_task_keeps_names_formats_and_sizes(
    run: Any, restorer: Path, photos: Path, tmp_path: Path, flags: tuple[str, ...], scale: int
) -> None:
    before = stamps(photos)
    ran = run("restore", restorer, photos, "--out", tmp_path / "out", *flags, "--json")
    assert ran.code == 3 and ran.json["n"] == ran.json["written"] == 3
    assert [bad["name"] for bad in ran.json["skipped"]] == ["cut.png"]
    for name, (width, height) in SIZES.items():
        with Image.open(tmp_path / "out" / name) as found:
            assert found.size == (scale * width, scale * height)
            assert found.format == {"jpg": "JPEG", "png": "PNG"}[name[-3:]]
    assert stamps(photos) == before
    assert Image.open(tmp_path / "out" / "a.png").text["Source"] == "restored by a trained model"  # type: ignore[attr-defined]


def test_nothing_is_done_twice_and_a_killed_run_goes_on(
    run: Any, restorer: Path, photos: Path, tmp_path: Path
) -> None:
    out, words = (
        tmp_path / "out",
        ("restore", restorer, photos, "--task", "denoise", "--out", tmp_path / "out"),
    )
    run(*words)
    whole = stamps(out)
    again = run(*words, "--json")
    assert again.json["n"] == 3 and again.json["written"] == 0 and stamps(out) == whole
    assert "nothing was written" in run(*words).out
    log = out / ".restored.jsonl"
    first, *_ = log.read_text().splitlines(keepends=True)
    log.write_text(first + '{"name": "sub/b.jp')  # killed while it told of the second
    (out / "a.png").unlink()
    resumed = run(*words, "--json")
    assert resumed.json["n"] == resumed.json["written"] == 3
    assert run(*words, "--json").json["written"] == 0
    assert run(*words, "--sigma", "10", "--json").json["written"] == 3
    assert run("inspect", out, "--json").json["skipped"] == []
    assert not [file for file in out.rglob("*.part")]


def test_single_pictures_and_archives(run: Any, restorer: Path, photos: Path, tmp_path: Path) -> None:
    one = run("restore", restorer, photos / "a.png", "--task", "dejpeg", "--out", tmp_path / "one", "--json")
    assert one.code == 0 and one.json["n"] == 1 and (tmp_path / "one" / "a.png").is_file()
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in SIZES:
            archive.write(photos / name, name)
    words = ("--task", "dejpeg", "--format", "png", "--json")
    packed = run("restore", restorer, tmp_path / "x.zip", "--out", tmp_path / "two", *words)
    assert packed.code == 0 and packed.json["n"] == 3
    assert sorted(file.name for file in (tmp_path / "two").rglob("*.png")) == [
        "a.png",
        "b.jpg.png",
        "b.png.png",
    ]
    assert (tmp_path / "one" / "a.png").read_bytes() == (tmp_path / "two" / "a.png").read_bytes()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, by its path."""
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_originals_beside_the_results_are_never_replaced(
    run: Any, restorer: Path, photos: Path, tmp_path: Path
) -> None:
    """One picture into its own folder; an archive into the folder that it was unpacked to; a link in --out."""
    shutil.copytree(photos, tmp_path / "ph")
    shutil.make_archive(str(tmp_path / "ph"), "zip", tmp_path / "ph")
    before = contents(tmp_path / "ph")
    ways = (
        (tmp_path / "ph" / "a.png", "inputs are never changed"),
        (tmp_path / "ph.zip", "did not write it"),
    )
    for source, said in ways:
        ran = run("restore", restorer, source, "--task", "dejpeg", "--out", tmp_path / "ph")
        assert ran.code == 2 and said in ran.err and contents(tmp_path / "ph") == before
    (tmp_path / "O").mkdir()
    (tmp_path / "O" / "sub").symlink_to(tmp_path / "ph" / "sub")
    ran = run("restore", restorer, photos, "--task", "dejpeg", "--out", tmp_path / "O")
    assert ran.code == 2 and "is a link" in ran.err and contents(tmp_path / "ph") == before


def test_formats_without_a_mark_are_known_by_their_digest(run: Any, restorer: Path, tmp_path: Path) -> None:
    names = ("a.bmp", "a.tif", "a.gif", "a.gif.png")
    (tmp_path / "in").mkdir()
    for seed, name in enumerate(names):
        pixels = np.random.default_rng(seed).integers(0, 200, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / name)
    for sigma in ("10", "25"):  # the second time other results take the place of the first
        line = ("--task", "denoise", "--sigma", sigma, "--json", "--out", tmp_path / "out")
        ran = run("restore", restorer, tmp_path / "in", *line)
        assert ran.code == 0 and ran.json["n"] == ran.json["written"] == len(names)
        assert len([file for file in (tmp_path / "out").iterdir() if file.suffix != ".jsonl"]) == len(names)
    (tmp_path / "out" / "a.bmp").write_bytes(b"drawn over by the user")
    assert run("restore", restorer, tmp_path / "in", *line).code == 2
    assert (tmp_path / "out" / "a.bmp").read_bytes() == b"drawn over by the user"


def test_four_fillings_of_a_large_hole(run: Any, digits: Path, tmp_path: Path) -> None:
    pixels = np.zeros((8, 8), np.uint8)
    pixels[1:7, 3:5] = 220
    Image.fromarray(pixels).save(tmp_path / "one.png")
    mask = np.zeros((8, 8), np.uint8)
    mask[2:6, 2:6] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    words = ("restore", digits, tmp_path / "one.png", "--task", "inpaint", "--mask", tmp_path / "mask.png")
    ran = run(*words, "--samples", "4", "--out", tmp_path / "out", "--json")
    assert ran.code == 0 and ran.json["n"] == 1 and ran.json["written"] == 4
    found = [np.asarray(Image.open(tmp_path / "out" / f"one-{number}.png")) for number in (1, 2, 3, 4)]
    assert all(np.array_equal(one[mask == 0], pixels[mask == 0]) for one in found)
    assert all(not np.array_equal(found[a], found[b]) for a in range(4) for b in range(a))
    model = ag.load(digits)
    same = model.restore(pixels, task="inpaint", mask=mask, samples=4)
    assert np.array_equal(same, np.stack(found))


def test_python_says_the_same(run: Any, restorer: Path, photos: Path, tmp_path: Path) -> None:
    run("restore", restorer, photos, "--task", "upscale", "--out", tmp_path)
    picture = Image.open(photos / "a.png")
    found = ag.load(restorer).restore(picture, task="upscale")
    assert np.array_equal(found, np.asarray(Image.open(tmp_path / "a.png")))


def test_what_cannot_be_is_refused(
    run: Any, restorer: Path, digits: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    refused = {
        ("--task", "inpaint"): "--mask says where holes are",
        ("--task", "denoise", "--mask", "red"): "--mask says where holes are",
        ("--task", "denoise", "--sigma", "99"): "trained for noise up to 55",
        ("--task", "denoise", "--samples", "2"): "a restorer has one answer",
        ("--task", "upscale", "--sigma", "3"): "sigma is the noise's deviation",
    }
    for flags, sentence in refused.items():
        ran = run("restore", restorer, photos, "--out", out, *flags)
        assert ran.code == 2 and sentence in ran.err, flags
    assert "these can: restorer" in run("restore", digits, photos, "--out", out, "--task", "denoise").err
    assert run("restore", restorer, photos, "--out", photos / "in", "--task", "denoise").code == 2
    assert "holds arrays" in run("restore", restorer, "digits", "--out", out, "--task", "denoise").err
    assert not out.exists()
    shutil.copy(photos / "cut.png", tmp_path / "cut.png")
    ran = run("restore", restorer, tmp_path / "cut.png", "--out", out, "--task", "denoise", "--json")
    assert ran.code == 1 and "cut.png" in json.loads(ran.out)["error"]
