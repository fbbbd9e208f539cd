"""A grid goes on on another machine, loses nothing, and keeps no path; the page is rendered from what it keeps."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import signal
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import tables.grids
from amalgan import features
from amalgan.config.compare_options import CompareOptions
from amalgan.core import tensor_file
from amalgan.core.errors import UsageError
from amalgan.core.randomness import build_seeded
from amalgan.data import open_data
from amalgan.features.network import FeatureNetwork
from amalgan.studies.compare.planning import draft_plan, facts_of

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FLAGS = ["--systems", "autoencoder", "--seeds", "1", "--images", "3200", "--count", "100"]


def script(name: str) -> ModuleType:
    """A benchmark as a module."""
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their annotations there
    spec.loader.exec_module(module)
    return module


grid = script("grid")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits in a file whose path nobody needs to know."""
    place = tmp_path_factory.mktemp("private") / "tiny.npz"
    digits = open_data("digits").records
    np.savez(place, x=digits.pixels(slice(None))[:, 0], label=digits.labels)
    return place


@pytest.fixture
def machine(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Turns this machine into another one: an empty cache, in which there may be an (untrained) feature network."""

    def become(name: str, network: int | None = None) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        if network is not None:
            found = open_data(str(data))
            net = build_seeded(lambda: FeatureNetwork(found.spec, len(found.spec.classes)), network)
            tensor_file.write(features.kept_at(found), dict(net.state_dict()), {"what": "a feature network"})

    return become


def carried_out(data: Path, root: Path) -> int:
    code: int = grid.grid_of(["tiny", str(data), *FLAGS], root).carry_out()
    return code


@pytest.fixture(autouse=True)
def _signals() -> Any:
    """The grid catches signals for as long as its process lives; the tests' go on."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_grid_goes_on_elsewhere(
    data: Path, tmp_path: Path, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "repository"
    kept, runs = root / "benchmarks" / "results" / "grids", root / "runs"
    monkeypatch.setattr(grid, "LOOK_SECONDS", 0.2)
    machine("first", network=1)
    assert carried_out(data, root) == 0
    found = {str(path.relative_to(kept)): path for path in kept.rglob("*") if path.is_file()}
    (network,) = [name for name in found if name.startswith("features/")]
    cell = "tiny/runs/autoencoder-0"
    assert set(found) == {
        network,
        f"{cell}/cell.json",
        f"{cell}/shown.npz",
        *(f"tiny/{name}" for name in ("plan.json", "reference.json", "report.json", "table.csv")),
    }
    texts = "".join(path.read_text() for path in found.values() if path.suffix in (".json", ".csv"))
    assert str(tmp_path) not in texts and str(data.parent) not in texts and "amalgan train tiny.npz" in texts
    report = json.loads(found["tiny/report.json"].read_text())

    shutil.rmtree(runs)  # the repository is all that reaches the other machine
    machine("second")
    assert carried_out(data, root) == 0
    place = runs / "grids" / "tiny"
    assert not (place / "runs" / "autoencoder-0" / "model.safetensors").exists(), "it was not run again"
    assert (place / "report.html").exists()
    again = json.loads((place / "report.json").read_text())
    assert again["table"] == report["table"] and again["features"] == report["features"]
    assert json.loads(found["tiny/report.json"].read_text()) == report

    machine("third", network=2)
    with pytest.raises(UsageError, match=r"the feature network on this machine is .* is measured by"):
        carried_out(data, root)

    page = tables.grids.grids(kept)
    (value,) = report["table"]["autoencoder"]["psnr"]["values"]
    assert "### tiny" in page and f"| {value:.4g} |" in page and "| `autoencoder` | 1 |" in page
    assert all(one["text"] in page for one in report["verdict"])


def test_what_is_finished_is_kept_while_others_are_still_to_come(
    data: Path, tmp_path: Path, machine: Any
) -> None:
    machine("first", network=1)
    root = tmp_path / "repository"
    one = grid.grid_of(["tiny", str(data), *FLAGS], root)
    cell = {"system": "autoencoder", "seed": 0, "state": "done", "reason": None}
    cell |= {"metrics": {"psnr": 20.0}, "names": {"psnr": "PSNR"}, "cost": {"cpu_seconds": 3.0}}
    log = [{"images": at, "loss": 0.5} for at in range(100)]
    grid.writing.write_json(one.runs / "plan.json", plan_of(data, one))
    grid.writing.write_json(
        one.runs / "runs" / "autoencoder-0" / "cell.json", cell | {"log": log, "curve": []}
    )
    one.keep(open_data(str(data)))
    report = json.loads((one.kept / "report.json").read_text())
    assert report["to_come"] == 1 and report["table"]["autoencoder"]["psnr"]["n"] == 1
    assert len(report["cells"][0]["log"]) == grid.POINTS
    whole = json.loads((one.kept / "runs" / "autoencoder-0" / "cell.json").read_text())
    assert whole["log"] == log
    assert "1 cell is still to come" in tables.grids.grids(one.kept.parent)
    (one.runs / "runs" / "autoencoder-0" / "cell.json").unlink()
    one.restore()
    assert json.loads((one.runs / "runs" / "autoencoder-0" / "cell.json").read_text()) == whole


def plan_of(data: Path, one: Any) -> dict[str, Any]:
    """A plan of two seeds."""
    request = CompareOptions(
        data=str(data), systems=("autoencoder",), out=one.runs, seeds=2, images=3200, count=100
    )
    quiet = Console(quiet=True)
    return facts_of(draft_plan(request, quiet), quiet, {}, {})


def test_no_verdict_is_given_before_every_row_has_a_cell() -> None:
    rows: dict[str, Any] = {"systems": [{"name": "a"}, {"name": "b"}], "verdict": [{"text": "pick a"}]}
    assert tables.grids.sentences(rows | {"cells": [{"system": "a"}]}) == [
        "No verdict yet: nothing of b has ended."
    ]
    assert tables.grids.sentences(rows | {"cells": [{"system": "a"}, {"system": "b"}]}) == ["pick a"]


def test_plans_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    def plan(folder: Path, seeds: list[int], *systems: str, images: int = 3200) -> None:
        asked = {"systems": list(systems), "settings": {name: {} for name in systems}, "seeds": seeds}
        asked["samples"] = {}
        entries = [{"name": name, "images": images} for name in systems]
        grid.writing.write_json(folder / "plan.json", {"asked": asked, "systems": entries})

    one = grid.Grid("x", None, [], tmp_path / "runs", tmp_path / "kept")
    plan(one.runs, [0], "gan")
    plan(one.kept, [0, 1], "gan", "fusion")
    one.restore()
    assert json.loads((one.runs / "plan.json").read_text())["asked"]["seeds"] == [0, 1], "the larger one"
    plan(one.kept, [0], "gan")
    one.restore()
    assert json.loads((one.runs / "plan.json").read_text())["asked"]["seeds"] == [0, 1]
    plan(one.kept, [0, 1], "gan", "fusion", images=641)
    with pytest.raises(UsageError, match="hold different plans"):
        one.restore()


@pytest.mark.parametrize("flag", ["--out", "--overwrite", "--json"])
def test_flags_that_are_not_for_a_grid_are_refused(flag: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"a grid has no {flag}"):
        grid.grid_of(["x", "digits", flag, "y"], tmp_path)
    with pytest.raises(UsageError, match="no name for a grid"):
        grid.grid_of(["../x", "digits"], tmp_path)


@pytest.mark.parametrize(
    ("shape", "samples", "rebuilt"), [((64, 64, 3), 24, 8), ((32, 32, 3), 64, 16), ((13,), 64, 16)]
)
def test_of_large_pictures_fewer_are_kept(shape: tuple[int, ...], samples: int, rebuilt: int) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        name: rng.integers(0, 256, (count, *shape), np.uint8)
        for name, count in (("samples", 64), ("real", 16))
    }
    arrays["map"] = rng.normal(size=(40, 2))
    file = io.BytesIO()
    np.savez(file, **arrays)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"ours"
    thinned = io.BytesIO(grid.thin_examples(file.getvalue()))
    kept = np.load(thinned)
    assert zipfile.ZipFile(thinned).comment == b"ours"
    assert (len(kept["samples"]), len(kept["real"]), len(kept["map"])) == (samples, rebuilt, 40)
    assert all((kept[name] == arrays[name][: len(kept[name])]).all() for name in arrays)
