"""Every command that measures says how its examples relate to what the model was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amalgan.cli import main
from amalgan.core import tensor_file
from amalgan.data import open_data
from amalgan.systems import model_file

VECTORS = ("--network.hidden", "16", "--batch", "32", "--device", "cpu")
MEASURING = {
    "evaluate": lambda data, out: (data,),
    "classify": lambda data, out: (data, "--split", "test"),
    "classify all": lambda data, out: (data, "--split", "all"),
    "detect": lambda data, out: (data, "--out", out / "x.csv", "--normals", "iris", "--split", "test"),
    "report": lambda data, out: (data, "--out", out),
    "explore": lambda data, out: (data, "--out", out),
    "embed": lambda data, out: (data, "--out", out / "x.npz"),
}
HELD_OUT = [name for name in MEASURING if name not in ("embed", "classify all")]
"""Those that take a split of the model's own data."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of a system that does everything."""
    out = tmp_path_factory.mktemp("runs") / "iris"
    words = ("train", "iris", "--system", "supervised", "--images", "960", *VECTORS, "--out", str(out))
    assert main([*words]) == 0
    return out


@pytest.fixture(scope="module")
def old(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as an earlier version wrote it."""
    place = tmp_path_factory.mktemp("old") / "model.safetensors"
    tensors, header = tensor_file.read(trained / "model.safetensors", expected="a model file")
    del tensors[model_file.SEEN]
    tensor_file.write(place, tensors, header)
    return place


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Other data: training examples alone, new examples alone, and half of each."""
    place = tmp_path_factory.mktemp("data")
    seen = open_data("iris").train.pixels(slice(None))
    new = seen + np.random.default_rng(0).uniform(0.001, 0.01, seen.shape).astype("f4")
    for name, x in (("training", seen), ("new", new), ("mixed", np.concatenate([seen[::2], new[1::2]]))):
        np.savez(place / f"{name}.npz", x=x, y=np.arange(len(x)) % 2)
    return {name: str(place / f"{name}.npz") for name in ("training", "new", "mixed")} | {"own": "iris"}


@pytest.mark.parametrize("name", MEASURING)
def test_it_is_said_by_every_command_that_measures(name, run, trained, old, data, tmp_path):
    command = name.partition(" ")[0]
    cases = [("training", "training", "have the contents of"), ("new", "other data", "none of the")]
    if name not in HELD_OUT:  # a split by content parts what was trained on from what is new
        cases.append(("mixed", "training", "have the contents of"))
    for given, relation, said in cases:
        ran = run(command, trained, *MEASURING[name](data[given], tmp_path / given), "--json")
        assert ran.code == 0, ran.err
        assert ran.json["overlap"]["relation"] == relation
        assert said in ran.err
        seen, judged = ran.json["overlap"]["seen"], ran.json["overlap"]["judged"]
        assert {"training": seen == judged, "mixed": 0 < seen < judged, "new": seen == 0}[given]
    ran = run(command, old, *MEASURING[name](data["new"], tmp_path / "old"), "--json")
    assert ran.json["overlap"]["relation"] == "unknown" and "may be among them" in ran.err


@pytest.mark.parametrize("name", HELD_OUT)
def test_held_out_examples_need_no_note(name, run, trained, old, data, tmp_path):
    command = name.partition(" ")[0]
    for number, model in enumerate((trained, old)):
        words = MEASURING[name]("iris", tmp_path / str(number))
        ran = run(command, model, *words, "--json")
        assert ran.code == 0, ran.err
        found = ran.json["overlap"]
        assert (found["relation"], found["seen"]) in {("held out", 0), ("training", 1)}, "iris has copies"
        assert ("have the contents" in ran.err) == (found["relation"] == "training")


def test_what_was_trained_on_does_not_change_the_digest(trained, old):
    one, other = model_file.load(trained), model_file.load(old)
    assert one.digest == other.digest and one.contents is not None and other.contents is None
    assert len(one.contents) <= one.header["data"]["train"]


def test_hashes_that_are_none_are_refused(trained, tmp_path):
    tensors, header = tensor_file.read(trained / "model.safetensors", expected="a model file")
    for wrong in (tensors[model_file.SEEN].float(), tensors[model_file.SEEN][None]):
        tensor_file.write(tmp_path / "x.safetensors", tensors | {model_file.SEEN: wrong}, header)
        with pytest.raises(model_file.ModelFileError, match=r"expected at most 262,144 of int64"):
            model_file.load(tmp_path / "x.safetensors")
