"""Parts of a job, computed apart and joined, are what one run over all writes, to the byte."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from amalgan.cli import main
from amalgan.core.errors import UsageError
from amalgan.core.shards import Shard

COUNT, BAD, PARTS = 600, (3, 301), 3


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small pictures in two classes, two of which cannot be read."""
    folder = tmp_path_factory.mktemp("data") / "set"
    generator = np.random.default_rng(0)
    for row in range(COUNT):
        file = io.BytesIO()
        Image.fromarray(generator.integers(0, 256, (9, 8), dtype=np.uint8)).save(file, "PNG")
        place = folder / ("cat" if row % 3 else "dog") / f"{row:04d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.getvalue()[:40] if row in BAD else file.getvalue())
    return folder


@pytest.fixture(scope="module")
def few(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of them, for what takes long."""
    folder = tmp_path_factory.mktemp("few") / "set"
    folder.mkdir()
    for path in sorted((data / "dog").iterdir())[:10]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "classifier"
    small = ("--network.width", "8", "--network.widest", "16", "--code-size", "8", "--device", "cpu")
    assert (
        main(["train", "digits", "--system", "supervised", "--images", "640", *small, "--out", str(out)]) == 0
    )
    return out


def written(out: Path) -> dict[str, bytes]:
    """What is in a file or below a folder, but for locks and what parts say of themselves."""
    files = [out] if out.is_file() else [path for path in out.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(out.parent)): path.read_bytes() for path in files if ".lock" not in path.name
    }


@given(count=st.integers(0, 5000), of=st.integers(1, 40), step=st.sampled_from([1, 7, 256]))
def test_every_row_is_in_one_part_and_no_chunk_in_two(count: int, of: int, step: int) -> None:
    parts = [Shard(part, of).rows(count, step) for part in range(1, of + 1)]
    assert [row for part in parts for row in part] == [*range(count)]
    assert all(part.start % step == 0 for part in parts if part)
    sizes = [-(-len(part) // step) for part in parts]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/3", "1/3/5", "a/b", "1/99999999", "٣/٤"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="give which of how many parts"):
        Shard.parse(text)


def commands() -> list[tuple[str, ...]]:
    """Command, what it writes without and with --shard, and its other flags."""
    return [
        ("embed", "x.npz", "x.npz"),
        ("embed", "x.parquet", "x.npz"),
        ("embed", "x.npz", "x.parquet"),
        ("detect", "x.csv", "x.parquet", "--normals", "digits", "--split", "all"),
        ("detect", "x.csv", "x.npz", "--normals", "digits", "--split", "all", "--control", "discoveries"),
        ("classify", "x.csv", "x.npz", "--split", "all"),
        ("trace", "x.csv", "x.npz"),
        ("compress", "x.amg", "x.amg"),
        ("compress", "x", "x"),
        ("reconstruct", "x", "x"),
        ("reconstruct", "x.npz", "x.npz", "--decoder", "realistic"),
        ("generate", "x.npz", "x.npz", "--count", "600", "--label", "3"),
        ("generate", "x", "x", "--count", "300"),
        ("restore", "x", "x", "--task", "inpaint", "--mask", "#ff00ff"),
    ]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_parts_joined_are_what_one_run_writes(
    run, command, digits: Path, classifier: Path, data: Path, few: Path, tmp_path: Path
) -> None:
    name, whole, part, *flags = command
    model = classifier if name == "classify" else digits
    words = [name, model, *([] if name == "generate" else [few if name == "restore" else data]), *flags]

    def computed(out: Path, *more: str) -> tuple[Path, int]:
        cache = () if name in ("generate", "restore") else ("--cache", out.parent / "cache")
        ran = run(*words, *cache, "--out", out, *more, "--json")
        assert ran.code in (0, 3), ran.err
        return out, ran.json["n"]

    one, n = computed(tmp_path / "one" / whole)
    found = [computed(tmp_path / str(k) / part, "--shard", f"{k}/{PARTS}") for k in range(1, PARTS + 1)]
    parts = [place for place, _ in found]
    ran = run("gather", parts[2], parts[0], parts[1], "--out", tmp_path / "joined" / whole, "--json")
    assert ran.code == 0, ran.err
    assert written(tmp_path / "joined" / whole) == written(one)
    assert ran.json["written"] and ran.json["n"] == n == sum(count for _, count in found)
    again = run("gather", *parts, "--out", tmp_path / "joined" / whole, "--json").json
    assert not again["written"]


def test_a_part_decodes_nothing_else(run, digits: Path, data: Path, tmp_path: Path, monkeypatch) -> None:
    from amalgan.data.dataset import read_pictures
    from amalgan.data.decoding import images

    decoded = []
    monkeypatch.setattr(read_pictures, "decode", lambda *a: decoded.append(1) or images.decode(*a))
    words = ("embed", digits, data, "--cache", tmp_path, "--out", tmp_path / "x.npz", "--shard", "2/3")
    assert run(*words, "--json").json["n"] == 255
    assert len(decoded) == 256
    assert not [*tmp_path.glob("store-*/pixels.npy")]


def test_a_store_that_is_there_gives_the_same_parts(run, digits: Path, data: Path, tmp_path: Path) -> None:
    from amalgan.config.data import DataConfig
    from amalgan.data import open_data
    from amalgan.systems import model_file

    open_data(data, DataConfig(cache=str(tmp_path / "b")), like=model_file.load(digits).spec)
    found = []
    for name in ("a", "b"):
        words = ("embed", digits, data, "--cache", tmp_path / name, "--shard", "2/3")
        ran = run(*words, "--out", tmp_path / f"{name}.npz", "--json").json
        found.append(((tmp_path / f"{name}.npz").read_bytes(), ran["skipped"], ran["n"]))
    assert found[0] == found[1]
    assert len(found[0][1]) == 1


@pytest.fixture
def parts(run, digits: Path, data: Path, tmp_path: Path) -> list[Path]:
    """The codes of all three parts."""
    for k in range(1, PARTS + 1):
        words = ("embed", digits, data, "--cache", tmp_path / "cache", "--shard", f"{k}/{PARTS}")
        assert run(*words, "--out", tmp_path / f"{k}.npz").code in (0, 3)
    return [tmp_path / f"{k}.npz" for k in range(1, PARTS + 1)]


def test_gaps_overlaps_and_strangers_are_refused(
    run, parts: list[Path], digits: Path, classifier: Path, data: Path, few: Path, tmp_path: Path
) -> None:
    def refused(*places: Path) -> str:
        ran = run("gather", *places, "--out", tmp_path / "joined.npz")
        assert ran.code == 2 and not (tmp_path / "joined.npz").exists()
        return ran.err

    def other(model: Path, place: Path, out: str, shard: str = "3/3", command: str = "embed") -> Path:
        words = (
            command,
            model,
            place,
            "--cache",
            tmp_path / "cache",
            "--shard",
            shard,
            "--out",
            tmp_path / out,
        )
        assert run(*words).code in (0, 3)
        return tmp_path / out

    assert "1 of 3 parts are missing: 2/3" in refused(parts[0], parts[2])
    shutil.copy(parts[1], tmp_path / "copy.npz")
    assert "are both part 2/3" in refused(*parts, tmp_path / "copy.npz")
    assert "different jobs: models" in refused(*parts[:2], other(classifier, data, "model.npz"))
    assert "different jobs: data" in refused(*parts[:2], other(digits, few, "data.npz"))
    assert "different jobs: numbers of parts 3 and 4" in refused(
        *parts[:2], other(digits, data, "4.npz", "4/4")
    )
    changed = tmp_path / "changed"
    shutil.copytree(data, changed)
    Image.new("L", (9, 8), 7).save(changed / "cat" / "0001.png")
    assert "different jobs: data" in refused(*parts[:2], other(digits, changed, "changed.npz"))
    traced = other(digits, data, "trace.npz", command="trace")
    assert "different jobs: commands" in refused(*parts[:2], traced)
    np.savez(tmp_path / "plain.npz", code=np.zeros(3))
    assert "plain.npz is no part of a job" in refused(*parts, tmp_path / "plain.npz")
    assert "is not there" in refused(*parts, tmp_path / "nothing.npz")
    ran = run("gather", *parts, "--out", tmp_path / "x.csv")
    assert ran.code == 2 and "give .npz or .parquet" in ran.err


def test_other_options_are_refused_and_named(run, digits: Path, tmp_path: Path) -> None:
    for k, seed in ((1, "0"), (2, "1")):
        words = ("generate", digits, "--count", "300", "--seed", seed, "--shard", f"{k}/2")
        assert run(*words, "--out", tmp_path / f"{k}.npz").code == 0
    ran = run("gather", tmp_path / "1.npz", tmp_path / "2.npz", "--out", tmp_path / "x.npz")
    assert ran.code == 2 and "--seed 0 and 1" in ran.err


def test_a_file_of_a_part_that_was_changed_is_named(run, digits: Path, tmp_path: Path) -> None:
    for k in (1, 2):
        words = ("generate", digits, "--count", "300", "--shard", f"{k}/2", "--out", tmp_path / str(k))
        assert run(*words).code == 0
    (tmp_path / "2" / "00299.png").write_bytes((tmp_path / "1" / "00000.png").read_bytes())
    ran = run("gather", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "x")
    assert ran.code == 1 and "00299.png is not what was written there" in ran.err
    said = json.loads((tmp_path / "1" / ".part.json").read_text())
    assert said["shard"] == "1/2" and said["amalgan"] == "part" and len(said["files"]) == 256


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("embed", "--out", "x.npz", "--plot", "map.png"), "--plot needs all examples"),
        (("detect", "--out", "x.npz", "--normals", "digits"), "Give --split all"),
        (("detect", "--out", "x.npz", "--split", "all"), "give normal examples as --normals"),
        (("detect", "--out", "x.csv", "--split", "all"), "parts of a table go to .npz or .parquet"),
        (("reconstruct", "--out", "x.png"), "give a folder or x.npz"),
    ],
)
def test_what_needs_everything_is_refused(
    run, digits: Path, few: Path, tmp_path: Path, monkeypatch, words, said
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(words[0], digits, few, *words[1:], "--shard", "1/2")
    assert ran.code == 2 and said in ran.err
