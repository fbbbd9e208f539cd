"""Each tracker has what the run's log has, read by its own library; those that are not installed are skipped."""

from __future__ import annotations

import json
import struct
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import amalgan as ag
from amalgan.cli import main
from amalgan.core.errors import UsageError
from amalgan.training import job, tracked
from amalgan.training.events import Event, Teller
from amalgan.training.tracked import TRACKERS
from workshop import BATCH, ROUNDS, Workshop

TERM = "autoencoder/reconstruction"


class Read(NamedTuple):
    """What a tracker knows."""

    numbers: dict[str, list[tuple[int, float]]]
    """By name: images and value, as written."""
    pictures: set[str]
    settings: dict[str, Any]
    runs: int


def tensorboard(run: Path) -> Read:
    """Event files have neither settings nor several runs."""
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = reading.EventAccumulator(str(run / "tensorboard"))
    found.Reload()
    tags = found.Tags()
    numbers = {name: [(one.step, one.value) for one in found.Scalars(name)] for name in tags["scalars"]}
    return Read(numbers, set(tags["images"]), {"batch": BATCH}, 1)


def mlflow(run: Path) -> Read:
    client = pytest.importorskip("mlflow.tracking").MlflowClient(tracking_uri=(run / "mlflow").as_uri())
    (experiment,) = [one for one in client.search_experiments() if one.name == "amalgan"]
    found = client.search_runs([experiment.experiment_id])
    numbers = {
        name: [(one.step, one.value) for one in client.get_metric_history(found[0].info.run_id, name)]
        for name in found[0].data.metrics
    }
    pictures = {one.path for one in client.list_artifacts(found[0].info.run_id, "samples")}
    assert found[0].info.status == "FINISHED"
    return Read(numbers, pictures, dict(found[0].data.params), len(found))


def wandb(run: Path) -> Read:
    """The records of each offline run: a log of LevelDB, of protocol buffers."""
    proto = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    numbers, pictures, settings, names = defaultdict(list), set(), {}, set()
    for file in sorted((run / "wandb").glob("offline-run-*/*.wandb")):
        names.add(file.stem)
        for record in ended(file, proto.Record.FromString):
            settings |= {one.key: json.loads(one.value_json) for one in record.run.config.update}
            line = {
                one.key or ".".join(one.nested_key): json.loads(one.value_json) for one in record.history.item
            }
            images = line.pop("images", 0)
            pictures |= {name.split(".")[0] for name in line if name.startswith("samples")}
            for name, value in line.items():
                if not name.startswith(("_", "samples")):
                    numbers[name].append((images, value))
    return Read(dict(numbers), pictures, settings, len(names))


def ended(file: Path, parse: Callable[[bytes], Any]) -> list[Any]:
    """The records of a run that is over: where a run goes on, its own process may write a moment longer."""
    for _ in range(200):
        records = [parse(data) for data in whole(file.read_bytes())]
        if records and records[-1].WhichOneof("record_type") == "exit":
            return records
        time.sleep(0.1)
    raise AssertionError(f"{file} never ended")


def whole(data: bytes) -> Iterator[bytes]:
    """Yield the records of a log of LevelDB, which may go over several blocks of 32 KiB."""
    at, parts = 7, b""
    while at < len(data):
        if (left := 32768 - at % 32768) < 7:
            at += left
            continue
        if at + 7 > len(data):
            return  # it is being written
        length, kind = struct.unpack("<HB", data[at + 4 : at + 7])
        parts, at = parts + data[at + 7 : at + 7 + length], at + 7 + length
        if kind in (1, 4):
            yield parts
            parts = b""


def trackio(run: Path) -> Read:
    storage = pytest.importorskip("trackio.sqlite_storage").SQLiteStorage
    names = [name for name in storage.get_runs("amalgan") if name.startswith(f"{run.name}-")]
    numbers, pictures = defaultdict(list), set()
    for line in storage.get_logs("amalgan", names[0]):
        for name, value in line.items():
            if name.startswith("samples"):
                pictures.add(name)
            elif name not in ("step", "timestamp"):
                numbers[name].append((line["step"], value))
    return Read(dict(numbers), pictures, storage.get_run_config("amalgan", names[0]), len(names))


READERS: dict[str, Callable[[Path], Read]] = {
    "tensorboard": tensorboard,
    "mlflow": mlflow,
    "wandb": wandb,
    "trackio": trackio,
}


@pytest.fixture(params=READERS)
def tracker(request: pytest.FixtureRequest, workshop: Workshop) -> str:
    """The name of a tracker that is installed, and that stays on this machine."""
    name = str(request.param)
    pytest.importorskip(TRACKERS[name].package)
    workshop.patch.setenv("WANDB_MODE", "offline")
    workshop.patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    workshop.patch.setenv("TRACKIO_DIR", str(workshop.folder / "trackio"))
    for module in [one for one in sys.modules if one.split(".")[0] == "trackio"]:
        workshop.patch.delitem(sys.modules, module)  # it reads its place when it is imported
    workshop.patch.setattr(job, "LOG_ROUNDS", 1)
    return name


def logged(run: Path, name: str) -> list[tuple[int, float]]:
    """What log.jsonl says: images and value."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [(line["images"], line[name]) for line in lines if name in line]


def test_what_the_log_says_is_in_the_tracker(tracker: str, workshop: Workshop) -> None:
    order = workshop.order(track=tracker)
    workshop.run(order)
    found = READERS[tracker](order.out)
    told = sorted(found.numbers[TERM])
    assert told == [(images, pytest.approx(value, rel=1e-6)) for images, value in logged(order.out, TERM)]
    assert len(told) == ROUNDS
    curve = ag.load(order.out).info["training"]["curve"]
    assert sorted(images for images, _ in found.numbers["validation/psnr"]) == [
        one["images"] for one in curve
    ]
    assert len(found.numbers["model/validation_psnr"]) == 1
    assert found.pictures == {"samples/generated", "samples/rebuilt"}
    assert str(found.settings["batch"]) == str(BATCH) and found.runs == 1


def test_a_run_that_goes_on_is_the_same_run(tracker: str, workshop: Workshop) -> None:
    def callback(event: Event) -> None:
        if event.images == 5 * BATCH:
            raise ValueError("enough")

    order = workshop.order(track=tracker)
    with pytest.raises(ValueError, match="enough"):
        workshop.run(order, teller=Teller([callback]))
    workshop.run(workshop.order(track=tracker, resume=True))
    found = READERS[tracker](order.out)
    steps = sorted({images for images, _ in found.numbers[TERM]})
    assert steps == list(range(BATCH, (ROUNDS + 1) * BATCH, BATCH)) and found.runs == 1


def test_tensorboard_hides_what_a_run_that_is_replaced_wrote(workshop: Workshop) -> None:
    pytest.importorskip("tensorboard")
    workshop.patch.setattr(job, "LOG_ROUNDS", 1)

    def callback(event: Event) -> None:
        if event.images == 5 * BATCH:
            raise ValueError("enough")

    order = workshop.order(track="tensorboard")
    with pytest.raises(ValueError, match="enough"):
        workshop.run(order, teller=Teller([callback]))
    workshop.run(workshop.order(track="tensorboard", overwrite=True))
    steps = [images for images, _ in tensorboard(order.out).numbers[TERM]]
    assert steps == list(range(BATCH, (ROUNDS + 1) * BATCH, BATCH))


class Broken:
    """A tracker whose library fails."""

    def __init__(self, begins: bool) -> None:
        self.begins = begins

    def begin(self, run: Any) -> str:
        if not self.begins:
            raise OSError("no login\nand more")
        return "known"

    def numbers(self, *words: Any) -> None:
        raise OSError("disk full")

    picture = flush = numbers

    def close(self, *, ended: bool) -> None:
        raise OSError("disk full")


def test_a_tracker_that_fails_does_not_stop_training(workshop: Workshop) -> None:
    workshop.patch.setattr("amalgan.training.tracking.tensorboard.TensorBoard", lambda: Broken(True))
    order = workshop.order(track="tensorboard")
    with pytest.warns(
        RuntimeWarning, match=r"--track tensorboard fails: disk full\. Training goes on"
    ) as said:
        workshop.run(order)
    assert len([one for one in said if "tensorboard" in str(one.message)]) == 1
    assert (order.out / "model.safetensors").exists()
    assert json.loads((order.out / "tracker.json").read_text())["tensorboard"] == "known"


def test_a_tracker_that_cannot_begin_is_one_sentence(workshop: Workshop) -> None:
    workshop.patch.setattr("amalgan.training.tracking.tensorboard.TensorBoard", lambda: Broken(False))
    workshop.patch.setattr("warnings.warn", lambda *words, **named: None)
    with pytest.raises(
        UsageError, match=r"^--track tensorboard cannot begin: no login\. Mend that, or leave"
    ):
        workshop.run(workshop.order(track="tensorboard"))


@pytest.mark.parametrize("name", TRACKERS)
def test_a_missing_package_is_said_before_anything_is_read(
    name: str, workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracked, "find_spec", lambda name: None)
    out = workshop.folder / "none"
    assert main(["train", "digits", "--track", name, "--images", "64", "--out", str(out)]) == 2
    assert f"needs the package {name}. Run: pip install amalgan[{name}]" in capsys.readouterr().err
    assert not out.exists()
    with pytest.raises(UsageError, match=rf"pip install amalgan\[{name}\]"):
        ag.train("gan", "digits", images=64, out=out, track=name, quiet=True)  # type: ignore[arg-type]


def test_what_cannot_be_tracked_is_refused(workshop: Workshop) -> None:
    with pytest.raises(UsageError, match="track is given without out"):
        ag.train("gan", "digits", images=64, track="tensorboard", quiet=True)
    with pytest.raises(UsageError, match="'comet'; there are tensorboard, wandb, mlflow, trackio"):
        ag.train("gan", "digits", images=64, out=workshop.folder / "x", track="comet", quiet=True)  # type: ignore[arg-type]
