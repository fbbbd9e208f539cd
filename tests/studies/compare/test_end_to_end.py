"""A whole comparison, killed and gone on with: its report is that of one that ran through."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from amalgan.cli import main
from amalgan.config.compare_options import CompareOptions
from amalgan.config.data import DataConfig
from amalgan.core.errors import Interrupted, UsageError
from amalgan.data import open_data
from amalgan.studies.compare import outputs, reproducible, tuning, worker
from amalgan.studies.compare.cells import Crew, Job, hold_comparison
from amalgan.studies.compare.comparison import try_jobs
from amalgan.studies.compare.measures import catalog
from amalgan.studies.compare.planning import draft_plan, load_or_make_plan
from amalgan.studies.compare.timing import one_thread
from amalgan.systems import registry
from amalgan.training.hooks import Signals

EXAMPLE = Path(__file__).parents[3] / "examples" / "plugin_example.py"
DIVERGING = '''

@register("=diverging()")
class Diverging(Wae):
    """Its loss is no number."""

    def loss(self, batch: Batch, tick: Tick) -> Step:
        step = Wae.loss(self, batch, tick)
        return Step({name: term / 0.0 for name, term in step.terms.items()})
'''
WORDS = ["compare", "digits", "--systems", "autoencoder,gan,fusion", "--seeds", "1", "--images", "2000"]


def until(happened: Any, process: subprocess.Popen[bytes]) -> None:
    """Wait for it, but not for ever."""
    limit = time.monotonic() + 300
    while not happened():
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.02)


def started(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "amalgan", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def lines(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real pictures of another split, as if another program had made them."""
    place = tmp_path_factory.mktemp("given") / "x.npz"
    data = open_data("digits", DataConfig())
    np.savez(place, x=data.train.pixels(slice(0, 200))[:, 0], label=data.train.labels[:200])
    return place


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory, real: Path) -> Path:
    """Killed hard in its second cell, then gone on with to the end."""
    out = tmp_path_factory.mktemp("compare") / "digits"
    words = [*WORDS, "--count", "100", "--samples", f"given={real}", "--out", str(out)]
    killed = started(words)
    until(lambda: lines(out / "runs" / "gan-0" / "log.jsonl") > 0, killed)
    killed.kill()
    killed.communicate()
    first = (out / "runs" / "autoencoder-0" / "cell.json").stat().st_mtime_ns
    assert main([*words, "--json"]) == 0
    assert (out / "runs" / "autoencoder-0" / "cell.json").stat().st_mtime_ns == first
    return out


@pytest.fixture
def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    return found


def test_every_cell_is_there_and_every_file(out: Path, report: dict[str, Any]) -> None:
    cells = {(cell["system"], cell["seed"]): cell for cell in report["cells"]}
    assert set(cells) == {(name, 0) for name in ("autoencoder", "gan", "fusion", "given")}
    assert {cell["state"] for cell in cells.values()} == {"done"}
    known = {measure.key for measure in catalog()}
    assert all(set(cell["metrics"]) | set(cell["cost"]) <= known for cell in cells.values())
    assert {"model.safetensors", "run.json", "cell.json", "shown.npz"} <= {
        path.name for path in (out / "runs" / "fusion-0").iterdir()
    }
    assert (out / "report.html").read_text().startswith("<!doctype html>")
    with (out / "table.csv").open() as file:
        assert [row["system"] for row in csv.DictReader(file)] == ["autoencoder", "gan", "fusion", "given"]


def test_a_cell_that_was_stopped_ends_where_one_that_ran_through_does(
    out: Path, real: Path, report: dict[str, Any]
) -> None:
    """The gan's first cell was killed and had saved; here it is trained again from its plan, without a stop."""
    (before,) = [cell for cell in report["cells"] if (cell["system"], cell["seed"]) == ("gan", 0)]
    shutil.rmtree(out / "runs" / "gan-0")
    words = [*WORDS, "--count", "100", "--samples", f"given={real}", "--out", str(out)]
    assert main(words) == 0
    again = json.loads((out / "report.json").read_text())
    assert before["metrics"] and before["log"] and reproducible(again) == reproducible(report)


def test_the_cost_of_a_cell_is_its_own(report: dict[str, Any]) -> None:
    for cell in report["cells"][:3]:
        cost = cell["cost"]
        assert 0.2 < cost["cpu_seconds"] < 60 and 150 < cost["peak_memory_mib"] < 2000
        assert cost["images_per_second"] == pytest.approx(2048 / cost["cpu_seconds"])
        assert cost["parameters_model"] >= cost["parameters_trained"] > 0 and cost["flops_train"] > 1e6
    assert report["cells"][3]["cost"] == {}
    work = {cell["system"]: cell["cost"]["flops_train"] for cell in report["cells"][:3]}
    assert work["fusion"] > work["autoencoder"]


def test_what_is_shown_is_drawn_alike(out: Path) -> None:
    arrays = {name: np.load(out / "runs" / f"{name}-0" / "shown.npz") for name in ("gan", "fusion", "given")}
    assert all(found["samples"].shape == (64, 8, 8) for found in arrays.values())
    assert set(arrays["fusion"].files) == {"samples", "real", "faithful", "realistic", "map", "map_label"}
    assert set(arrays["gan"].files) == set(arrays["given"].files) == {"samples"}
    assert arrays["fusion"]["real"].shape == arrays["fusion"]["realistic"].shape == (16, 8, 8)
    assert arrays["fusion"]["map"].shape == (189, 2) and arrays["fusion"]["map"].dtype == np.float32


def test_another_request_is_refused_by_what_differs(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--seed", "3", "--count", "99", "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "count: 100, now 99" in said and "seed: 0, now 3" in said and "samples.given" in said
    assert "--overwrite" in said


def test_real_pictures_given_as_samples_are_found_to_be_copies(report: dict[str, Any]) -> None:
    assert any(note.startswith("given, seed 0, repeats training examples") for note in report["notes"])


def test_a_folder_at_work_is_left_alone(tmp_path: Path) -> None:
    with hold_comparison(tmp_path):
        busy = hold_comparison(tmp_path, patience_seconds=0.0)
        with pytest.raises(UsageError, match="another comparison is at work"), busy:
            raise AssertionError("two comparisons at once")


def test_a_signal_ends_the_workers_and_says_how_to_go_on(out: Path, tmp_path: Path) -> None:
    job = Job("a cell", ("cell", "gan", "0"), tmp_path / "cell.json")
    with hold_comparison(tmp_path) as lock:
        workers = Crew(out, lock, Signals(number=signal.SIGTERM), at_once=1)
        with pytest.raises(Interrupted, match="Give the same command to go on") as caught:
            workers.do([job], lambda job: None)
    assert caught.value.exit_code == 143 and not workers.running


def test_a_worker_that_is_killed_leaves_a_row_that_says_so(out: Path, tmp_path: Path) -> None:
    job, killed = Job("a cell", ("cell", "gan", "0"), tmp_path / "cell.json"), []

    def kill(running: list[Job]) -> None:
        killed.extend(worker.process.kill() for worker in workers.running)

    with hold_comparison(tmp_path) as lock:
        workers = Crew(out, lock, Signals(), at_once=1)
        workers.do([job], lambda job: None, kill)
    assert killed and "SIGKILL, perhaps for want of memory" in workers.troubles[job.result]


def test_the_command_of_a_row_trains_its_first_cell_again(
    out: Path, report: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, in another folder."""
    (row,) = [row for row in report["systems"] if row["name"] == "autoencoder"]
    assert row["command"].startswith("OMP_NUM_THREADS=1 amalgan train digits --system autoencoder ")
    _, _, *words = shlex.split(row["command"])
    monkeypatch.chdir(tmp_path)
    with one_thread():
        assert main(words) == 0
    first, second = (place / "runs" / "autoencoder-0" / "model.safetensors" for place in (out, tmp_path))
    assert first.read_bytes() == second.read_bytes()


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example of a plugin, and a system that diverges."""
    monkeypatch.setattr(registry, "_CLASSES", dict(registry._CLASSES))  # forgotten afterwards
    plugin = tmp_path / "mine.py"
    plugin.write_text(EXAMPLE.read_text() + DIVERGING)
    return plugin


def test_plugins_and_failures(mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All cells but the last are made here; processes load the plugin for the last one, which fails there."""
    out, rows = tmp_path / "out", ("wae", "=diverging()")
    request = CompareOptions(data="wine", systems=rows, out=out, seeds=2, images=640, plugin=mine)
    plan = load_or_make_plan(draft_plan(request, Console(quiet=True)), Console(quiet=True))
    for name, seed in (("wae", "0"), ("wae", "1"), ("=diverging()", "0")):
        worker.cell(plan, name, seed)
    words = ["compare", "wine", "--systems", ",".join(rows), "--seeds", "2", "--images", "640"]
    code = main([*words, "--plugin", str(mine), "--out", str(out), "--json"])
    ran = capsys.readouterr()
    assert code == 3
    found = json.loads(ran.out)
    states = [(cell["system"], cell["state"]) for cell in found["cells"]]
    assert states == [("wae", "done")] * 2 + [("=diverging()", "failed")] * 2
    assert "not finite" in found["cells"][2]["reason"]
    assert "failed or collapsed: 2 cells:\n  =diverging(), seed 0: failed: round 1" in ran.err
    assert any(note.startswith("=diverging() failed with seeds 0, 1: ") for note in found["notes"])
    (entry,) = {name: entry for name, entry in found["table"].items() if entry}.values()
    assert entry["squared_error"]["n"] == 2 and entry["squared_error"]["low"] < entry["squared_error"]["mean"]
    with (out / "table.csv").open() as file:
        assert [row["system"] for row in csv.DictReader(file)] == ["wae", "'=diverging()"]


def test_every_system_is_tried_alike_and_the_best_is_used(mine: Path, tmp_path: Path) -> None:
    request = CompareOptions(
        data="wine",
        systems=("wae", "=diverging()"),
        out=tmp_path,
        seeds=1,
        images=640,
        tries=3,
        plugin=mine,
    )
    quiet = Console(quiet=True)
    plan = load_or_make_plan(draft_plan(request, quiet), quiet)
    for job in try_jobs(plan):
        worker.attempt(plan, *job.words[1:])
    found = tuning.decide(plan)
    assert [one.factor for one in found["wae"]] == [1, 0.5, 2]
    (best,) = [one for one in found["wae"] if one.chosen]
    assert best.score == min(one.score for one in found["wae"])
    assert [one.score for one in found["=diverging()"]] == [None] * 3
    assert (
        tuning.choose_factor(plan, "=diverging()") == 1.0 and tuning.choose_factor(plan, "wae") == best.factor
    )
    tried = json.loads((tmp_path / "tries" / "wae-0.5" / "run.json").read_text())
    assert (tried["images"], tried["seed"]) == (160, plan.facts["tuning"]["seed"])
    assert tried["settings"]["optimizer"]["rate"] == pytest.approx(1e-3)
    assert f"--optimizer.rate {2e-3 * best.factor}" in outputs.command(plan, "wae") or best.factor == 1
