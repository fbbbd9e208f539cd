"""Folders: splits, labels, junk, and the nastiest things in them."""

import os
import socket

import numpy as np
import pytest
from PIL import Image

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.types import UNLABELED
from amalgan.data import open_data
from amalgan.data.readers.folders import Folder


def reasons(dataset):
    return {item.name: item.reason for item in dataset.inspection.skipped}


def test_sub_folders_are_labels(album):
    dataset = open_data(album)
    assert dataset.spec.classes == ("cat", "dog")
    assert dataset.inspection.classes == {"cat": 20, "dog": 10}
    for row, name in enumerate(dataset.records.names):
        assert dataset.spec.classes[dataset.records.labels[row]] == name.split("/")[0]


def test_pixels_are_those_of_the_files(album):
    records = open_data(album).records
    for row in range(len(records)):
        stored = np.asarray(Image.open(album / records.name(row)))
        assert np.array_equal(records.pixels([row])[0, 0], stored)
        assert np.allclose(records.take([row])[0, 0].numpy(), stored / 127.5 - 1, atol=1e-6)
        assert records.original_size(row) == (16, 16)


def test_root_pictures_are_unlabeled_and_deep_ones_take_the_first_folder(tmp_path, save, noise):
    for row in range(16):
        save(tmp_path / f"{row}.png", noise(8, 8, seed=row))
    save(tmp_path / "cat" / "deep" / "er" / "x.png", noise(8, 8, seed=99))
    records = open_data(tmp_path).records
    labels = dict(zip(records.names, records.labels.tolist(), strict=True))
    assert labels.pop("cat/deep/er/x.png") == 0
    assert set(labels.values()) == {UNLABELED}


def test_split_folders_are_kept(tmp_path, save, noise):
    for row in range(40):
        part = "test" if row < 8 else "val" if row < 12 else "train"
        save(tmp_path / part / "ab"[row % 2] / f"{row}.png", noise(8, 8, seed=row))
    dataset = open_data(tmp_path)
    assert dataset.own_splits
    assert dataset.spec.classes == ("a", "b")
    for part in ("train", "validation", "test"):
        names = getattr(dataset, part).names
        assert len(names) == {"train": 28, "validation": 4, "test": 8}[part]
        assert all(name.startswith(part[:3]) for name in names)


def test_a_class_called_train_among_vehicles_is_a_class(tmp_path, save, noise):
    for row in range(30):
        save(tmp_path / ("bus", "car", "train")[row % 3] / f"{row}.png", noise(8, 8, seed=row))
    dataset = open_data(tmp_path)
    assert dataset.spec.classes == ("bus", "car", "train")
    assert not dataset.own_splits


def test_only_a_test_split_cannot_be_trained_on_but_can_be_judged(tmp_path, save, noise):
    for row in range(20):
        save(tmp_path / "test" / f"{row}.png", noise(8, 8, seed=row))
    with pytest.raises(DataError, match="test split only"):
        open_data(tmp_path)
    assert len(open_data(tmp_path, at_least=1).test) == 20


def test_junk_is_ignored_and_counted(album):
    for junk in (".DS_Store", "Thumbs.db", "cat/._01.png", ".hidden.png", "__MACOSX/x.png", "desktop.ini"):
        (album / junk).parent.mkdir(exist_ok=True)
        (album / junk).write_bytes(b"junk")
    dataset = open_data(album)
    assert dataset.inspection.read == 30
    assert dataset.inspection.ignored == 6
    assert dataset.inspection.skipped == ()


def test_folders_without_a_file_are_told(album):
    (album / "owl" / "young").mkdir(parents=True)
    (album / "elk").mkdir()
    (album / "elk" / ".hidden.png").write_bytes(b"junk")
    (album / "cat" / "later").mkdir()
    told = " ".join(open_data(album).inspection.warnings)
    assert "3 folders without a file: cat/later, elk, owl; no class comes of an empty folder" in told
    (album / "owl" / "young").rmdir()
    (album / "owl").rmdir()
    assert "2 folders without a file: cat/later, elk;" in " ".join(open_data(album).inspection.warnings)


def test_the_nastiest_things_in_a_folder(album, save, noise, encode, monkeypatch):
    good = encode(noise(16, 16, seed=1000))
    outside = save(album.parent / "outside.png", noise(16, 16, seed=1001))
    bad = {
        "pipe.png": os.mkfifo,
        "zero.png": lambda path: path.touch(),
        "half.png": lambda path: path.write_bytes(good[: len(good) // 2]),
        "page.png": lambda path: path.write_bytes(b"<html>"),
        "x.png.crdownload": lambda path: path.write_bytes(good[:20]),
        "out.png": lambda path: path.symlink_to(outside),
        "loop.png": lambda path: path.symlink_to(path),
        "gone.png": lambda path: path.symlink_to(album / "nowhere.png"),
        "up": lambda path: path.symlink_to(album, target_is_directory=True),
        "device.png": lambda path: path.symlink_to("/dev/zero"),
    }
    for name, make in bad.items():
        make(album / name)
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(album)  # a socket's path must be short
        server.bind("socket.png")
        hostile = ["<script>.png", "=cmd().png", "a\nb.png", "\x1b[31m.png", "\u202egnp.png", "-rf.png"]
        for seed, name in enumerate(hostile):
            save(album / name, noise(16, 16, seed=2000 + seed))
        with open(os.fsencode(album) + b"/\xff\xfe.png", "wb") as file:
            file.write(good)
        os.link(album / "cat" / "01.png", album / "hard.png")
        (album / "inside.png").symlink_to(album / "cat" / "02.png")
        dataset = open_data(album)
    assert set(reasons(dataset)) == {*bad, "socket.png"}
    assert dataset.inspection.read == 30 + len(hostile) + 3
    assert all(name.isprintable() for name in dataset.records.names)
    assert {"a\\x0ab.png", "\\xff\\xfe.png", "-rf.png"} <= set(dataset.records.names)
    assert "leaves the folder" in reasons(dataset)["out.png"]
    assert "not a regular file" in reasons(dataset)["pipe.png"]
    assert dataset.inspection.duplicates.count == 2


def test_200_bad_of_1000_are_exactly_200(tmp_path, encode, noise):
    for row in range(1000):
        data = encode(noise(8, 8, seed=row))
        spoiled = (data[: len(data) // 2], b"", b"<svg/>", b"\x89PNG" + data[8:])
        (tmp_path / f"{row:04d}.png").write_bytes(spoiled[row % 4] if row % 5 == 0 else data)
    inspection = open_data(tmp_path).inspection
    assert (inspection.read, len(inspection.skipped)) == (800, 200)
    assert {int(item.name[:4]) for item in inspection.skipped} == set(range(0, 1000, 5))


def test_too_few_names_the_reasons(tmp_path, save, noise):
    for row in range(10):
        save(tmp_path / f"{row}.png", noise(8, 8, seed=row))
    (tmp_path / "bad.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"10 usable examples of 11; at least 16 .*\n  bad.png: is empty"):
        open_data(tmp_path)
    assert len(open_data(tmp_path, at_least=10).records) == 10


def test_max_bad_is_enforced(album):
    from amalgan.config.data import DataConfig

    for name in ("x.png", "y.png"):
        (album / name).write_bytes(b"")
    assert open_data(album, DataConfig(max_bad=2)).inspection.read == 30
    with pytest.raises(DataError, match=r"2 unusable files; --max-bad allows 1"):
        open_data(album, DataConfig(max_bad=1))


def test_unreadable_folders_are_reported(album, monkeypatch):
    real = os.scandir

    def refusing(path):
        if os.fsencode(path).endswith(b"dog/"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    dataset = open_data(album)
    assert dataset.inspection.read == 20
    assert list(reasons(dataset)) == ["dog"]


def test_files_that_vanish_or_change_after_the_listing_are_bad_alone(album):
    source = Folder(album)
    (album / "cat" / "01.png").unlink()
    (album / "cat" / "02.png").unlink()
    os.mkfifo(album / "cat" / "02.png")
    for row, reason in ((0, "cannot be read: No such file"), (1, "not a regular file")):
        with pytest.raises(BadPicture, match=reason):
            source.read(row)
    assert source.read(2)


@pytest.mark.parametrize("what", ["missing", "digts", "nul\0byte"])
def test_what_is_not_there_says_what_there_could_be(what):
    with pytest.raises(DataError, match="digits"):
        open_data(what)


def test_a_pipe_is_no_data_set(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        open_data(tmp_path / "pipe")
