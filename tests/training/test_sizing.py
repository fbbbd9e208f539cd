"""The size of pictures follows from the pictures and the time; everything that says a size goes before that."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.data.decoding.proportions import choose_size, possible_sizes
from amalgan.training import sizing, speed
from amalgan.training.processes import Processes
from amalgan.training.speed import Speed
from workshop import BATCH, Workshop

FLOWERS = np.array([[128, 128]] * 4000)
AS_MEASURED = Speed(fixed=0, each=0.9e-6)
"""Seconds a pixel of one quiet core."""


def picked(offers: list[sizing.Offer]) -> str:
    (only,) = (offer.text for offer in offers if offer.proposed)
    return only


@pytest.mark.parametrize(
    ("minutes", "count", "expected"),
    [
        (0.1, 4000, "16x16"),
        (1, 4000, "32x32"),
        (5, 4000, "64x64"),
        (10, 4000, "64x64"),
        (15, 4000, "80x80"),
        (30, 4000, "128x128"),
        (60, 4000, "128x128"),
        (24 * 60, 4000, "128x128"),  # no picture has more pixels
        (10, 1000, "96x96"),  # fewer pictures are learned sooner
        (10, 40, "96x96"),  # but not in fewer rounds than any takes
        (30, 100_000, "96x96"),  # and of many, not every one has to be seen as often
    ],
)
def test_the_time_decides_within_what_the_pictures_show(minutes, count, expected):
    assert picked(sizing.offers(FLOWERS, count, minutes * 60, AS_MEASURED)) == expected


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.integers(1, 10**6))
def test_more_time_never_gives_a_smaller_size(first, second, count):
    less, more = (sizing.offers(FLOWERS, count, seconds, AS_MEASURED) for seconds in sorted((first, second)))
    order = [offer.text for offer in less]
    assert order.index(picked(less)) <= order.index(picked(more))


def test_offers_say_what_each_size_costs():
    sizes = np.array([[48, 256]] * 100)
    offers = sizing.offers(sizes, 100, 60, Speed(fixed=1e-3, each=1e-6))
    assert [offer.size for offer in offers] == possible_sizes(sizes)
    assert [offer.size for offer in offers if offer.usual] == [choose_size(sizes)[0]]
    for offer in offers:
        height, width = offer.size
        assert offer.images_a_second == pytest.approx(1 / (1e-3 + 1e-6 * height * width))
        assert offer.seen == pytest.approx(60 * offer.images_a_second / 100)


def test_a_small_size_that_pictures_share_stays_whatever_the_time():
    sizes = np.array([[28, 28]] * 100)
    for seconds in (1, 1e6):
        assert picked(sizing.offers(sizes, 100, seconds, AS_MEASURED)) == "28x28"


@given(st.floats(0, 1), st.floats(1e-9, 1))
def test_the_speed_is_the_line_through_two_measurements(fixed, each):
    line = Speed.between((100, fixed + each * 100), (400, fixed + each * 400))
    if fixed <= 2 * each * 400:  # else a pixel hardly counts, and chance decides how much
        assert line.fixed == pytest.approx(fixed, abs=1e-6) and line.each == pytest.approx(each, rel=1e-3)


def test_a_disturbed_measurement_makes_no_size_free():
    for line in (Speed.between((100, 5.0), (400, 1.0)), Speed.between((100, 0.0), (400, 1.0))):
        assert line.fixed >= 0 and 0.25 / 400 <= line.each <= 1 / 400


@pytest.mark.parametrize("system", ["autoencoder", "gan", "fusion"])
def test_what_is_measured_foretells_another_size(system, workshop: Workshop, tmp_path: Path):
    order, peers = workshop.order(system, batch=64), Processes()
    found = speed.measure(order, aspect=1, channels=1, peers=peers, clock=time.process_time)
    made = speed.of_noise(order, tmp_path, (96, 96), 1, peers)
    seconds = speed.timed(made, peers, time.process_time)[1]
    assert 0.4 < seconds * found.images_a_second((96, 96)) < 2.5


@pytest.fixture
def wide(workshop: Workshop) -> TrainOptions:
    """An order to train five minutes on pictures of 60x180."""
    chance = np.random.default_rng(0)
    folder = workshop.folder / "wide"
    folder.mkdir()
    for number in range(40):
        Image.fromarray(chance.integers(0, 256, (60, 180)).astype(np.uint8)).save(folder / f"{number}.png")
    return workshop.order(data=str(folder), images=None, minutes=5.0)


def sized(order: TrainOptions, workshop: Workshop) -> tuple[str | None, str | None]:
    found, why = sizing.sized(order, Processes(), workshop.console)
    return found.reading.size, why


def of_speed(found: Speed, workshop: Workshop) -> list[float]:
    """Let every measurement give ``found``; the proportions that are measured are added to the list."""
    aspects: list[float] = []

    def measure(order: TrainOptions, *, aspect: float, **_: Any) -> Speed:
        aspects.append(aspect)
        return found

    workshop.patch.setattr(sizing, "measure", measure)
    return aspects


@pytest.mark.parametrize(
    ("seconds_a_pixel", "size", "words"),
    [
        (1e-8, "56x168", "56x168: the time is enough for more than 36x108"),
        (1e-6, None, "36x108: the median picture is 3 times as wide as high"),
        (1e-4, "8x24", "8x24: the time is too short for 36x108"),
    ],
)
def test_train_fixes_the_size_and_says_why(seconds_a_pixel, size, words, wide, workshop: Workshop):
    aspects = of_speed(Speed(fixed=0, each=seconds_a_pixel), workshop)
    found, why = sized(wide, workshop)
    assert found == size and why is not None and why.startswith(words)
    assert "5 minutes show each picture about" in why
    assert aspects == [pytest.approx(3)]


def test_nothing_is_measured_where_nothing_is_to_be_chosen(wide, workshop: Workshop):
    workshop.patch.setattr(sizing, "measure", lambda *_, **__: pytest.fail("measured"))
    asked = replace(wide, reading=replace(wide.reading, size="16"))
    assert sized(asked, workshop) == ("16", None)
    assert sized(replace(wide, images=160, minutes=None), workshop) == (None, None)
    assert sized(workshop.order(images=None), workshop) == (None, None)  # all are 8x8
    np.save(workshop.folder / "v.npy", np.zeros((40, 3)))
    assert sized(replace(wide, data=str(workshop.folder / "v.npy")), workshop) == (None, None)


def test_a_part_of_the_pictures_counts_as_a_part():
    for keep, expected in ((None, 400), (0.25, 100), (60, 60), (1000, 400)):
        assert sizing.kept(400, DataConfig(keep=keep)) == expected


def test_a_run_that_goes_on_keeps_its_size_on_a_machine_of_another_speed(wide, workshop: Workshop, capsys):
    of_speed(Speed(fixed=0, each=1e-4), workshop)
    order = replace(wide, minutes=0.02)
    workshop.run(order)
    said = capsys.readouterr().err
    assert "size 8x24: the time is too short for 36x108" in said and "; nothing is cut away" in said
    assert json.loads((order.out / "run.json").read_text())["reading"]["size"] == "8x24"
    of_speed(Speed(fixed=0, each=1e-9), workshop)
    assert workshop.run(replace(order, resume=True)).resumed_at_images is not None


def test_a_run_that_begins_with_a_model_has_its_size(wide, workshop: Workshop):
    first = replace(wide, images=4 * BATCH, minutes=None, reading=replace(wide.reading, size="16x24"))
    model = workshop.run(first).model
    then = replace(wide, out=workshop.folder / "then", init=model)
    assert sized(then, workshop) == ("16x24", None)


def test_resume_without_a_run_chooses(wide, workshop: Workshop):
    of_speed(Speed(fixed=0, each=1e-4), workshop)
    assert sized(replace(wide, resume=True), workshop)[0] == "8x24"
