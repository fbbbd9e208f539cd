"""A comparison grows by rows and seeds, and by nothing else; what is finished stays as it is."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

from amalgan.cli.parsing import parse
from amalgan.config.compare_options import CompareOptions
from amalgan.config.data import DataConfig
from amalgan.core import files
from amalgan.core.errors import DataError, FileError, UsageError
from amalgan.data import open_data
from amalgan.evaluation.scores.score import Trial
from amalgan.evaluation.scores.utility import real_utility
from amalgan.features import Features
from amalgan.studies.compare import compare, outputs, plan, planning, timing
from amalgan.studies.compare.comparison import cell_jobs
from amalgan.studies.compare.plan import Plan
from amalgan.studies.compare.planning import draft_plan, load_or_make_plan

QUIET = Console(quiet=True)
VARIANT = "autoencoder:code-size=3"


def asked(out: Path, **more: Any) -> CompareOptions:
    plain = CompareOptions(data="wine", systems=("autoencoder",), out=out, seeds=1, images=640, count=30)
    return replace(plain, **more)


def plan_of(request: CompareOptions) -> Plan:
    return load_or_make_plan(draft_plan(request, QUIET), QUIET)


@pytest.fixture
def before(tmp_path: Path) -> Plan:
    """A comparison of one row and one seed."""
    return plan_of(asked(tmp_path))


def test_rows_and_seeds_are_added_and_the_rest_is_as_it_was(before: Plan) -> None:
    grown = plan_of(asked(before.folder, systems=("gan", "autoencoder", VARIANT), seeds=2))
    assert grown.systems["autoencoder"] == before.systems["autoencoder"]
    rates = (plan.facts["times"]["images_a_cpu_minute"] for plan in (before, grown))
    assert next(rates)["autoencoder"] == next(rates)["autoencoder"], "it is not timed again"
    assert list(grown.systems) == ["gan", "autoencoder", VARIANT] and grown.seeds == [0, 1]
    assert grown.systems[VARIANT].settings["code_size"] == 3
    assert grown.facts == Plan.read(before.folder).facts
    assert len(cell_jobs(grown)) == 6
    again = plan_of(asked(before.folder, systems=("gan", "autoencoder", VARIANT), seeds=2))
    assert again.facts == grown.facts


def test_examples_made_elsewhere_join_and_those_that_are_there_stay(before: Plan, tmp_path: Path) -> None:
    for name in ("a", "b"):
        np.savez(
            tmp_path / f"{name}.npz", x=np.random.default_rng(0).normal(size=(30, 13)).astype(np.float32)
        )
    first = plan_of(asked(before.folder, samples=(f"a={tmp_path / 'a.npz'}",)))
    assert list(first.outside) == ["a"] and first.systems == before.systems
    both = plan_of(asked(before.folder, samples=(f"a={tmp_path / 'a.npz'}", f"b={tmp_path / 'b.npz'}")))
    assert list(both.outside) == ["a", "b"] and len(cell_jobs(both)) == 3
    np.savez(tmp_path / "a.npz", x=np.zeros((30, 13), np.float32))
    with pytest.raises(UsageError, match=r"samples\.a"):
        plan_of(asked(before.folder, samples=(f"a={tmp_path / 'a.npz'}", f"b={tmp_path / 'b.npz'}")))
    with pytest.raises(UsageError, match=r"samples\.a"):
        plan_of(asked(before.folder))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": 1280}, "images: 640, now 1280"),
        ({"batch": 32}, "batch: 64, now 32"),
        ({"precision": "bfloat16"}, "precision: 'float32', now 'bfloat16'"),
        ({"reading": DataConfig(keep=0.5)}, "reading.keep: None, now 0.5"),
        ({"count": 20}, "count: 30, now 20"),
        ({"seed": 1}, "seed: 0, now 1"),
        ({"seeds": 2, "tries": 2}, "tries: 1, now 2"),
        ({"systems": ("gan",)}, "systems: ['autoencoder'], now []"),
    ],
)
def test_whatever_else_differs_is_refused(before: Plan, changes: dict[str, Any], said: str) -> None:
    stood = (before.folder / "plan.json").read_bytes()
    with pytest.raises(UsageError) as caught:
        plan_of(asked(before.folder, **{"systems": ("autoencoder", "gan")} | changes))
    assert said in str(caught.value) and "let it grow" in str(caught.value)
    assert (before.folder / "plan.json").read_bytes() == stood


def test_a_plan_is_measured_by_one_feature_network(before: Plan) -> None:
    facts = json.loads((before.folder / "plan.json").read_text())
    assert Plan.read(before.folder).features.name == facts["asked"]["features"]
    facts["asked"]["features"] = "another"
    files.write_json(before.folder / "plan.json", facts)
    with pytest.raises(
        FileError, match="measured by the feature network another, but the cache holds standardized"
    ):
        _ = Plan.read(before.folder).features


def test_another_device_is_another_comparison(before: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        before.asked.device == "cpu"
        and before.order("autoencoder", 0, settings=None, out=Path()).device == "cpu"
    )
    monkeypatch.setattr(plan, "device_of", lambda request: "cuda")
    with pytest.raises(UsageError, match="device: 'cpu', now 'cuda'"):
        plan_of(asked(before.folder))


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(UsageError, match=f"--device {missing}: torch sees none"):
        plan_of(asked(tmp_path, device=missing))


def test_minutes_on_an_accelerator_are_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    request = asked(Path("x"), images=None, cpu_minutes=2.0)
    assert planning.budget_of(request)["text"].startswith(
        "2 CPU-minutes of training for every cell, on one thread"
    )
    assert timing.clock_of("cpu") is time.process_time
    monkeypatch.setattr(planning, "device_of", lambda request: "cuda")
    assert planning.budget_of(request)["text"].startswith(
        "2 minutes of training for every cell, alone on cuda"
    )
    waits: list[str] = []
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda: waits.append("waited"))
    started_at = time.perf_counter()
    assert started_at < timing.clock_of("cuda")() < time.perf_counter() and waits == ["waited"]


def test_what_joins_on_a_faster_machine_gets_no_more_than_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"autoencoder": 64_000.0, "gan": 32_000.0}
    monkeypatch.setattr(timing, "images_a_minute", lambda request, run, data: rates[run.system])
    minutes = {"images": None, "cpu_minutes": 1.0}
    plan_of(asked(tmp_path, **minutes))
    rates |= {name: 2 * rate for name, rate in rates.items()}
    grown = plan_of(asked(tmp_path, **minutes, systems=("autoencoder", "gan")))
    assert [entry.images for entry in grown.systems.values()] == [64_000, 32_000]
    assert grown.facts["times"]["images_a_cpu_minute"] == {"autoencoder": 64_000, "gan": 32_000}


def test_a_plan_from_before_a_setting_was_there_has_its_default(before: Plan) -> None:
    facts = json.loads((before.folder / "plan.json").read_text())
    del facts["asked"]["settings"]["autoencoder"]["denoise"], facts["asked"]["reading"]["keep"]
    del facts["asked"]["device"]
    files.write_json(before.folder / "plan.json", facts)
    assert plan_of(asked(before.folder)).asked == before.asked


def test_a_comparison_that_was_moved_speaks_of_where_it_is(before: Plan, tmp_path_factory: Any) -> None:
    there = tmp_path_factory.mktemp("elsewhere")
    (there / "plan.json").write_bytes((before.folder / "plan.json").read_bytes())
    moved = plan_of(asked(there))
    assert f"--out {there}" in moved.facts["command"] and str(before.folder) not in json.dumps(moved.facts)
    same = ("asked", "systems", "times", "budget", "data")
    assert all(moved.facts[name] == before.facts[name] for name in same)


def test_fewer_seeds_are_refused(tmp_path: Path) -> None:
    plan_of(asked(tmp_path, seeds=3))
    with pytest.raises(UsageError, match=r"seeds: \[0, 1, 2\], now \[0, 1\]"):
        plan_of(asked(tmp_path, seeds=2))


def test_finished_cells_are_not_run_again(before: Plan, invent: Any) -> None:
    (cell,) = invent.of("autoencoder", squared_error=[0.123])
    files.write_json(before.cell("autoencoder", 0) / "cell.json", cell.to_json())
    files.write_json(before.folder / "reference.json", {"metrics": {}, "names": {}})
    found = compare(asked(before.folder, systems=("autoencoder", VARIANT)), QUIET).report
    assert found["table"]["autoencoder"]["squared_error"]["mean"] == 0.123
    assert not (before.cell("autoencoder", 0) / "model.safetensors").exists()
    run = json.loads((before.cell(VARIANT, 0) / "run.json").read_text())
    assert run["system"] == "autoencoder" and run["settings"]["code_size"] == 3
    (row,) = [row for row in found["systems"] if row["name"] == VARIANT]
    assert (row["system"], row["changed"]) == ("autoencoder", {"code-size": "3"})
    assert found["table"][VARIANT]["squared_error"]["mean"] > 0
    assert " --system autoencoder " in row["command"] and " --code-size 3 " in row["command"]
    assert f"--systems autoencoder,{VARIANT} " in found["command"]


def test_labels_are_hidden_from_training_and_not_from_who_judges(tmp_path: Path) -> None:
    made = plan_of(asked(tmp_path, reading=DataConfig(labeled=6)))
    assert made.order("autoencoder", 0, settings=None, out=tmp_path).reading.labeled == 6
    assert len(made.data.labeled) == len(made.data.train) > 6
    for line in (made.facts["command"], outputs.command(made, "autoencoder")):
        assert "--labeled 6" in line
    command: Any = parse(made.facts["command"].split()[1:])
    assert command.reading.labeled == 6
    with pytest.raises(DataError, match="--labeled 1 leaves 1 labels"):
        plan_of(asked(tmp_path / "other", reading=DataConfig(labeled=1)))


def test_precision_and_keep_are_planned_and_stand_in_the_commands(tmp_path: Path) -> None:
    request = asked(tmp_path, precision="bfloat16", reading=DataConfig(keep=0.5))
    plan = plan_of(request)
    assert (plan.asked.precision, plan.asked.reading.keep) == ("bfloat16", 0.5)
    order = plan.order("autoencoder", 0, settings=None, out=tmp_path)
    assert (order.precision, order.reading.keep) == ("bfloat16", 0.5)
    assert plan.facts["data"]["train"] == len(plan.data.train) == round(len(plan.data.whole) / 2)
    for line in (plan.facts["command"], outputs.command(plan, "autoencoder")):
        assert "--precision bfloat16" in line and "--keep 0.5" in line
    words = plan.facts["command"].split()[1:]
    command: Any = parse(words)
    assert (command.precision, command.reading.keep) == ("bfloat16", 0.5)


def test_what_is_kept_is_trained_on_and_copied_from_and_the_rest_only_measures() -> None:
    data = open_data("digits", DataConfig(keep=100))

    class Bare:
        """Pictures are their own features."""

        def __call__(self, x: Any) -> Any:
            return x.flatten(1).double()

    trial = Trial(data=data, features=Bare(), count=150, seed=0)  # type: ignore[arg-type]
    assert (len(data.train), len(trial.training_features), len(trial.floor)) == (100, 100, 150)
    kept = {row.numpy().tobytes() for row in data.train.take(slice(None)).flatten(1).double()}
    assert {row.numpy().tobytes() for row in trial.training_features} == kept
    assert len({row.numpy().tobytes() for row in trial.floor} - kept) > 100


def test_the_reference_of_usefulness_says_that_it_saw_what_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amalgan.features.classifier.LEAST_ROUNDS", 5)
    monkeypatch.setattr("amalgan.evaluation.scores.utility.IMAGES", 640)
    for keep, said in ((60, "trained on 60 real training examples only, of 60 kept of "), (None, "only, 1")):
        data = open_data("digits", DataConfig(keep=keep))
        features = Features("none", None, labeled=True)  # type: ignore[arg-type]
        (score,) = real_utility(Trial(data=data, features=features, count=2000, seed=0))
        assert said in score.name and np.isfinite(score.value or np.nan)
