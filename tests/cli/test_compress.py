"""Compress, decompress, info on .amg files: what is written, what is refused, what a second run does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import amalgan as ag
from amalgan.core.errors import BitstreamError, UsageError, WrongModelError
from amalgan.systems import model_file


def stamps(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def test_an_archive_holds_all_and_comes_back_as_reconstruct_gives_it(
    run: Any, digits: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "x.amg"
    facts = run("compress", digits, "digits", "--out", packed, "--json").json
    assert facts["n"] == 1797 and facts["files"] == facts["written"] == 1 and facts["skipped"] == []
    assert facts["bytes"] == packed.stat().st_size and facts["bytes_each"] < 20
    assert facts["quality"] == 6 and facts["qualities"] == 8
    told = run("info", packed, "--json").json
    assert told["examples"] == 1797 and told["quality"] == 6 and facts["digest"].startswith(told["model"])
    back = run("decompress", digits, packed, "--out", tmp_path / "x.npz", "--json").json
    assert back["n"] == 1797 and back["written"] == 1
    assert run("reconstruct", digits, "digits", "--out", tmp_path / "y.npz").code == 0
    x, y = (np.load(tmp_path / f"{name}.npz")["x"].astype(float) for name in "xy")
    assert x.shape == y.shape and np.square(x - y).mean() < 8**2
    assert run("decompress", digits, packed, "--out", tmp_path / "r.png", "--decoder", "realistic").code == 0
    assert Image.open(tmp_path / "r.png").size[0] > 8 * 40


def test_a_folder_keeps_names_and_a_second_run_writes_nothing(
    run: Any, digits: Path, folder: Path, tmp_path: Path
) -> None:
    packed, back = tmp_path / "packed", tmp_path / "back"
    first = run("compress", digits, folder, "--out", packed, "--json")
    assert first.code == 3 and first.json["n"] == first.json["written"] == 21
    assert [bad["name"] for bad in first.json["skipped"]] == ["cat/cut.png", "dog/\\x1b[31mred.png"]
    names = {file.relative_to(packed).as_posix() for file in packed.rglob("*.amg")}
    assert {"dog/0.amg", "cat/1.png.amg", "cat/1.bmp.amg"} < names and len(names) == 21
    assert sum(file.stat().st_size for file in packed.rglob("*.amg")) == first.json["bytes"]
    before = stamps(packed)
    again = run("compress", digits, folder, "--out", packed)
    assert "nothing was written: all of it was there already" in again.out and stamps(packed) == before
    for number, written in enumerate((21, 0)):
        ran = run("decompress", digits, packed, "--out", back, "--json")
        assert ran.code == 0 and ran.json["written"] == written, number
    assert Image.open(back / "dog" / "0.png").size == (8, 8) and (back / "cat" / "1.bmp.png").exists()
    assert len(list(back.rglob("*.png"))) == 21
    one = run("decompress", digits, packed / "dog" / "0.amg", "--out", tmp_path / "one", "--json")
    assert (
        one.json["n"] == 1
        and (tmp_path / "one" / "0.png").read_bytes() == (back / "dog" / "0.png").read_bytes()
    )


def test_bad_ones_are_listed_and_the_others_come_back(
    run: Any, digits: Path, folder: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "packed"
    run("compress", digits, folder, "--out", packed)
    hurt = packed / "dog" / "2.amg"
    data = bytearray(hurt.read_bytes())
    data[-1] ^= 1
    hurt.write_bytes(data)
    (packed / "cat" / "cut.amg").write_bytes(data[:3])
    os.mkfifo(packed / "pipe.amg")
    ran = run("decompress", digits, packed, "--out", tmp_path / "back", "--json")
    assert ran.code == 3 and ran.json["n"] == 20
    assert [bad["name"] for bad in ran.json["skipped"]] == ["cat/cut.amg", "dog/2.amg"]
    assert (
        "is cut short: it has 3 bytes" in ran.err
        and "does not match its checksum" not in ran.out.split("{")[0]
    )
    assert run("decompress", digits, hurt, "--out", tmp_path / "none").code == 1
    assert not (tmp_path / "none").exists()
    archive = tmp_path / "x.amg"
    run("compress", digits, folder, "--out", archive)
    data = bytearray(archive.read_bytes())
    data[6] ^= 1
    archive.write_bytes(data)
    ran = run("decompress", digits, archive, "--out", tmp_path / "rest", "--json")
    assert ran.code == 3 and ran.json["n"] == 20 and len(ran.json["skipped"]) == 1
    assert run("info", archive).code == 1


def test_another_model_is_named(run: Any, digits: Path, folder: Path, tmp_path: Path) -> None:
    model = model_file.load(digits)
    next(model.system.parameters()).data[0] += 1
    model_file.republish(tmp_path / "other.safetensors", model)
    for out in ("x.amg", "packed"):
        run("compress", digits, folder, "--out", tmp_path / out)
        ran = run("decompress", tmp_path / "other.safetensors", tmp_path / out, "--out", tmp_path / "back")
        assert (
            ran.code == 1 and f"was compressed by the model {model_file.load(digits).digest[:8]}" in ran.err
        )
        assert not (tmp_path / "back").exists()


def test_quality_trades_bytes(run: Any, digits: Path, tmp_path: Path) -> None:
    sizes = [
        run("compress", digits, "digits", "--out", tmp_path / f"{q}.amg", "--quality", q, "--json").json[
            "bytes"
        ]
        for q in (1, 4, 8)
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]
    ran = run("compress", digits, "digits", "--out", tmp_path / "9.amg", "--quality", "9")
    assert ran.code == 2 and "quality is 9; this model has 1 to 8" in ran.err


def test_what_cannot_be_is_refused(run: Any, digits: Path, folder: Path, tmp_path: Path) -> None:
    assert run("compress", digits, folder, "--out", folder / "within").code == 2
    ran = run("compress", digits, folder, "--out", tmp_path / "x.zip")
    assert ran.code == 2 and "give x.amg (one archive) or a folder" in ran.err
    run("compress", digits, folder, "--out", tmp_path / "packed")
    assert run("decompress", digits, tmp_path / "packed", "--out", tmp_path / "packed").code == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no .amg files" in run("decompress", digits, empty, "--out", tmp_path / "b").err
    assert (
        "there is no such file" in run("decompress", digits, tmp_path / "no.amg", "--out", tmp_path / "b").err
    )
    model = model_file.load(digits)
    model_file.publish(tmp_path / "old.safetensors", model.system, name="fusion", facts={})
    ran = run("compress", tmp_path / "old.safetensors", folder, "--out", tmp_path / "b")
    assert ran.code == 2 and "holds no tables to compress with" in ran.err


def test_names_that_lead_out_of_the_folder_are_refused(run: Any, digits: Path, tmp_path: Path) -> None:
    from amalgan.codec import amg_file
    from amalgan.tasks.compress.compress import head_of

    model = ag.load(digits)
    code = amg_file.unpack(model.compress(np.zeros((8, 8), np.uint8)))[1]
    packed = amg_file.pack_archive(head_of(model.model), [("../../out.png", code)])
    (tmp_path / "x.amg").write_bytes(packed)
    ran = run("decompress", digits, tmp_path / "x.amg", "--out", tmp_path / "deep" / "er")
    assert ran.code == 2 and "leads out of the folder" in ran.err and not list(tmp_path.rglob("out.png"))


def test_vectors_come_back_as_numbers(run: Any, iris: Path, tmp_path: Path) -> None:
    assert run("compress", iris, "iris", "--out", tmp_path / "x.amg", "--json").json["n"] == 150
    for out in ("x.npz", "x.csv"):
        assert run("decompress", iris, tmp_path / "x.amg", "--out", tmp_path / out).code == 0
    run("reconstruct", iris, "iris", "--out", tmp_path / "y.npz")
    x, y = (np.load(tmp_path / f"{name}.npz")["x"] for name in "xy")
    assert x.dtype == np.float32 and np.abs(x - y).max() < 2 and np.abs(x - y).mean() < 0.2


def test_python_says_the_same(digits: Path, tmp_path: Path) -> None:
    model = ag.load(digits)
    picture = model.generate(1)[0]
    data = model.compress(picture)
    again = model.decompress(data)
    assert isinstance(data, bytes) and again.shape == (8, 8) and again.dtype == np.uint8
    assert np.square(again.astype(float) - model.reconstruct(picture)[0]).mean() < 12**2
    assert len(model.compress(picture, quality=1)) <= len(data)
    model.save(tmp_path / "same.safetensors")
    assert np.array_equal(ag.load(tmp_path / "same.safetensors").decompress(data), again)
    with pytest.raises(UsageError, match="found 2 examples; compress takes one"):
        model.compress(np.zeros((2, 8, 8), np.uint8))
    with pytest.raises(BitstreamError):
        model.decompress(data[:-1])
    next(model.model.system.parameters()).data[0] += 1
    model.save(tmp_path / "other.safetensors")
    with pytest.raises(WrongModelError):
        ag.load(tmp_path / "other.safetensors").decompress(data)
    shutil.rmtree(tmp_path)
