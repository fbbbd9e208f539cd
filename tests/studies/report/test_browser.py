"""The page as a browser shows it: no request, no overflow, light and dark, on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from amalgan.studies.compare.page.page import comparison_page
from invented import comparison


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("study")
    (folder / "page.html").write_text(comparison_page(comparison(folder), folder))
    return (folder / "page.html").as_uri()


def look(browser: Any, address: str, *, width: int = 1200, dark: bool = False) -> tuple[Any, list[str]]:
    """The page opened, and everything that it asked for or complained of."""
    scheme = "dark" if dark else "light"
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    events: list[str] = []
    page.on("console", lambda message: events.append(message.text))
    page.on("pageerror", lambda error: events.append(str(error)))
    page.on("request", lambda request: events.append(request.url[:30]))
    page.goto(address)
    return page, events


def test_it_asks_for_nothing_and_complains_of_nothing(browser: Any, address: str) -> None:
    page, events = look(browser, address)
    assert events[0] == address[:30]
    assert {event[:15] for event in events[1:]} <= {"data:image/png;"}
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert page.evaluate("getComputedStyle(document.images[0]).imageRendering") == "pixelated"
    assert (
        page.evaluate(
            "performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length"
        )
        == 0
    )
    page.context.close()


@pytest.mark.parametrize("width", [360, 1600])
def test_it_fits_any_width(browser: Any, address: str, width: int) -> None:
    page, _ = look(browser, address, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = "[...document.querySelectorAll('p, li, h1, h2, h3, pre, dd, svg.plot')]"
    assert page.evaluate(f"Math.max(...{inside}.map(e => e.getBoundingClientRect().right))") <= width
    page.context.close()


def test_light_and_dark_differ_and_both_can_be_read(browser: Any, address: str) -> None:
    papers = []
    for dark in (False, True):
        page, _ = look(browser, address, dark=dark)
        colors = page.evaluate("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
        paper, ink = (np.array([int(n) for n in color[4:-1].split(",")]) for color in colors)
        assert contrast(paper, ink) > 7
        papers.append(paper.mean())
        page.context.close()
    assert papers[0] > 240 and papers[1] < 40


def contrast(a: Any, b: Any) -> float:
    """Contrast of two colors as WCAG 2 defines it."""

    def light(color: Any) -> float:
        linear = np.where(color <= 10, color / 255 / 12.92, ((color / 255 + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_it_prints_on_white_whatever_the_screen(browser: Any, address: str, tmp_path: Path) -> None:
    page, _ = look(browser, address, dark=True)
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF-") and pdf.count(b"/Type /Page\n") >= 3
    page.emulate_media(media="print")
    page.screenshot(path=tmp_path / "print.png")
    pixels = np.asarray(Image.open(tmp_path / "print.png").convert("L"))
    assert np.median(pixels) == 255
    page.context.close()


def test_keys_reach_what_can_be_opened_or_scrolled(browser: Any, address: str) -> None:
    page, _ = look(browser, address)
    reached = []
    while "SUMMARY" not in reached and len(reached) < 9:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.tagName"))
    assert reached == ["A", "DIV", "SUMMARY"]  # what happened; the table, which may scroll; all measures
    assert not page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    page.context.close()
