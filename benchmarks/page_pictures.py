"""The pictures of docs/page.md: every view of a page, as Chromium shows it.

amalgan demo
python benchmarks/page_pictures.py runs/demo/demo.html docs/

With --restorer PAGE and --picture FILE also what a restorer's page makes of a picture to which noise was added.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import writing
from page import chromium

WIDE, PHONE = {"width": 1000, "height": 820}, {"width": 380, "height": 780}
COLORS, GAP = 256, 24
PREPARED = {
    "Normal": [("click", "#Normal .thumb >> nth=7", ""), ("click", "#Normal .controls button", "")],
    "Mend": [
        ("click", "#Mend .thumb >> nth=4", ""),
        ("click", "#Mend button.main", ""),
        ("wait", "#Mend button:text('Save as PNG'):enabled", ""),
    ],
    "Make": [("select", "#Make select", "each")],
    "Turn": [
        ("slide", "#Turn [aria-label='to 8']", "1"),
        ("slide", "#Turn [aria-label='component 1']", "-0.8"),
    ],
}
"""What is done in a view before it is shown."""

SHOWS = """view => { const { last } = document.getElementById(view);
  return last === undefined || view === "Mend" || (last && Object.keys(last).length); }"""
"""Whether a view has computed what it shows first."""


def main() -> None:
    """Draw each view on a wide screen, and all of them on a phone."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--restorer", type=Path, help="a restorer's page")
    parser.add_argument("--picture", type=Path, help="what it mends")
    asked = parser.parse_args()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        light = opened(browser, asked.page, WIDE, "light")
        views = light.eval_on_selector_all(
            "[role=tab]", "all => all.map(one => one.getAttribute('aria-controls'))"
        )
        for view in views:
            save(shot(light, view, whole=True), asked.out / f"page_{view.lower()}.png")
        save(shot(light, "Turn", whole=False), asked.out / "page_readme.png")
        phone = opened(browser, asked.page, PHONE, "dark")
        save(beside([shot(phone, view, whole=False) for view in views]), asked.out / "page_phone.png")
        if asked.restorer:
            tab = opened(browser, asked.restorer, WIDE, "light")
            save(restored(tab, asked.picture), asked.out / "page_restorer.png")


def restored(tab: Page, picture: Path) -> Image.Image:
    """A restorer's page once it has taken noise from a picture, half of it before and half after."""
    tab.set_input_files("#Mend input[type=file]", picture)
    tab.wait_for_selector(f"#Mend [role=status]:text('{picture.name}')")
    tab.click("#Mend button:text('Add noise')")
    tab.click("#Mend button.main")
    tab.wait_for_selector("#Mend button:text('Save as PNG'):enabled", timeout=120_000)
    return Image.open(io.BytesIO(tab.screenshot(full_page=True))).convert("RGB")


def opened(browser: Browser, page: Path, size: dict[str, int], scheme: str) -> Page:
    """The page, ready."""
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    tab = context.new_page()
    tab.goto(page.resolve().as_uri())
    tab.wait_for_selector("html[data-ready]", state="attached")
    return tab


def shot(tab: Page, view: str, *, whole: bool) -> Image.Image:
    """One view."""
    tab.click(f"#tab-{view}")
    tab.wait_for_function(SHOWS, arg=view, timeout=120_000)
    tab.wait_for_timeout(800)
    for act, selector, value in PREPARED.get(view, []):
        if act == "select":
            tab.select_option(selector, value)
        elif act == "click":
            tab.click(selector)
        elif act == "wait":
            tab.wait_for_selector(selector, timeout=120_000)
        else:
            tab.eval_on_selector(
                selector, f"one => {{ one.value = {value}; one.dispatchEvent(new Event('input')); }}"
            )
    tab.wait_for_timeout(1500)
    tab.mouse.move(0, 0)
    return Image.open(io.BytesIO(tab.screenshot(full_page=whole))).convert("RGB")


def beside(shots: list[Image.Image]) -> Image.Image:
    """Screens in a row."""
    width = sum(one.width for one in shots) + GAP * (len(shots) - 1)
    row = Image.new("RGB", (width, max(one.height for one in shots)), "#8a919a")
    at = 0
    for one in shots:
        row.paste(one, (at, 0))
        at += one.width + GAP
    return row


def save(picture: Image.Image, target: Path) -> None:
    """Write a small PNG."""
    file = io.BytesIO()
    picture.quantize(COLORS).save(file, "PNG", optimize=True)
    writing.write_bytes(target, file.getvalue())


if __name__ == "__main__":
    main()
