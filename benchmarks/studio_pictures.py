"""The pictures of docs/studio.md, and how long a user waits: a studio on a folder made on the spot, in Chromium.

python benchmarks/studio_pictures.py docs/          6 minutes; needs a Chromium

The folder holds the digits that ship with scikit-learn as PNGs, here and there of odd proportions, with a copy and two
bad files among them.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sklearn.datasets import load_digits

import writing
from page import chromium
from page_pictures import beside

WIDE, PHONE = {"width": 1180, "height": 860}, {"width": 380, "height": 780}
HERE, MINUTES, SIDE = Path(__file__).parent, 2.5, 8
EACH_CUT = 9
"""Every ninth picture is wider than high."""
VIEWS = ("Train", "Data", "Models", "Map", "Jobs", "Reports")


def main() -> None:
    """Walk through the studio; keep pictures and times."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    asked, times = parser.parse_args(), Times()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        folder = laid_out(Path(scratch) / "home")
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        with serving(folder, times) as (address, process):
            tab = opened(browser, address, WIDE, "light")
            for view in (data, training, models, maps, jobs):
                view(tab, times, asked.out)
            kept(tab, asked.out / "studio_train.png", "Train")
            phone = opened(browser, address, PHONE, "dark")
            save(beside([on_phone(phone, view) for view in VIEWS]), asked.out / "studio_phone.png")
            times.memory(process.pid)
    writing.write_json(HERE / "results" / "studio.json", {"rows": times.rows})
    for name, value in times.rows.items():
        print(f"{name}: {value}")


def save(picture: Image.Image, target: Path) -> None:
    """Write a small PNG in which curves keep their colors, few as their pixels are."""
    file = io.BytesIO()
    picture.quantize(256, Image.Quantize.MAXCOVERAGE).save(file, "PNG", optimize=True)
    writing.write_bytes(target, file.getvalue())


class Times:
    """What a user waits for, in seconds."""

    def __init__(self) -> None:
        self.rows: dict[str, float] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """The time that the block takes."""
        began = time.monotonic()
        yield
        self.rows[name] = round(time.monotonic() - began, 2)

    def memory(self, process: int) -> None:
        """What the server holds."""
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        self.rows["memory of the server, MB"] = round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def laid_out(home: Path) -> Path:
    """A folder of digits, with what folders of pictures have."""
    found = load_digits()
    for row, (pixels, label) in enumerate(zip(found.images, found.target, strict=True)):
        place = home / "digits" / str(label) / f"{row:04d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray((pixels * 15.9).astype(np.uint8))
        if row % EACH_CUT == 0:
            wider = Image.new("L", (SIDE * 3 // 2, SIDE))
            wider.paste(picture, (SIDE // 4, 0))
            picture = wider
        picture.save(place)
    shutil.copy(home / "digits" / "3" / "0003.png", home / "digits" / "3" / "copy of 0003.png")
    (home / "digits" / "7" / "logo.png").write_text("<svg/>")
    (home / "digits" / "8" / "cut short.png").write_bytes(
        (home / "digits" / "8" / "0008.png").read_bytes()[:60]
    )
    return home


@contextmanager
def serving(root: Path, times: Times) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a studio, and its process."""
    own = os.environ | {"XDG_CACHE_HOME": str(root / ".cache")}
    command = [sys.executable, "-P", "-m", "amalgan", "studio", "--port", "0"]
    with times.of("the studio answers after"):
        process = subprocess.Popen(command, cwd=root, env=own, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        address = process.stderr.readline().split()[1]
    try:
        yield address, process
    finally:
        process.terminate()
        process.wait(20)


def opened(browser: Browser, address: str, size: dict[str, int], scheme: str) -> Page:
    """The studio in a tab."""
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    tab = context.new_page()
    tab.set_default_timeout(300_000)
    tab.goto(address)
    tab.wait_for_selector("main > *")
    return tab


def go(tab: Page, view: str) -> None:
    """Show a view."""
    tab.click(f"nav >> text={view}")
    tab.wait_for_selector(f"main[data-shown='#{view.lower()}']")


def kept(tab: Page, target: Path, view: str = "", *, whole: bool = True) -> None:
    """Keep a picture of what is shown."""
    if view:
        go(tab, view)
    tab.wait_for_timeout(900)
    tab.mouse.move(0, 0)
    save(Image.open(io.BytesIO(tab.screenshot(full_page=whole))).convert("RGB"), target)


def on_phone(tab: Page, view: str) -> Image.Image:
    """A view on a phone."""
    go(tab, view)
    tab.wait_for_timeout(2500)
    return Image.open(io.BytesIO(tab.screenshot())).convert("RGB")


def data(tab: Page, times: Times, out: Path) -> None:
    """Look the folder over."""
    go(tab, "Data")
    tab.click(".pick")
    tab.click("dialog .entries >> text=digits")
    tab.wait_for_selector("dialog >> text=Take digits")
    with times.of("1,798 pictures are looked over in"):
        tab.click("dialog >> text=Take digits")
        tab.wait_for_selector("text=Copies, side by side")
    with times.of("and a size is proposed after another"):
        tab.wait_for_selector("tr.proposed, .panel:has-text('Size and time') .nothing")
    kept(tab, out / "studio_data.png")
    tab.click("text=Train at the proposed size")
    tab.wait_for_selector("main[data-shown='#train']")


def training(tab: Page, times: Times, out: Path) -> None:
    """Train, and watch."""
    tab.fill(".asked input[type=number] >> nth=0", str(MINUTES))
    tab.get_by_label("Size", exact=True).fill(str(SIDE))
    with times.of("a training shows its first point after"):
        tab.click("button.main:text('Train')")
        tab.wait_for_selector(".plot svg polyline", state="attached")
    tab.wait_for_function("() => document.querySelector('progress').value > 0.85")
    tab.wait_for_selector(".sheets figure >> nth=1")
    kept(tab, out / "studio_run.png")
    tab.wait_for_selector(".badge.ended")


def models(tab: Page, times: Times, out: Path) -> None:
    """Open the model."""
    kept(tab, out / "studio_models.png", "Models")
    with times.of("the page of a model opens after"):
        tab.click(".tile >> text=Open >> nth=0")
        tab.frame_locator("iframe.page").locator("html[data-ready]").wait_for(state="attached")
    kept(tab, out / "studio_model.png", whole=False)
    go(tab, "Models")
    with times.of("and when it was opened before, after"):
        tab.click(".tile >> text=Open >> nth=0")
        tab.frame_locator("iframe.page").locator("html[data-ready]").wait_for(state="attached")


def maps(tab: Page, times: Times, out: Path) -> None:
    """Draw a map, and search it by a picture."""
    go(tab, "Map")
    with times.of("a map of 1,798 pictures is drawn in"):
        tab.click("button:text('Draw')")
        tab.wait_for_selector(".scatter canvas")
    tab.wait_for_timeout(1000)
    picture = io.BytesIO()
    Image.fromarray((load_digits().images[36] * 15.9).astype(np.uint8)).save(picture, "PNG")
    with times.of("and searched by a picture in"):
        tab.set_input_files(
            ".tools input[type=file]",
            {"name": "own.png", "mimeType": "image/png", "buffer": picture.getvalue()},
        )
        tab.wait_for_selector("text=most alike are chosen")
    kept(tab, out / "studio_map.png")


def jobs(tab: Page, times: Times, out: Path) -> None:
    """Compress, report, and look at what is going on."""
    for kind in ("compress", "report"):
        go(tab, "Jobs")
        tab.select_option("#job-kind", kind)
        with times.of(f"{kind} is done after"):
            tab.click("button.main")
            tab.wait_for_selector("main[data-shown^='#jobs/'] .badge:is(.done, .failed)")
        tab.evaluate("() => document.querySelectorAll('details.same').forEach((one) => { one.open = true; })")
        kept(tab, out / f"studio_{kind}.png")
    kept(tab, out / "studio_jobs.png", "Jobs")
    go(tab, "Reports")
    tab.click(".rows a >> nth=0")
    tab.wait_for_selector("iframe.page")
    tab.wait_for_timeout(1500)
    kept(tab, out / "studio_report.png", whole=False)


if __name__ == "__main__":
    main()
