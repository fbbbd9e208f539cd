"""Callbacks and logging: what is told, when, and what becomes of a run that a callback ends."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import amalgan as ag
from amalgan.core.errors import Interrupted, UsageError
from amalgan.training.events import EventName, Teller
from support import small
from workshop import BATCH, ROUNDS, Workshop, tensors_in

NAMES: tuple[EventName, ...] = ("started", "log", "samples", "validation", "saved", "ended")


def test_every_event_is_told_after_what_it_tells_of(workshop: Workshop) -> None:
    found: list[ag.Event] = []

    def callback(event: ag.Event) -> None:
        found.append(event)
        assert event.path is None or event.path.exists()
        if event.name == "log":
            assert event.path is not None
            line = json.loads(event.path.read_text().splitlines()[-1])
            assert {"images": event.images, **event.values}.items() <= line.items()

    order = workshop.order("fusion")
    workshop.run(order, teller=Teller([callback]))
    assert {event.name for event in found} == set(NAMES)
    assert (found[0].name, found[-1].name) == ("started", "ended")
    assert found[0].values == {"planned_images": ROUNDS * BATCH} and found[0].path == order.out
    assert found[-1].path == order.out / "model.safetensors" and found[-1].round == ROUNDS
    assert [event.images for event in found] == sorted(event.images for event in found)
    sheets = {event.path for event in found if event.name == "samples"}
    assert sheets == set((order.out / "samples").glob("*.png"))
    curve = ag.load(order.out).info["training"]["curve"]
    told = [{"images": event.images, **event.values} for event in found if event.name == "validation"]
    assert told == curve and len(told) == 5
    with pytest.raises(FrozenInstanceError):
        found[0].round = 3  # type: ignore[misc]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [ValueError, ag.AmalganError, KeyboardInterrupt])
def test_a_callback_that_raises_ends_a_run_that_goes_on_as_if_it_never_stopped(
    name: str, kind: type[BaseException], workshop: Workshop
) -> None:
    def callback(event: ag.Event) -> None:
        if event.name == name and (event.images > 4 * BATCH or name == "started"):
            raise kind("enough")

    order = workshop.order("autoencoder", "stopped")
    workshop.run(workshop.order("autoencoder", "whole"))
    expected = Interrupted if kind is KeyboardInterrupt else kind
    with pytest.raises(expected) as caught:
        workshop.run(order, teller=Teller([callback]))
    if kind is not KeyboardInterrupt:
        assert str(caught.value) == "enough"
        assert name == "ended" or "go on with resume=True" in caught.value.__notes__[0]
    if name != "ended":
        assert not (order.out / "model.safetensors").exists()
        workshop.run(workshop.order("autoencoder", "stopped", resume=True))
    whole, stopped = (tensors_in(workshop.folder / out) for out in ("whole", "stopped"))
    assert all(torch.equal(value, stopped[key]) for key, value in whole.items())
    one, two = (lines_of(workshop.folder / out) for out in ("whole", "stopped"))
    assert one == two


def lines_of(run: Path) -> list[dict[str, Any]]:
    """The log without times."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def test_a_run_without_a_folder_is_kept_where_a_callback_ends_it(tmp_path: Path) -> None:
    def callback(event: ag.Event) -> None:
        if event.name == "log":
            raise ValueError("enough")

    values = np.random.default_rng(0).normal(size=(60, 5))
    how: dict[str, Any] = {"images": 640, "batch": 32, "settings": small("autoencoder"), "device": "cpu"}
    with pytest.raises(ValueError, match="enough") as caught:
        ag.train("autoencoder", values, callbacks=callback, quiet=True, **how)
    (out,) = re.findall("out='(.*?)', resume=True", caught.value.__notes__[-1])
    again = ag.train("autoencoder", values, out=out, resume=True, quiet=True, **how)
    assert again.info["digest"] == ag.train("autoencoder", values, quiet=True, **how).info["digest"]


def test_logging_has_the_same_events(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "amalgan")
    workshop.run(workshop.order())
    said = [record.getMessage() for record in caplog.records if record.name == "amalgan"]
    assert {line.split(" at ")[0] for line in said} == set(NAMES)
    assert any(re.match(r"validation at \d+ images · psnr \d", line) for line in said)
    assert not logging.getLogger("amalgan").handlers


def test_only_the_first_process_tells(workshop: Workshop) -> None:
    teller = Teller([pytest.fail], silent=True)
    teller.note("saved", object())  # type: ignore[arg-type]
    teller.deliver()


@pytest.mark.parametrize("callbacks", [3, [None], "print", ["print"], {"a": print}])
def test_what_is_no_function_is_refused(callbacks: Any) -> None:
    with pytest.raises(UsageError, match=r"callbacks: found .*; expected functions of one argument"):
        ag.train("autoencoder", "digits", callbacks=callbacks, images=64, quiet=True)
