"""A codec of any size through the commands: pictures come back as large as they were, whatever size that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import amalgan as ag
from amalgan.cli import main
from amalgan.core.errors import BitstreamError

SIZES = {"deep/a.png": (20, 37), "b.png": (32, 32), "c.png": (1, 1), "d.png": (90, 64)}
FLAGS = ("--any-size", "--network.width", "8", "--network.widest", "16", "--batch", "16", "--device", "cpu")


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "codec"
    assert main(["train", "photos", "--system", "codec", "--images", "640", *FLAGS, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth color pictures of several sizes, one gray, and a file that is none."""
    root = tmp_path_factory.mktemp("photos")
    for number, (name, (height, width)) in enumerate(SIZES.items()):
        down, right = np.mgrid[:height, :width] / 40
        waves = [np.sin(down * (1 + number) + right * color) for color in (1, 2, 3)]
        pixels = np.stack(waves, -1) * 100 + 128
        (root / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).convert("L" if name == "b.png" else "RGB").save(root / name)
    (root / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return root


@pytest.mark.parametrize("form", ["packed", "packed.amg"])
def test_sizes_come_back(run: Any, codec: Path, photos: Path, tmp_path: Path, form: str) -> None:
    packed, back = tmp_path / form, tmp_path / "back"
    first = run("compress", codec, photos, "--out", packed, "--json")
    assert first.code == 3 and first.json["n"] == 4 and first.json["qualities"] == 8
    assert [bad["name"] for bad in first.json["skipped"]] == ["cut.png"]
    assert run("compress", codec, photos, "--out", packed, "--json").json["written"] == 0
    for written in (4, 0):
        ran = run("decompress", codec, packed, "--out", back, "--json")
        assert ran.code == 0 and ran.json["n"] == 4 and ran.json["written"] == written
    for name, (height, width) in SIZES.items():
        shown, was = Image.open(back / name), Image.open(photos / name).convert("RGB")
        assert shown.size == (width, height) and shown.mode == "RGB"
        assert np.square(np.asarray(shown, float) - np.asarray(was, float)).mean() < 14**2, name


def test_quality_trades_bytes_for_error(run: Any, codec: Path, photos: Path, tmp_path: Path) -> None:
    was, sizes, errors = np.asarray(Image.open(photos / "d.png"), float), [], []
    model = ag.load(codec)
    for quality in (1, 4, 8):
        data = model.compress(Image.open(photos / "d.png"), quality=quality)
        sizes.append(len(data))
        errors.append(np.square(model.decompress(data) - was).mean())
    assert sizes == sorted(sizes) and sizes[0] < 0.7 * sizes[2] and errors == sorted(errors, reverse=True)


def test_what_cannot_be_is_refused(run: Any, codec: Path, photos: Path, tmp_path: Path) -> None:
    run("compress", codec, photos, "--out", tmp_path / "x.amg")
    ran = run("decompress", codec, tmp_path / "x.amg", "--out", tmp_path / "x.npz")
    assert ran.code == 2 and "the pictures have several; give a folder" in ran.err
    ran = run("decompress", codec, tmp_path / "x.amg", "--out", tmp_path / "y", "--decoder", "realistic")
    assert ran.code == 2 and "cannot decode realistically" in ran.err and not (tmp_path / "y").exists()
    ran = run("compress", codec, photos / "cut.png", "--out", tmp_path / "z")
    assert ran.code == 1 and "has no usable picture (cut.png" in ran.err and not (tmp_path / "z").exists()
    ran = run("compress", codec, "iris", "--out", tmp_path / "z")
    assert ran.code == 1 and "holds 4 numbers an example; this model reads pictures" in ran.err


def test_every_bit_and_every_cut_of_twenty_files_is_told(codec: Path) -> None:
    model, generator, told, tried = ag.load(codec), np.random.default_rng(0), 0, 0
    for number in range(20):
        size = (int(generator.integers(4, 12)), int(generator.integers(4, 12)), 3)
        data = model.compress(generator.integers(90, 120, size, np.uint8), quality=1 + number % 3)
        for mutant in mutants(data):
            tried += 1
            try:
                model.decompress(mutant)
            except BitstreamError:
                told += 1
    assert told == tried > 2000


def mutants(data: bytes) -> list[bytes]:
    flips = [
        data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(8)
    ]
    return flips + [data[:at] for at in range(len(data))]
