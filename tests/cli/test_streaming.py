"""Tasks that go through data once leave no pixel of it on disk, and write what they write from a store."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.data import open_data
from amalgan.data.dataset.streaming import Stream
from amalgan.systems import model_file
from asking import record_appends

COUNT, BAD = 600, (3, 300)


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """Small ones in two classes by path, two of which cannot be read."""
    generator, found = np.random.default_rng(0), {}
    for row in range(COUNT):
        file = io.BytesIO()
        Image.fromarray(generator.integers(0, 256, (9, 8), dtype=np.uint8)).save(file, "PNG")
        data = file.getvalue()
        found[f"{'cat' if row % 3 else 'dog'}/{row:04d}.png"] = data[:40] if row in BAD else data
    return found


def as_folder(place: Path, pictures: dict[str, bytes]) -> Path:
    for name, data in pictures.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def as_zip(place: Path, pictures: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(place.with_suffix(".zip"), "w") as archive:
        for name, data in pictures.items():
            archive.writestr(name, data)
    return place.with_suffix(".zip")


def as_shards(place: Path, pictures: dict[str, bytes]) -> Path:
    place.mkdir()
    names = sorted(pictures)
    for number in range(3):
        with tarfile.open(place / f"{number}.tar", "w") as archive:
            for name in names[number::3]:
                entry = tarfile.TarInfo(name)
                entry.size = len(pictures[name])
                archive.addfile(entry, io.BytesIO(pictures[name]))
    return place


def as_parquet(place: Path, pictures: dict[str, bytes]) -> Path:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    labels = [name.split("/")[0] for name in pictures]
    table = arrow.table({"image": list(pictures.values()), "label": labels})
    parquet.write_table(table, place.with_suffix(".parquet"))
    return place.with_suffix(".parquet")


def as_arrays(place: Path, pictures: dict[str, bytes]) -> Path:
    x = np.random.default_rng(1).random((COUNT, 8, 8), dtype=np.float32)
    x[list(BAD)] = np.nan
    np.savez(place.with_suffix(".npz"), x=x, y=np.arange(COUNT) % 3)
    return place.with_suffix(".npz")


FORMS = (as_folder, as_zip, as_shards, as_parquet, as_arrays)


@pytest.fixture(scope="module", params=FORMS, ids=lambda form: form.__name__)
def data(request, tmp_path_factory: pytest.TempPathFactory, pictures: dict[str, bytes]) -> Path:
    """The same pictures in every form that data comes in."""
    return request.param(tmp_path_factory.mktemp("data") / "set", pictures)


def written(out: Path) -> dict[str, bytes]:
    """What was written to a file or below a folder."""
    files = [out] if out.is_file() else sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out.parent)): path.read_bytes() for path in files}


def check_equal(run, model: Path, data: Path, folder: Path, words: tuple[str, ...], out: str) -> None:
    """Run a command on ``data`` without a store and with one, and compare all that comes of it."""
    open_data(data, DataConfig(cache=str(folder / "stored")), like=model_file.load(model).spec)
    found, (command, *more) = [], words
    for cache in ("streamed", "stored"):
        (folder / cache).mkdir(exist_ok=True)
        asked = ("--cache", folder / cache, "--out", folder / cache / out, *more, "--json")
        ran = run(command, model, data, *asked)
        assert ran.code == 3, ran.err
        facts = {name: value for name, value in ran.json.items() if name not in ("out", "written")}
        found.append((facts, written(folder / cache / out)))
    assert found[0] == found[1]
    assert len(found[0][0]["skipped"]) == len(BAD)
    assert [*(folder / "stored").glob("store-*/pixels.npy")]
    assert not [*(folder / "streamed").glob("store-*/pixels.npy")] or "--normals" in words


@pytest.mark.parametrize("out", ["x.npz", "x.parquet"])
def test_codes_with_and_without_a_store_are_the_same(
    run, digits: Path, data: Path, tmp_path: Path, out: str
) -> None:
    check_equal(run, digits, data, tmp_path, ("embed",), out)


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (("detect", "--normals", "digits"), "x.csv"),
        (("detect", "--anomaly", "cat", "--split", "test"), "x.csv"),
        (("compress",), "x.amg"),
        (("compress",), "x"),
        (("reconstruct",), "x.npz"),
        (("reconstruct", "--decoder", "realistic"), "x"),
        (("trace",), "x.csv"),
    ],
    ids=" ".join,
)
def test_results_with_and_without_a_store_are_the_same(
    run, digits: Path, pictures: dict[str, bytes], tmp_path: Path, words: tuple[str, ...], out: str
) -> None:
    check_equal(run, digits, as_folder(tmp_path / "set", pictures), tmp_path, words, out)


def test_classes_with_and_without_a_store_are_the_same(
    run, tmp_path: Path, pictures: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from amalgan.cli import main

    model = tmp_path / "classifier"
    small = ("--network.width", "8", "--network.widest", "16", "--code-size", "8", "--device", "cpu")
    assert (
        main(["train", "digits", "--system", "supervised", "--images", "640", *small, "--out", str(model)])
        == 0
    )
    folder = as_folder(tmp_path / "set", pictures)
    for split in ("test", "all"):
        check_equal(run, model, folder, tmp_path, ("classify", "--split", split), "x.csv")


def test_each_picture_is_decoded_once_and_never_again(
    run, digits: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[str] = []
    real = Stream._passing
    monkeypatch.setattr(Stream, "_passing", lambda stream, _: passes.append("") or real(stream, _))
    words = ("embed", digits, data, "--cache", tmp_path, "--out", tmp_path / "x.npz", "--json")
    assert run(*words).json["written"]
    before = (tmp_path / "x.npz").stat().st_mtime_ns
    assert not run(*words).json["written"]
    assert (tmp_path / "x.npz").stat().st_mtime_ns == before
    assert len(passes) == 1


def test_a_job_that_was_killed_goes_on_where_it_was(
    run, digits: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("embed", digits, data, "--cache", tmp_path / "cache", "--out")
    run(*words, tmp_path / "whole.npz")
    (tmp_path / "cache").rename(tmp_path / "gone")
    record_appends(monkeypatch, 1)
    assert run(*words, tmp_path / "x.npz").code == 130
    assert not [*(tmp_path / "cache").glob("store-*")]
    appended = record_appends(monkeypatch)
    assert run(*words, tmp_path / "x.npz").code == 3
    assert sum(appended) < COUNT - len(BAD)
    assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_a_picture_that_changes_between_two_looks_is_named(
    digits: Path, tmp_path: Path, pictures: dict[str, bytes]
) -> None:
    from amalgan.core.errors import FileError

    folder = as_folder(tmp_path / "set", pictures)
    stream = Stream(folder, DataConfig(cache=str(tmp_path / "cache")), model_file.load(digits).spec)
    stream.read()
    names = sorted(name for row, name in enumerate(pictures) if row not in BAD)
    Image.new("L", (9, 8), 7).save(folder / names[5])
    with pytest.raises(FileError, match=rf"{names[5]} is not what it was when this command began"):
        stream.records.pixels(slice(0, 10))
    (folder / names[5]).write_bytes(b"gone")
    with pytest.raises(FileError, match=rf"{names[5]} .*give it again"):
        stream.records.pixels([5])


def test_chunks_hold_what_their_rows_of_the_source_hold(
    digits: Path, data: Path, tmp_path: Path, run: Callable[..., object]
) -> None:
    stream = Stream(data, DataConfig(cache=str(tmp_path)), model_file.load(digits).spec)
    first = [(chunk.number, chunk.x) for chunk in stream.chunks()]
    again = [(chunk.number, chunk.x) for chunk in stream.records.chunks()]
    assert [number for number, _ in first] == [0, 1, 2] == [number for number, _ in again]
    assert all((one == other).all() for (_, one), (_, other) in zip(first, again, strict=True))
    rows = stream.store.origins // 256
    assert [len(x) for _, x in first] == np.bincount(rows).tolist()
    late = [(chunk.number, len(chunk.x)) for chunk in stream.records.chunks(len(first[0][1]))]
    assert late == [(number, len(x)) for number, x in first[1:]]
