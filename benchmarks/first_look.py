"""Five tasks that somebody new would want of a page, walked through in Chromium: how many clicks, and how long.

    amalgan demo
    python benchmarks/first_look.py runs/demo/demo.html

A click is a click, a choice from a list, a file, or one stroke of the brush; counted from the first view. The time is
that of the page alone, without a hand. A task that does not end in what was wanted stops the script. Writes
benchmarks/results/first_look.json.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import writing
from page import chromium

HERE = Path(__file__).parent


class Hand:
    """Does what a hand does, and counts."""

    def __init__(self, tab: Page, own: Path) -> None:
        self.tab, self.own, self.clicks = tab, own, 0
        self.steps: list[str] = []

    def step(self, words: str) -> None:
        self.clicks += 1
        self.steps.append(words)

    def click(self, selector: str, words: str) -> None:
        self.step(words)
        self.tab.click(selector)

    def view(self, name: str) -> None:
        self.click(f"#tab-{name}", self.tab.inner_text(f"#tab-{name}"))

    def select(self, selector: str, value: str, words: str) -> None:
        self.step(words)
        self.tab.select_option(selector, value)

    def file(self, selector: str) -> None:
        self.step("the file")
        self.tab.set_input_files(selector, self.own)

    def stroke(self, selector: str) -> None:
        self.step("a stroke")
        box = self.tab.locator(selector).bounding_box()
        assert box is not None
        across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.tab.mouse.move(across - box["width"] / 5, down)
        self.tab.mouse.down()
        self.tab.mouse.move(across + box["width"] / 5, down, steps=5)
        self.tab.mouse.up()

    def saved(self, selector: str, words: str) -> bytes:
        """The file that a button gives."""
        self.step(words)
        with self.tab.expect_download(timeout=120_000) as waited:
            self.tab.click(selector, timeout=120_000)
        return Path(waited.value.path()).read_bytes()

    def wait(self, true: str) -> Any:
        """What JavaScript gives, once it is something."""
        return self.tab.wait_for_function(f"() => {true}", timeout=120_000).json_value()


def new_of_a_class(hand: Hand) -> None:
    hand.select("#Make select", "3", "the class")
    data = hand.saved("#Make button.main", "Save as PNG")
    assert Image.open(io.BytesIO(data)).size[0] > 300


def film(hand: Hand) -> None:
    data = hand.saved("#Make button:text('Save a walk')", "Save a walk")
    assert Image.open(io.BytesIO(data)).n_frames == 60  # type: ignore[attr-defined]


def how_near(hand: Hand) -> None:
    hand.view("Rebuild")
    hand.file("#Rebuild input[type=file]")
    assert hand.wait("document.querySelector('#Rebuild .pair')?.innerText.includes('own.png') && 'there'")
    assert "dB" in hand.tab.inner_text("#Rebuild .rebuilt")


def how_small(hand: Hand) -> None:
    hand.view("Rebuild")
    hand.file("#Rebuild input[type=file]")
    hand.wait("document.querySelector('#Rebuild .pair').innerText.includes('own.png')")
    data = hand.saved("#Rebuild .files button", "Save as .amg")
    assert 7 < len(data) < 2000


def mended(hand: Hand) -> None:
    hand.view("Mend")
    hand.stroke("#Mend .brush")
    hand.click("#Mend button.main", "Fill the hole")
    data = hand.saved("#Mend button:text('Save as PNG')", "Save as PNG")
    assert Image.open(io.BytesIO(data)).size[0] > 100


TASKS: dict[str, Callable[[Hand], None]] = {
    "New pictures of one class, as a file": new_of_a_class,
    "A film of new pictures": film,
    "How near does it come to a picture of mine?": how_near,
    "My picture in few bytes, as a file": how_small,
    "A picture with a hole, filled": mended,
}


def main() -> None:
    """Walk, keep, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        own = Path(scratch) / "own.png"
        writing.write_bytes(own, picture())
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        rows = []
        for task, walk in TASKS.items():
            tab = browser.new_context(accept_downloads=True).new_page()
            tab.goto(asked.page.resolve().as_uri())
            tab.wait_for_selector("html[data-ready]", state="attached", timeout=120_000)
            hand, began = Hand(tab, own), time.monotonic()
            walk(hand)
            rows.append(
                {
                    "task": task,
                    "way": hand.steps,
                    "clicks": hand.clicks,
                    "seconds": time.monotonic() - began,
                }
            )
            tab.context.close()
    writing.write_json(HERE / "results" / "first_look.json", {"rows": rows})
    for row in rows:
        print(row)


def picture() -> bytes:
    """A bow on black, as somebody might draw it."""
    down, across = np.mgrid[-1:1:64j, -1:1:64j]
    ring = np.exp(-(((np.hypot(down, across) - 0.55) / 0.18) ** 2))
    file = io.BytesIO()
    Image.fromarray((255 * ring).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
