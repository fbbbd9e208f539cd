"""The README is true: its Python runs, its commands run, its table is what the code says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import amalgan as ag
from amalgan.cli import main
from amalgan.cli.compare import Compare
from amalgan.cli.parsing import parse
from amalgan.config.compare_options import CompareOptions
from amalgan.config.data import DataConfig
from amalgan.studies.compare.plan import normalize_names
from amalgan.systems import registry

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def block(kind: str, page: str = README) -> str:
    """The first code block of ``kind``."""
    blocks = dict(reversed(re.findall(r"^```(\w*)\n(.*?)^```$", page, re.S | re.M)))
    return blocks[kind]


def test_python_of_the_readme_runs(tmp_path: Path) -> None:
    text = block("python")
    assert len([line for line in text.splitlines() if line.strip()]) <= 10
    quick = text.replace("images=20_000", "images=2_000")
    assert quick != text, "the README trains on 20,000 images; the test on fewer"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", quick], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert 8 < float(done.stdout) < 40  # dB


def test_python_of_the_pages_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On digits, where a page says photos; trained and verified shortly."""
    monkeypatch.chdir(tmp_path)
    x, y = load_digits(return_X_y=True)
    x, y = x[:60], np.where(y[:60] < 5, "few", "many")
    for row, (pixels, name) in enumerate(zip(x, y, strict=True)):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray((pixels.reshape(8, 8) * 15.9).astype(np.uint8))
        picture.save(tmp_path / "photos" / name / f"{row}.png")
    gray = DataConfig(size="8", channels=1)
    ag.train("autoencoder", "photos", out="runs/photos", images=320, batch=32, reading=gray, quiet=True)
    known = {"ag": ag, "make_pipeline": make_pipeline, "LogisticRegression": LogisticRegression}
    for page in ("augment.md", "embed.md"):
        text = block("python", (ROOT / "docs" / page).read_text())
        quick = text.replace("verify=True", "verify=False").replace("images=20_000", "images=64")
        names = known | {"GridSearchCV": partial(GridSearchCV, cv=2), "X": x, "y": y}
        exec(quick, names)
    assert len(list((tmp_path / "more").rglob("*.png"))) >= 40
    page = (ROOT / "docs" / "export.md").read_text()
    (command,) = commands_of(page, ("export",))
    assert main(shlex.split(command)[1:]) == 0
    assert {one.file for one in ag.load("runs/photos").export("exported/")} >= {
        "encode.onnx",
        "generate.onnx",
    }
    exec(block("python", page), names := {})
    assert names["pixels"].shape == (16, 1, 8, 8) and names["pixels"].std() > 3


def test_python_for_those_who_write_torch_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of the page, as one program; trained shortly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    page = (ROOT / "docs" / "in_your_own_code.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.S | re.M)
    text = "\n".join(blocks)
    quick = text.replace("images=20_000", "images=640")
    assert len(blocks) == 7 and quick != text
    names: dict[str, Any] = {}
    exec(quick, names)
    assert names["after"] < names["before"]
    assert names["closer"].shape == (32, 8, 8) and names["made"].shape == (16, 1, 8, 8)
    assert np.array_equal(names["codes"], np.concatenate([part.numpy() for part in names["parts"]]))
    assert names["curve"].points[-1][0] == 640
    assert len(names["all_codes"]) == len(names["twice"].group) == 1797
    assert (tmp_path / "map.html").stat().st_size > 100_000 and (tmp_path / "codes.npz").exists()
    assert names["way"].shape == (8, 8, 8) and names["film"].shape == (30, 8, 8)
    (command,) = commands_of(page, ("train",))
    assert not isinstance(parse(shlex.split(command)[1:]), str)


def test_commands_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance = np.random.default_rng(0)
    for number in range(40):
        (tmp_path / "photos").mkdir(exist_ok=True)
        tint = np.broadcast_to(chance.integers(0, 200, 3), (20, 24, 3)) + chance.integers(0, 50, (20, 24, 1))
        Image.fromarray(tint.astype(np.uint8)).save(tmp_path / "photos" / f"{number}.png")
    commands = [line.split("  ")[0] for line in block("").splitlines() if line.startswith("amalgan ")]
    assert len(commands) == 13
    for command in commands:
        words = shlex.split(command.replace("--minutes 20", "--images 320 --batch 32 --network.width 8"))
        assert main(words[1:]) == 0, command


def test_comparing_as_the_readme_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    commands = commands_of(README, ("compare", "report"))
    assert len(commands) == 2
    for command in commands:
        quick = command.replace(
            "--cpu-minutes 2 --seeds 3", "--systems fusion --images 6400 --seeds 1 --count 100"
        )
        assert main([*shlex.split(quick)[1:], *(["--count", "100"] if " report " in quick else [])]) == 0
    for page in ("which", "page"):
        assert (tmp_path / "runs" / page / "report.html").read_text().startswith("<!doctype html>")


def test_commands_on_few_labels_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = commands_of((ROOT / "docs" / "classify.md").read_text(), ("train", "classify", "evaluate"))
    assert len(commands) == 3
    for command in commands:
        small = " --images 6400 --network.width 8" if " train " in command else ""
        assert main(shlex.split(command + small)[1:]) == 0, command
    assert (tmp_path / "scores.csv").read_text().startswith("name,label,predicted,probability,p(0),")


def test_commands_on_compressing_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holiday").mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).integers(0, 256, (40, 50 + number, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "holiday" / f"{number}.png")
    page = (ROOT / "docs" / "compress.md").read_text()
    commands = commands_of(page, ("train", "compress", "decompress", "info"))
    assert len(commands) == 10
    for command in commands:
        small = " --images 6400 --network.width 8" if " train " in command else ""
        assert main(shlex.split(command + small)[1:]) == 0, command


def test_commands_on_comparing_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not run: each flag, row and setting is there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(registry, "_CLASSES", dict(registry._CLASSES))  # the plugin is forgotten afterwards
    commands = commands_of((ROOT / "docs" / "comparing.md").read_text(), ("compare", "report"))
    assert len(commands) == 9
    for command in commands:
        asked: Any = parse(shlex.split(command)[1:])
        if isinstance(asked, Compare):
            if asked.plugin:
                registry.load_plugin(asked.plugin)
            rows = asked.systems
            assert (
                normalize_names(CompareOptions(data=asked.data, systems=rows, out=asked.out)).systems == rows
            )


def test_commands_on_generating_are_understood() -> None:
    """Not run: each flag is there."""
    commands = commands_of((ROOT / "docs" / "generate.md").read_text(), ("generate",))
    assert len(commands) == 5
    assert all(not isinstance(parse(shlex.split(command)[1:]), str) for command in commands)


def test_commands_on_exploring_are_understood() -> None:
    """Not run: each flag is there."""
    commands = commands_of((ROOT / "docs" / "explore.md").read_text(), ("train", "explore", "generate"))
    assert len(commands) == 5
    assert all(not isinstance(parse(shlex.split(command)[1:]), str) for command in commands)


def test_commands_on_detecting_are_understood() -> None:
    """Not run: each flag is there."""
    commands = commands_of((ROOT / "docs" / "detect.md").read_text(), ("train", "detect"))
    assert len(commands) == 7
    assert all(not isinstance(parse(shlex.split(command)[1:]), str) for command in commands)


def test_commands_on_tracing_are_understood() -> None:
    """Not run: each flag is there."""
    commands = commands_of((ROOT / "docs" / "trace.md").read_text(), ("generate", "trace"))
    assert len(commands) == 4
    assert all(not isinstance(parse(shlex.split(command)[1:]), str) for command in commands)


def test_commands_on_embedding_are_understood() -> None:
    """Not run: each flag is there."""
    commands = commands_of((ROOT / "docs" / "embed.md").read_text(), ("embed",))
    assert len(commands) == 4
    assert all(not isinstance(parse(shlex.split(command)[1:]), str) for command in commands)


def commands_of(page: str, names: tuple[str, ...]) -> list[str]:
    """The lines of code blocks that are these commands, without what is said of them."""
    found = [line.split("  ")[0] for line in page.splitlines()]
    return [line for line in found if line.startswith(tuple(f"amalgan {name} " for name in names))]


def test_every_file_that_the_docs_link_to_exists() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
