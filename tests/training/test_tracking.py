"""TensorBoard reads what a run wrote for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import amalgan as ag
from amalgan.cli import main
from amalgan.core.errors import UsageError
from amalgan.training import job, tracking
from amalgan.training.events import Event, Teller
from workshop import BATCH, ROUNDS, Workshop


def read(run: Path) -> Any:
    """What TensorBoard knows of a run."""
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = reading.EventAccumulator(str(run / "tensorboard"))
    found.Reload()
    return found


def test_what_the_log_says_is_in_tensorboard(workshop: Workshop) -> None:
    pytest.importorskip("tensorboard")
    workshop.patch.setattr(job, "LOG_ROUNDS", 1)
    order = workshop.order("fusion", track="tensorboard")
    workshop.run(order)
    found = read(order.out)
    lines = [json.loads(line) for line in (order.out / "log.jsonl").read_text().splitlines()]
    expected = {(line["images"], line["autoencoder/faithful"]) for line in lines}
    told = {(event.step, event.value) for event in found.Scalars("autoencoder/faithful")}
    assert len(told) == ROUNDS and sorted(told) == [
        (images, pytest.approx(value, rel=1e-6)) for images, value in sorted(expected)
    ]
    curve = ag.load(order.out).info["training"]["curve"]
    assert [event.step for event in found.Scalars("validation/psnr")] == [point["images"] for point in curve]
    assert sorted(found.Tags()["images"]) == ["samples/generated", "samples/rebuilt"]
    assert found.Images("samples/rebuilt")[0].width > 80


@pytest.mark.parametrize("again", ["resume", "overwrite"])
def test_what_came_after_the_saved_state_is_hidden(again: str, workshop: Workshop) -> None:
    pytest.importorskip("tensorboard")
    workshop.patch.setattr(job, "LOG_ROUNDS", 1)

    def callback(event: Event) -> None:
        if event.images == 5 * BATCH:
            raise ValueError("enough")

    order = workshop.order(track="tensorboard")
    with pytest.raises(ValueError, match="enough"):
        workshop.run(order, teller=Teller([callback]))
    workshop.run(workshop.order(track="tensorboard", **{again: True}))
    steps = [event.step for event in read(order.out).Scalars("autoencoder/reconstruction")]
    assert steps == list(range(BATCH, (ROUNDS + 1) * BATCH, BATCH))


def test_a_missing_package_is_said_before_anything_is_read(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    out = workshop.folder / "none"
    assert main(["train", "digits", "--track", "tensorboard", "--images", "64", "--out", str(out)]) == 2
    assert "needs the package tensorboard. Run: pip install amalgan[tensorboard]" in capsys.readouterr().err
    assert not out.exists()
    with pytest.raises(UsageError, match=r"pip install amalgan\[tensorboard\]"):
        ag.train("gan", "digits", images=64, out=out, track="tensorboard", quiet=True)


def test_what_cannot_be_tracked_is_refused(workshop: Workshop) -> None:
    with pytest.raises(UsageError, match="track is given without out"):
        ag.train("gan", "digits", images=64, track="tensorboard", quiet=True)
    with pytest.raises(UsageError, match="'wandb'; the only tracker is tensorboard"):
        ag.train("gan", "digits", images=64, out=workshop.folder / "x", track="wandb", quiet=True)  # type: ignore[arg-type]
