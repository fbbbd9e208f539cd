"""One walk through the studio in a real browser: choose, look over, train, watch, generate, map, save the page."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amalgan.core.ownership import is_ours
from studio_support import pictures

pytest.importorskip("onnxruntime")
MINUTES = "0.08"
NAMELESS = """() => [...document.querySelectorAll('main :is(button, input, select, a)')].filter((one) =>
    !(one.innerText?.trim() || one.labels?.length || one.ariaLabel || one.title)).map((one) => one.outerHTML)"""
PHONE = {"width": 380, "height": 780}


@pytest.fixture
def tab(browser: Any, serving: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """The studio of a small folder, in a tab in which nothing goes wrong unseen."""
    pictures(tmp_path / "shots", 60)
    noted: list[str] = []
    context = browser.new_context(accept_downloads=True)
    tab = context.new_page()
    tab.on("console", lambda said: noted.append(f"console {said.type}: {said.text}"))
    tab.on("pageerror", lambda error: noted.append(f"error: {error}"))
    tab.set_default_timeout(120_000)
    one = serving(tmp_path)
    tab.goto(one.address)
    tab.wait_for_selector("main > *")
    assert "token" not in tab.url
    yield tab
    context.close()
    assert noted == []


def choose(tab: Any, name: str) -> None:
    """Choose a folder."""
    tab.click(".pick")
    tab.click(f"dialog .entries >> text={name}")
    tab.click(f"dialog >> text=Take {name}")
    tab.wait_for_selector("dialog", state="detached")


def go(tab: Any, view: str) -> None:
    """Show a view, and wait until it is there."""
    tab.click(f"nav >> text={view}")
    tab.wait_for_selector(f"main[data-shown='#{view.lower()}']")


def job_is_done(tab: Any) -> None:
    """Wait for the job that is shown."""
    tab.wait_for_selector("main[data-shown^='#jobs/'] .badge:is(.done, .failed)")
    assert tab.is_visible(".badge.done"), tab.inner_text("main")


@pytest.mark.processes
def test_from_a_folder_to_a_model_in_a_page(tab: Any, tmp_path: Path) -> None:
    looked_over(tab)
    trained(tab, tmp_path)
    generated(tab, tmp_path)
    mapped(tab, tmp_path)
    opened(tab, tmp_path)
    on_a_phone(tab)


def looked_over(tab: Any) -> None:
    """Data: what is bad, what is a copy, what is proposed."""
    go(tab, "Data")
    choose(tab, "shots")
    tab.wait_for_selector("text=Copies, side by side")
    text = tab.inner_text("main")
    assert "61 examples" in text and "dog/bad.png" in text and "1 file cannot be used" in text
    assert tab.locator(".panel:has-text('Copies, side by side') img").count() == 2
    tab.click("text=Train at the proposed size")


def trained(tab: Any, folder: Path) -> None:
    """Train: live figures and pictures, to the end."""
    tab.wait_for_selector("main[data-shown='#train']")
    assert tab.inner_text(".pick span >> nth=0") == "shots"
    tab.fill(".asked input[type=number] >> nth=0", MINUTES)
    tab.click("button.main:text('Train')")
    tab.wait_for_selector("main[data-shown^='#train/'] .plot svg polyline", state="attached")
    tab.wait_for_selector(".badge.ended")
    assert (folder / "runs" / "shots-fusion" / "model.safetensors").exists()
    assert "images" in tab.inner_text(".figures")
    assert tab.eval_on_selector(".sheets img", "one => one.naturalWidth") > 0
    tab.click("text=The same in a terminal")
    assert "amalgan train shots --out runs/shots-fusion" in tab.inner_text(".same")


def generated(tab: Any, folder: Path) -> None:
    """Jobs: new pictures that say who made them."""
    go(tab, "Jobs")
    tab.fill(".asked input[type=number] >> nth=0", "4")
    tab.click("button.main:text('Generate')")
    job_is_done(tab)
    made = sorted((folder / "runs" / "generate-shots-fusion").glob("*.png"))
    assert len(made) == 4 and all(map(is_ours, made))
    assert tab.locator(".thumbs img").count() == 4


def mapped(tab: Any, folder: Path) -> None:
    """Map: choose the copies, label, a list, and a folder of the others."""
    go(tab, "Map")
    tab.click("button:text('Draw')")
    tab.wait_for_selector(".scatter canvas")
    tab.fill(".tools input[type=search]", "copy")
    assert tab.inner_text(".tools .figures").startswith("1 of 61")
    tab.fill("[placeholder^=good]", "twice")
    tab.click("text=Give the label")
    tab.wait_for_selector("text=twice: 1")
    tab.click("text=The others")
    with tab.expect_download() as download:
        tab.click("text=Save a list")
    rows = list(csv.reader(download.value.path().read_text().splitlines()))
    assert rows[0] == ["name", "label"] and len(rows) == 61
    tab.set_input_files(".tools input[type=file]", folder / "shots" / "cat" / "001.png")
    tab.wait_for_selector("text=most alike are chosen")
    assert tab.get_attribute(".chosen button >> nth=0", "title").startswith(("cat/001.png", "cat/copy.png"))
    tab.fill("[placeholder=cleaned]", "best")
    tab.click("text=Copy to a new folder")
    job_is_done(tab)
    copied = list((folder / "runs" / "best").rglob("*.png"))
    assert len(copied) == 24 and (folder / "runs" / "best" / "twice").is_dir()
    assert {one.read_bytes() for one in copied} <= {
        one.read_bytes() for one in (folder / "shots").rglob("*.png")
    }


def opened(tab: Any, folder: Path) -> None:
    """Models: its page runs in place, in a sandbox, and is saved."""
    go(tab, "Models")
    tab.click(".tile >> text=Open >> nth=0")
    tab.wait_for_selector("iframe.page", timeout=300_000)  # its process yields to all others
    frame = tab.frame_locator("iframe.page")
    frame.locator("html[data-ready]").wait_for(state="attached")
    assert frame.locator("canvas").count() >= 24
    with tab.expect_download() as download:
        tab.click("text=Save this page")
    assert is_ours(Path(download.value.path()))


def on_a_phone(tab: Any) -> None:
    """No view is wider than a phone, and all have names for what can be used."""
    tab.set_viewport_size(PHONE)
    for view in ("Train", "Data", "Models", "Map", "Jobs", "Reports"):
        go(tab, view)
        tab.wait_for_timeout(300)
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], view
        assert tab.evaluate(NAMELESS) == [], view
