"""The map to zoom and search in: one file, nothing fetched, names inert, drawn as it should be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amalgan.core.errors import UsageError
from amalgan.data import Dataset, Records
from amalgan.studies.page.atlas import atlas
from amalgan.tasks.embed.embed import Codes, class_names
from amalgan.tasks.embed.map import place_points
from hostile import HOSTILE
from page_support import place_of

Parsed = Callable[[str], Any]


@pytest.fixture(scope="module")
def digits(opened: Callable[[str], tuple[Dataset, Any]]) -> Dataset:
    return opened("digits")[0]


def codes_for(records: Records) -> Codes:
    code = records.take(slice(None)).flatten(1).numpy()
    return Codes(code=code, label=class_names(records), name=np.array(records.names))


@pytest.fixture(scope="module")
def hostile_map(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty digits, each with a name and of a class that would like to be more than that."""
    place = tmp_path_factory.mktemp("atlas") / "map.html"
    records = digits.test.select(slice(len(HOSTILE)))
    spec = replace(records.spec, classes=HOSTILE)
    records = replace(records, spec=spec, labels=np.arange(len(HOSTILE)))
    codes = replace(codes_for(digits.test.select(slice(30))), name=np.array(HOSTILE))
    assert atlas(codes, records, place) and not atlas(codes, records, place)
    return place


def test_names_stand_in_data_that_nothing_can_leave(hostile_map: Path, parsed: Parsed) -> None:
    text = hostile_map.read_text()
    page = parsed(text)
    assert [tag for tag, _ in page.tags].count("script") == 2
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert not set("<>&") & set(data)
    facts = json.loads(data)
    assert len(facts["names"]) == len(facts["classes"]) == 30 and len(facts["labels"]) == 30
    assert all(name.isprintable() for name in facts["names"])
    (policy,) = [attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert not [name for _, attrs in page.tags for name in attrs if name in ("src", "href")]
    assert len(facts["sheets"]) == 1 and facts["sheets"][0].startswith("data:image/png;base64,")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_draws_it_and_obeys_no_name(hostile_map: Path, browser: Any, scheme: str) -> None:
    page = browser.new_context(viewport={"width": 900, "height": 700}, color_scheme=scheme).new_page()
    events: list[str] = []
    page.on("console", lambda message: events.append(message.text))
    page.on("pageerror", lambda error: events.append(str(error)))
    page.on("dialog", lambda dialog: events.append("dialog") or dialog.dismiss())
    page.on("request", lambda request: events.append(request.url[:15]))
    page.goto(hostile_map.as_uri())
    page.wait_for_selector("#map canvas[data-seen='30']")
    assert {event for event in events if not event.startswith(("file:", "data:"))} == set()
    assert page.query_selector("#owned, iframe, svg, main img") is None and "owned" not in page.title()
    assert page.locator("nav button").count() == 30
    if scheme == "light":
        used(page)
    page.context.close()


def used(page: Any) -> None:
    """Search, toggle a class, zoom, and look at a picture."""
    page.locator("nav button").first.click()
    page.wait_for_selector("#map canvas[data-seen='29']")
    page.fill("#words", "SCRIPT>")
    assert page.text_content("#found") == "2 found"
    page.keyboard.press("Enter")
    page.fill("#words", "")
    page.click("#map [aria-label='Show all']")
    for _ in range(6):
        page.click("#map [aria-label='Zoom in']")
    page.wait_for_selector("#map canvas:not([data-seen='29'])")
    assert int(page.get_attribute("#map canvas", "data-seen")) < 29
    page.click("#map [aria-label='Show all']")
    page.wait_for_selector("#map canvas[data-seen='29']")
    page.mouse.move(*place_of(page, 5))
    assert page.is_visible("#map .card")
    assert page.text_content("#map .name") in page.evaluate("document.getElementById('map').facts.names")


def test_many_codes_are_placed_among_their_nearest() -> None:
    random = np.random.default_rng(0)
    group = np.arange(900) % 3
    code = (9 * np.eye(3, 5)[group] + random.standard_normal((900, 5))).astype(np.float32)
    points, how = place_points(code, "components", 0, most=90)
    apart = np.linalg.norm(points[:, None] - points, axis=2) + 9 * np.eye(900)
    assert (group[apart.argmin(1)] == group).mean() > 0.95 and "of 90" in how
    assert points.min() >= 0 and points[:, 0].max() <= 1


def test_other_records_are_refused(digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="as many of both"):
        atlas(codes_for(digits.test), digits.train, tmp_path / "x.html")
