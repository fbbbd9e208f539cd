"""A kind of data that no other file knows, rows of angles, goes through every command that applies, unasked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import amalgan as ag
import asking
from amalgan import kinds
from amalgan.cli import main
from amalgan.config.data import DataConfig
from amalgan.core.errors import ConfigError, ModelFileError
from amalgan.core.types import DataSpec
from amalgan.data import drawn, open_data
from amalgan.data.decoding.layout import Request
from amalgan.kinds import registry as kind_registry
from amalgan.kinds.refusals import WORDS
from amalgan.systems import registry

ROOT = Path(__file__).parents[1]
KIND = ROOT / "tests" / "angles"
SMALL = (
    *("--network.hidden", "16", "--critic.network.hidden", "16", "--code-size", "3", "--prior.parts", "6"),
    *("--batch", "32", "--device", "cpu"),
)
SIDE = 16


@pytest.fixture(scope="module", autouse=True)
def _registered(own_cache: None) -> Iterator[None]:
    """The kind for this file alone, and a cache of its own."""
    systems, before = dict(registry._CLASSES), kind_registry.list_entered()
    yield
    registry._CLASSES.clear()
    registry._CLASSES.update(systems)
    kind_registry.put_back(before)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("angles")


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    """Three directions of the wind at two heights, one of them about where pi and -pi meet."""
    chance, label = np.random.default_rng(0), np.arange(240) % 3
    angle = label[:, None] * 2.0 + np.array([-1.0, 0.0]) + 0.3 * chance.normal(size=(240, 2))
    wrapped = ((angle + np.pi) % (2 * np.pi) - np.pi).astype(np.float32)
    np.savez(place / "wind.npz", x=wrapped, y=np.array(["north", "east", "west"])[label])
    return place / "wind.npz"


@pytest.fixture(scope="module")
def model(place: Path, data: Path) -> Path:
    """A finished run on them."""
    words = ["train", data, "--kind", "angles", "--plugin", KIND, "--system", "fusion", "--images", "640"]
    assert main([*map(str, words), *SMALL, "--out", str(place / "run")]) == 0
    return place / "run"


def answer(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    """What a command that knows the kind says last."""
    plugin = () if words[0] in ("info",) else ("--plugin", KIND)
    return asking.answer(capsys, *words, *plugin, code=code)


def test_it_comes_by_the_door_of_the_built_in_kinds(model: Path) -> None:
    assert kinds.names() == sorted(["angles", *kind_registry.built_in()])
    assert all(f'@register("{name}")' in source(name) for name in kinds.names())
    asked = [kind.name for kind in kind_registry.all_kinds()]
    assert sorted(asked) == kinds.names()
    assert (asked[0], asked[-1]) == ("angles", "image"), "plugins first, what takes any file last"


def source(name: str) -> str:
    """The code of a kind."""
    folder = KIND if name == "angles" else ROOT / "src" / "amalgan" / "kinds" / name
    return (folder / "__init__.py").read_text()


def test_it_is_looked_over_and_told(capsys, data: Path, model: Path) -> None:
    found = answer(capsys, "inspect", data, "--kind", "angles")
    assert found["shape"] == "2 angles" and found["sizes"] == {} and found["read"] == 240
    assert answer(capsys, "info", model)["spec"]["kind"] == "angles"
    assert answer(capsys, "info", model)["spec"]["shape"] == [4]
    plain = answer(capsys, "inspect", data)
    assert plain["spec"]["kind"] == "vector"
    wrong = answer(capsys, "inspect", data, "--kind", "image", code=1)
    assert "holds vectors. Leave out --kind image" in wrong["error"]


def test_training_draws_sheets(model: Path) -> None:
    sheets = sorted((model / "samples").glob("*.png"))
    assert {sheet.name.split("-")[0] for sheet in sheets} == {"generated", "rebuilt"}
    with Image.open(sheets[0]) as sheet:
        assert sheet.size == (8 * (2 * SIDE + 2) + 2, 8 * (SIDE + 2) + 2)


def test_it_is_generated_and_reconstructed(capsys, place: Path, data: Path, model: Path) -> None:
    assert answer(capsys, "generate", model, "--count", 5, "--out", place / "new.npz")["n"] == 5
    x = np.load(place / "new.npz")["x"]
    assert x.shape == (5, 2) and x.dtype == np.float32 and (np.abs(x) <= np.pi).all()
    answer(capsys, "generate", model, "--count", 4, "--label", "east", "--out", place / "new.png")
    with Image.open(place / "new.png") as grid:
        assert grid.size == (2 * (2 * SIDE + 2) + 2, 2 * (SIDE + 2) + 2)
    answer(capsys, "generate", model, "--walk", place / "walk.webp", "--frames", 4)
    with Image.open(place / "walk.webp") as film:
        assert film.n_frames == 4 and film.width == 2 * film.height and film.height % SIDE == 0
    answer(capsys, "reconstruct", model, data, "--out", place / "again.csv")
    assert len((place / "again.csv").read_text().splitlines()) == 241
    answer(capsys, "augment", model, data, "--times", 0.1, "--out", place / "more")
    assert len((place / "more" / "examples.csv").read_text().splitlines()) > 10


def test_it_is_measured_by_its_own_measure(capsys, data: Path, model: Path) -> None:
    found = answer(capsys, "evaluate", model, data, "--count", 60)
    metrics = found["metrics"]
    assert 0 < metrics["angle_error"] < np.pi and "radians" in found["names"]["angle_error"]
    assert {"squared_error", "r_squared", "precision", "copies", "linear_probe"} <= set(metrics)
    assert not {"psnr", "ssim", "bits_per_pixel", "denoising_gain"} & set(metrics)
    assert found["features"] == "angles-entries"


def test_it_is_embedded_shown_and_judged(capsys, place: Path, data: Path, model: Path) -> None:
    shown = ("--plot", place / "map.html", "--query", data, "--sheet", place / "near.png")
    answer(capsys, "embed", model, data, "--out", place / "codes.npz", *shown)
    assert "data:image/png" in (place / "map.html").read_text() and (place / "near.png").exists()
    assert answer(capsys, "detect", model, data, "--out", place / "scores.csv")["n"] > 0
    answer(capsys, "explore", model, data, "--count", 20, "--out", place / "explored")
    page = (place / "explored" / "explore.html").read_text()
    assert "sine of angle 2" in page and "data:image/png" in page and "rows of angles" in page
    answer(capsys, "report", model, data, "--count", 40, "--out", place / "report")
    report = (place / "report" / "report.html").read_text()
    assert "data:image/png" in report and f"--plugin {KIND}" in report


def test_it_is_exported(capsys, place: Path, data: Path) -> None:
    pytest.importorskip("onnxruntime")
    words = ("--kind", "angles", "--system", "gan", "--network.hidden", 8, "--images", 64, "--batch", 32)
    answer(capsys, "train", data, *words, "--out", place / "gan")
    answer(capsys, "export", place / "gan", "--out", place / "onnx")
    spec = json.loads((place / "onnx" / "export.json").read_text())["spec"]
    assert spec["kind"] == "angles" and (place / "onnx" / "generate.onnx").exists()


def test_systems_are_compared_on_it(capsys, place: Path, data: Path) -> None:
    row = "autoencoder:network.hidden=16:code_size=3"
    words = ("--kind", "angles", "--systems", row, "--seeds", 1, "--images", 320, "--count", 40)
    answer(capsys, "compare", data, *words, "--out", place / "compared")
    page = (place / "compared" / "report.html").read_text()
    assert "Angle of x′" in page and "data:image/png" in page


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("generate MODEL --watermark --out OUT/x.npz", "rows of angles bear no watermark"),
        ("detect MODEL DATA --out OUT/y.csv --maps OUT/maps", "heat maps are of pictures"),
        ("train DATA --kind angles --flip --out OUT/flipped", "the data is rows of angles: leave out --flip"),
        ("train DATA --kind angles --system restorer --out OUT/mended", "and the data is rows of angles"),
        ("export MODEL --to page --out OUT/page.html", "a page shows pictures"),
        ("train DATA --kind angels --out OUT/none", "there are angles, image, "),
    ],
)
def test_what_it_refuses_is_said(capsys, place: Path, data: Path, model: Path, words: str, why: str) -> None:
    named = {"MODEL": str(model), "DATA": str(data)}
    given = [named.get(word, word).replace("OUT", str(place)) for word in words.split()]
    assert why in answer(capsys, *given, code=2)["error"]


def test_python_takes_it_too(place: Path, data: Path, model: Path) -> None:
    held = ag.load(model)
    x = np.load(data)["x"][:6]
    assert held.encode(x).shape[0] == 6
    again = held.reconstruct(x)
    assert again.shape == (6, 2) and (np.abs(again) <= np.pi).all()
    assert drawn(torch.zeros(3, 4), held.spec).shape == (3, SIDE, 2 * SIDE)


def test_a_model_needs_its_kind(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind_registry, "_KINDS", {})
    with pytest.raises(ModelFileError, match="a kind 'angles', which is not known here"):
        ag.load(model)


def test_its_files_have_classes_and_splits_as_pictures_have(capsys, place: Path) -> None:
    for row in range(40):
        file = place / "files" / ("test" if row < 8 else "train") / "ab"[row % 2] / f"{row}.angles"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{10 * row} {-90 + row}")
    (place / "files" / "train" / "a" / "short.angles").write_text("12")
    found = answer(capsys, "inspect", place / "files", "--kind", "angles", code=3)
    assert (found["read"], found["classes"]) == (40, {"a": 20, "b": 20})
    assert found["own_splits"] and found["splits"]["test"] == 8 and found["shape"] == "2 angles"
    assert found["skipped"] == [
        {"name": "train/a/short.angles", "reason": "holds 1 numbers, or some that are not finite"}
    ]
    x = open_data(place / "files", DataConfig(kind="angles")).records
    row = x.names.index("train/a/18.angles")
    assert np.allclose(x.pixels([row])[0], np.radians([180 - 360, -72]), atol=1e-6)


def test_a_spec_with_facts_comes_back_from_json() -> None:
    spec = DataSpec(kind="angles", shape=(4,), facts={"rate": 10, "units": ["rad"]})
    assert DataSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    assert "facts" not in DataSpec(kind="angles", shape=(4,)).to_json()


def test_every_word_that_is_asked_is_one_that_can_be_refused() -> None:
    code = "".join(file.read_text() for file in sorted((ROOT / "src").rglob("*.py")))
    asked = set(re.findall(r'refuses\(\s*"(\w+)"', code))
    assert asked == set(WORDS)
    with pytest.raises(KeyError, match="no word"):
        kinds.kind_named("vector").refuses("psnrr")


def test_what_a_kind_answers_and_what_it_refuses_agree() -> None:
    for kind in kind_registry.all_kinds():
        assert (kind.peak() is None) == bool(kind.refuses("psnr")), kind.name
        assert (not kind.file_ending()) == bool(kind.refuses("files")), kind.name


def test_the_page_shows_the_files() -> None:
    blocks = (ROOT / "docs" / "adding-a-kind.md").read_text().split("```python\n")[1:]
    shown = [block.split("```")[0] for block in blocks]
    assert shown == [(KIND / name).read_text() for name in ("__init__.py", "dials.py")]


def test_data_of_the_kind_splits_and_batches_as_any(data: Path) -> None:
    found = open_data(data, DataConfig(kind="angles"))
    assert found.spec.classes == ("east", "north", "west")
    assert len(found.train) + len(found.validation) + len(found.test) == 240
    assert torch.allclose(found.train.take([0]).reshape(2, 2).square().sum(0), torch.ones(2))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"window": 64, "text_column": "name"}, "--text-column is for strings"),
        ({"kind": "image", "rate": 8000}, "--rate is for sounds"),
        ({"kind": "series", "seconds": 1.0}, "--seconds is for sounds"),
    ],
)
def test_options_of_another_kind_are_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Request.of(DataConfig(**asked), None)
