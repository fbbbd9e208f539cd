"""Vectors come out of the doors that pictures come out of, whatever the system; the page on them is true."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from amalgan.cli import main
from amalgan.systems import registry
from amalgan.systems.abilities import abilities

PAGE = (Path(__file__).parents[1] / "docs" / "vectors.md").read_text()
COMMANDS = [line.split("  ")[0] for line in PAGE.splitlines() if line.startswith("amalgan ")]
QUICK = {"--images 200000": "--images 3200", "--images 400000": "--images 6400 --count 200"}
MEASURED = {"frechet_distance", "precision", "recall", "copies"}
REBUILT = {"squared_error", "r_squared"}


@pytest.fixture(autouse=True, scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


def answer(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, object]:
    """What a command that succeeds says last."""
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance = np.random.default_rng(0)
    rows = [f"{a},{b},{'xy'[int(a > b)]}" for a, b in chance.normal(size=(200, 2))]
    (tmp_path / "table.csv").write_text("\n".join(["height,weight,class", *rows]) + "\n")
    np.savez(tmp_path / "new.npz", x=chance.normal(size=(300, 2)).astype(np.float32))
    assert len(COMMANDS) == 9
    for command in COMMANDS:
        for slow, fast in QUICK.items():
            command = command.replace(slow, fast)
        assert main(shlex.split(command)[1:]) == 0, command
    for name, count in (("new.csv", 100), ("again.csv", 200)):
        header, *made = (tmp_path / name).read_text().splitlines()
        assert header == "height,weight" and len(made) == count
    report = json.loads((tmp_path / "runs" / "modes" / "report.json").read_text())
    modes = {cell["system"]: cell["metrics"]["modes"] for cell in report["cells"]}
    without_labels = json.loads((tmp_path / "runs" / "unlabeled" / "report.json").read_text())["cells"]
    (given,) = (cell["metrics"] for cell in without_labels if cell["system"] == "unlabeled")
    assert given["modes"] < given["modes_real"] == 25 and given["near_modes"] < 0.1
    assert set(modes) == {"autoencoder", "gan", "fusion"} and None not in modes.values()


@pytest.mark.parametrize("word", ["breast_cancer", "diabetes", "gaussians"])
@pytest.mark.parametrize(
    "system", [name for name in registry.names() if name != "restorer"]
)  # mends pictures
def test_every_system_takes_vectors_through_every_door(
    system: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, sizes = tmp_path / "run", ("--network.hidden", "32", "--batch", "32", "--device", "cpu")
    answer(capsys, "train", word, "--system", system, "--images", "1280", *sizes, "--out", run)
    able = abilities(registry.system_class(system))
    found = answer(capsys, "evaluate", run, word, "--count", "300")
    metrics = found["metrics"]
    assert isinstance(metrics, dict)
    expected = (MEASURED if "generate" in able else set()) | (REBUILT if "decode" in able else set())
    assert all(metrics[key] is not None and np.isfinite(metrics[key]) for key in expected)
    assert ("modes" in metrics) == (word != "diabetes" and "generate" in able)
    if "generate" in able:
        answer(capsys, "generate", run, "--count", "5", "--out", tmp_path / "new.npz")
        made = np.load(tmp_path / "new.npz")["x"]
        assert made.dtype == np.float32 and len(made) == 5 and np.isfinite(made).all()
    if "decode" in able:
        answer(capsys, "reconstruct", run, word, "--out", tmp_path / "again.npz")
    answer(capsys, "report", run, word, "--out", tmp_path / "page", "--count", "100")
