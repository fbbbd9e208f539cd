"""Tables that notebooks show of what was measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amalgan as ag
from amalgan.config.systems import AutoencoderConfig
from amalgan.core.notebook import between, html_table, number
from amalgan.studies.compare import Comparison
from invented import NAMES, comparison


def cells_of(page: str) -> list[str]:
    """What stands in the places of all tables of a page."""
    return re.findall(r"<td[^>]*>(.*?)</td>", page)


def test_text_in_a_table_does_not_act() -> None:
    page = html_table([["<b>", 3]], ["<script>"])
    assert cells_of(page) == ["&lt;b&gt;", "3"] and "<script>" not in page and "<b>" not in page


@pytest.mark.parametrize(
    ("value", "said"),
    [(3.14159, "3.142"), (12345678, "1.235e+07"), (None, "none"), (True, "none"), ("x", "none")],
)
def test_numbers_have_four_digits(value: object, said: str) -> None:
    assert number(value) == said


def test_an_interval_is_in_brackets_or_nothing() -> None:
    assert (between((1, 2.5)), between(())) == ("[1, 2.5]", "")


def test_a_comparison_shows_its_table(tmp_path: Path) -> None:
    found = Comparison(tmp_path, comparison(tmp_path))
    cells = cells_of(found._repr_html_())
    shown = [one["key"] for one in found.report["measures"] if one["headline"]]
    assert len(cells) == len(NAMES) * (1 + len(shown)) and shown
    assert [cells[row * (1 + len(shown))] for row in range(len(NAMES))] == list(found.report["table"])
    first = next(iter(found.report["table"].values()))[shown[0]]
    assert cells[1] == f"{first['mean']:.4g} [{first['low']:.4g}, {first['high']:.4g}]"
    assert len(repr(found).splitlines()) == 1 and f"{len(NAMES)} rows" in repr(found)


def test_an_evaluation_shows_every_number_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    settings = AutoencoderConfig(code_size=4)
    model = ag.train("autoencoder", "iris", images=640, settings=settings, device="cpu", quiet=True)
    found = model.evaluate("iris")
    page = found._repr_html_()
    cells = cells_of(page)
    assert cells[0 : 4 * len(found.metrics) : 4] == list(found.metrics)
    assert cells[1 : 4 * len(found.metrics) : 4] == [number(value) for value in found.metrics.values()]
    assert len(cells) == 4 * len(found.metrics) + len(found.warnings)
