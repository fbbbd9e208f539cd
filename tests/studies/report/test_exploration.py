"""The exploration of one model: what applies is shown, what does not is absent, and names are text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from amalgan.api.model import Model as ApiModel
from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, open_data
from amalgan.features import Features
from amalgan.studies.explore import Exploration, explore
from amalgan.studies.explore.bars import bars, names_of
from amalgan.studies.explore.directions import DEVIATIONS, PATH_SHARES
from amalgan.studies.html.strips import strip
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.overlay import painted
from hostile import HOSTILE
from invented import read_back

Opened = Callable[[str], tuple[Dataset, Features]]
Trained = Callable[[str, str], Model]
Parsed = Callable[[str], Any]

ALWAYS = {"verdict", "again"}
CODES = {"components", "classes", "pairs"}
SECTIONS = {
    ("autoencoder", "digits"): ALWAYS | CODES | {"neighbors", "looks"},
    ("gan", "digits"): ALWAYS | {"neighbors", "looks"},
    ("fusion", "digits"): ALWAYS | CODES | {"neighbors", "looks"},
    ("fusion", "wine"): ALWAYS | CODES | {"neighbors", "looks"},
    ("autoencoder", "diabetes"): ALWAYS | {"components", "neighbors", "looks"},
    ("gan", "wine"): ALWAYS | {"neighbors", "looks"},
}


@pytest.fixture(scope="session")
def explored(trained: Trained, opened: Opened) -> Callable[[str, str], Exploration]:
    """The exploration of a tiny model, made once."""
    made: dict[tuple[str, str], Exploration] = {}

    def get(system: str, word: str) -> Exploration:
        if (system, word) not in made:
            made[system, word] = explore(
                trained(system, word), opened(word)[0], named=("my run", word), count=100
            )
        return made[system, word]

    return get


Explored = Callable[[str, str], Exploration]


@pytest.mark.parametrize(("system", "word"), SECTIONS, ids=str)
def test_what_applies_is_shown(
    explored: Explored, parsed: Parsed, tmp_path: Path, system: str, word: str
) -> None:
    written = explored(system, word).write(tmp_path / "out")
    assert {path.name for path in written.parent.iterdir()} == {"explore.html", "explore.json"}
    page = parsed(written.read_text())
    assert page.ids() == SECTIONS[system, word]
    assert "script" not in {tag for tag, _ in page.tags}
    assert all(str(a.get("src", "data:")).startswith("data:") and "href" not in a for _, a in page.tags)
    facts = json.loads((written.parent / "explore.json").read_text())
    assert facts == json.loads(json.dumps(explored(system, word).facts))
    assert all(sentence in page.words for sentence in facts["sentences"])
    assert facts["command"] == f"amalgan explore 'my run' {word} --out explored --count 100"


def test_the_numbers_of_the_page_are_those_of_the_file(explored: Explored, parsed: Parsed) -> None:
    for word in ("digits", "wine"):
        made = explored("fusion", word)
        known = set(numbers_in(made.facts)) | {bar.value for look in made.attribution for bar in look.bars}
        assert made.directions is not None
        known |= {
            bar.value
            for way in made.directions.components + made.directions.classes + made.directions.pairs
            for bar in way.bars
        }
        page = parsed(made.page)
        assert page.data and {exact for exact, _ in page.data} <= known
        for exact, rounded in page.data:
            assert read_back(rounded) == pytest.approx(exact, rel=6e-4 if abs(exact) >= 1e-3 else 0.06)


def numbers_in(facts: Any) -> list[float]:
    """Every number, however deep."""
    if isinstance(facts, dict | list):
        return [
            x for each in (facts.values() if isinstance(facts, dict) else facts) for x in numbers_in(each)
        ]
    return [float(facts)] if isinstance(facts, int | float) else []


def test_strips_start_from_the_mean_and_from_test_pictures(explored: Explored) -> None:
    ways = explored("fusion", "digits").directions
    assert ways is not None and len(ways.components) == 4 and len(ways.classes) == 10
    assert sum(ways.all_shares) == pytest.approx(1)
    for way, steps in [
        *((w, DEVIATIONS) for w in ways.components),
        *((w, PATH_SHARES) for w in ways.classes),
    ]:
        assert way.strip is not None and len(way.strip.words) == len(steps) + 1
        assert way.strip.sheet.alt.startswith("24 pictures") and way.strip.words[0][1] == "real"
        assert way.strip.width == way.strip.sheet.width * way.strip.sheet.times
    assert all(0 <= way.facts["before"] <= 1 and 0 <= way.facts["after"] <= 1 for way in ways.pairs)


def test_vectors_are_told_entry_by_entry_in_their_units(explored: Explored, parsed: Parsed) -> None:
    made = explored("fusion", "wine")
    page = parsed(made.page)
    assert "alcohol" in page.words and "proline" in page.words and "img" not in {tag for tag, _ in page.tags}
    assert made.directions is not None and len(made.directions.components[0].bars) == 12
    assert all(name in page.words for name in made.facts["looks"][0]["entries"])


def test_entries_without_names_are_numbered() -> None:
    assert names_of(DataSpec(kind="vector", shape=(2,))) == ["entry 1", "entry 2"]
    assert names_of(DataSpec(kind="vector", shape=(2,), names=("a", "b"))) == ["a", "b"]


def test_maps_say_where_they_are_strongest(explored: Explored) -> None:
    facts = explored("fusion", "digits").facts
    assert [(look["network"], look["on"]) for look in facts["looks"]] == [
        ("encoder", "test"),
        ("critic", "test"),
        ("critic", "generated"),
    ]
    for look in facts["looks"]:
        assert max(abs(each["change"]) for each in look["strongest"]) == pytest.approx(look["largest"])
        assert look["parts"] == 81 and look["n"] == 12


def test_the_same_model_gives_the_same_page(trained: Trained, opened: Opened, explored: Explored) -> None:
    again = explore(trained("fusion", "digits"), opened("digits")[0], named=("my run", "digits"), count=100)
    assert again.page == explored("fusion", "digits").page


def test_a_model_with_nothing_to_explore_says_so(trained: Trained, opened: Opened) -> None:
    class Empty(System):
        pass

    model = trained("gan", "digits")
    empty = Empty(None, model.spec)
    empty.weight = torch.nn.Parameter(torch.zeros(1))
    with pytest.raises(AbilityError, match="neither encodes nor generates and has no critic"):
        explore(replace(model, system=empty), opened("digits")[0])
    with pytest.raises(UsageError, match="count is 3; an exploration needs at least 16"):
        explore(model, opened("digits")[0], count=3)


def test_data_without_a_test_split_stands_in_and_says_so(
    trained: Trained, reading: Any, tmp_path: Path, parsed: Parsed
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "two.npy", pixels)
    model = trained("fusion", "digits")
    data = open_data(tmp_path / "two.npy", reading, like=model.spec, at_least=1)
    page = parsed(explore(model, data, count=16).page)
    assert "all of it stands in for both" in page.words
    assert page.ids() == ALWAYS | {"components", "looks"}


def test_names_are_hostile_too(trained: Trained, tmp_path: Path, reading: Any, parsed: Parsed) -> None:
    model = trained("fusion", "digits")
    classes = HOSTILE[:10]
    held = replace(model, header=model.header | {"spec": model.header["spec"] | {"classes": list(classes)}})
    data = open_data("digits", reading)
    named = replace(data, name=HOSTILE[0])
    page = parsed(explore(held, named, count=30, named=(HOSTILE[8], HOSTILE[10])).page)
    plain = parsed(explore(model, data, count=30).page)
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags}
    assert {name for _, attrs in page.tags for name in attrs} == {
        name for _, attrs in plain.tags for name in attrs
    }
    assert page.ids() == plain.ids()
    assert all(f"to {name}" in page.words for name in classes)


def test_file_names_are_hostile_too(trained: Trained, tmp_path: Path, reading: Any, parsed: Parsed) -> None:
    chance = np.random.default_rng(0)
    names = [f"{k} <img src=x onerror=alert({k})>\x1b\u202e&amp;.png" for k in range(60)]
    for name in names:
        (tmp_path / "pictures").mkdir(exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / "pictures" / name)
    model = trained("fusion", "digits")
    made = explore(model, open_data(tmp_path / "pictures", reading, like=model.spec), count=20)
    page = parsed(made.page)
    assert "\x1b" not in made.page and "\u202e" not in made.page
    assert not [
        attrs for tag, attrs in page.tags if "onerror" in attrs or (tag == "img" and attrs["src"] == "x")
    ]
    assert all(near["train"] in page.words for near in made.facts["neighbors"][0]["nearest"])


def test_few_real_examples_are_counted_not_divided(explored: Explored) -> None:
    (few, _), (many, _) = (explored("fusion", word).facts["neighbors"] for word in ("wine", "digits"))
    assert few["limit_of"] == "the nearest one of 13 unseen real vectors"
    assert many["limit_of"] == "the nearest 1.0 % of 100 unseen real pictures"


def test_the_python_api_writes_the_same(
    trained: Trained, explored: Explored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    page = ApiModel(trained("fusion", "wine")).explore("wine", tmp_path / "out", count=100)
    facts = json.loads((tmp_path / "out" / "explore.json").read_text())
    assert page.is_file() and facts["directions"] == explored("fusion", "wine").facts["directions"]


def test_words_stand_over_their_columns() -> None:
    pictures = np.zeros((4, 8, 16), np.uint8)  # 16 wide: three pixels of the screen each, one between
    made = strip([pictures, pictures], ["a", "b", "c", "d"], "pictures")
    assert made.width == 3 * (4 * 16 + 3)
    assert [place for place, _ in made.words] == [24, 75, 126, 177]


def test_bars_are_in_proportion_and_sorted() -> None:
    found = bars(torch.tensor([0.5, -2.0, 1.0]), torch.tensor([5.0, 6.0, 7.0]), ["a", "b", "c"], 2)
    assert [(bar.name, bar.value, bar.length) for bar in found] == [("b", 6.0, -100.0), ("c", 7.0, 50.0)]
    assert [bar.length for bar in bars(torch.zeros(1), torch.zeros(1), ["a"])] == [0.0]


def test_paint_is_orange_for_blue_against_and_gray_for_nothing() -> None:
    heat = np.array([[1.0, -1.0, 0.0, 0.5]])
    red, blue, none, half = painted(np.full((1, 4), 128, np.uint8), heat, 1.0)[0].astype(int)
    assert red[0] > 200 > red[2] and blue[2] > 200 > blue[0]
    assert len(set(none)) == 1 and none[0] < half[0] < red[0]
    color = painted(np.full((1, 4, 3), 128, np.uint8), heat, 1.0)
    assert np.array_equal(color[0, 2], none)


def test_it_fits_any_width_and_asks_for_nothing(browser: Any, explored: Explored, tmp_path: Path) -> None:
    for word in ("digits", "wine"):
        address = explored("fusion", word).write(tmp_path / word).as_uri()
        for width in (360, 1600):
            page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
            events: list[str] = []
            page.on("console", lambda message, events=events: events.append(message.text))
            page.on("request", lambda request, events=events: events.append(request.url[:15]))
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
            assert set(events) <= {address[:15], "data:image/png;"}
            page.context.close()
