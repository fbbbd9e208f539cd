"""The map of a folder of sounds plays what is clicked, and fetches nothing."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.data import Dataset, open_data
from amalgan.kinds import kind_named
from amalgan.kinds.sound.wav import mu_law
from amalgan.studies.page.atlas import atlas
from amalgan.tasks.embed.embed import Codes, class_names
from page_support import place_of
from sounding import write_notes


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    place = tmp_path_factory.mktemp("notes")
    return open_data(write_notes(place / "notes", 8), DataConfig(cache=str(place / "cache")))


@pytest.fixture(scope="module")
def page(notes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map of sixteen notes."""
    place, records = tmp_path_factory.mktemp("atlas") / "map.html", notes.records
    code = np.random.default_rng(0).standard_normal((len(records), 3)).astype(np.float32)
    atlas(Codes(code=code, label=class_names(records), name=np.array(records.names)), records, place)
    return place


def unbent(found: np.ndarray) -> np.ndarray:
    """What the page makes of bytes."""
    level = (found.astype(np.float64) - 128) / 127
    return np.sign(level) * (256 ** np.abs(level) - 1) / 255


def test_bytes_for_the_page_keep_the_wave_and_quiet_parts_most() -> None:
    wave = np.array([0, 1, -40, 400, -4000, 32000, -32767], np.int16)
    again = unbent(mu_law(wave)) * 32768
    assert again[0] == 0 and np.abs(again - wave).max() < 0.03 * 32768
    assert (np.abs(again - wave) <= 0.025 * np.abs(wave) + 8).all()


def test_the_page_holds_the_sounds(page: Path, notes: Dataset) -> None:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.read_text())
    facts = json.loads(text)
    sound, names = facts["sound"], facts["names"]
    held = np.frombuffer(b64decode(sound["bytes"]), np.uint8).reshape(len(names), sound["length"])
    row = notes.records.names.index(names[5])
    wave = notes.records.pixels([row])[0]
    assert sound["rate"] == 8_000 and sound["length"] == len(wave)
    assert np.corrcoef(unbent(held[5]), wave)[0, 1] > 0.999


def test_a_click_plays_and_a_drag_does_not(page: Path, browser: Any) -> None:
    shown = browser.new_context(viewport={"width": 900, "height": 700}).new_page()
    events: list[str] = []
    shown.on("pageerror", lambda error: events.append(str(error)))
    shown.on("request", lambda request: events.append(request.url))
    shown.goto(page.as_uri())
    shown.wait_for_selector("#map canvas[data-seen='16']")
    assert "A click plays a sound" in shown.text_content("header")
    x, y = place_of(shown, 3)
    shown.mouse.move(x, y)
    shown.mouse.down()
    shown.mouse.move(x + 60, y, steps=3)
    shown.mouse.up()
    assert shown.get_attribute("#map canvas", "data-played") is None
    shown.mouse.click(*place_of(shown, 3))
    assert shown.get_attribute("#map canvas", "data-played") == "3"
    assert {event for event in events if not event.startswith(("file:", "data:"))} == set()
    shown.context.close()


def test_pictures_are_not_played() -> None:
    records = open_data("digits").records
    assert kind_named("image").playable(records.pixels([0]), records.spec) is None
