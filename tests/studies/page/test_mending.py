"""The Mend view: the search is that of Python, and a restorer's page mends pictures of any size as Python does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from amalgan.core.randomness import build_seeded
from amalgan.data import Dataset
from amalgan.data.decoding.images import packet
from amalgan.data.writing.provenance import origin
from amalgan.studies.page.page import EXAMPLES, page
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.restore.project import project
from amalgan.tasks.restore.windows import Repair, mend
from page_support import NEAR, close, decodes, download, floats, given, slide
from support import SPECS, build, examples, settled

pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def opened(opening: Callable[..., Any], written: Path) -> Any:
    return opening(written)


@pytest.mark.parametrize("at", [0, 5])
def test_holes_are_filled_by_the_very_search_of_python(
    opened: Any, digits: tuple[Model, Dataset], at: int
) -> None:
    model, data = digits
    opened.go("Mend")
    opened.tab.click(f"#Mend .thumb >> nth={at}")
    opened.tab.click("#Mend button:text('Fill the hole')")
    name = data.test.select(data.test.spaced(EXAMPLES)).names[at]
    last = opened.until("Mend", f"last.name === {name!r}")
    x = data.test.select(data.test.spaced(EXAMPLES)).take(slice(at, at + 1))
    known = torch.ones(1, 1, 8, 8)
    known[..., 2:6, 2:6] = 0
    close(last["x"], x)
    close(last["known"], known)
    wanted = project(model, x, known, samples=4)[0]
    found = torch.stack([floats(one, 1, 8, 8)[0] for one in last["all"]])
    assert last["cost"] == sorted(last["cost"])
    close(last["all"][0], wanted[0])
    far = (found - wanted).abs().flatten(1).max(1).values  # rounding may send a start elsewhere: one at most
    assert int((far > NEAR).sum()) <= 1 and float(far.median()) < 1e-5
    assert opened.noted == []


def test_the_realistic_decoder_fills_the_same_codes(opened: Any, digits: tuple[Model, Dataset]) -> None:
    opened.go("Mend")
    opened.tab.click("#Mend .thumb >> nth=2")
    opened.tab.click("#Mend button:text('Fill the hole')")
    opened.until("Mend", "last.decoder === 'faithful' && !document.querySelector('#Mend button:disabled')")
    opened.tab.check("#Mend input[value=realistic]", force=True)
    last = opened.until("Mend", "last.decoder === 'realistic'")
    size = len(last["code"]) // 4
    again = decodes(digits[0], floats(last["code"], size), "realistic", given(last))
    x, known = floats(last["x"], 1, 8, 8), floats(last["known"], 1, 8, 8)
    for one, wanted in zip(last["all"], again, strict=True):
        close(one, torch.where(known[0] > 0, x[0], wanted))


def test_a_hole_is_brushed_by_pointer_and_cut_by_keyboard(opened: Any) -> None:
    opened.go("Mend")
    holes = "() => [...document.querySelector('#Mend .stage').known].filter(one => !one).length"
    opened.tab.click("#Mend .thumb >> nth=1")
    assert opened.tab.evaluate(holes) == 16
    opened.tab.click("#Mend button:text('Close all holes')")
    assert opened.tab.evaluate(holes) == 0
    assert opened.tab.is_disabled("#Mend button:text('Fill the hole')")
    box = opened.tab.locator("#Mend .brush").bounding_box()
    opened.tab.mouse.move(box["x"] + box["width"] / 16, box["y"] + box["height"] / 2)
    opened.tab.mouse.down()
    opened.tab.mouse.move(box["x"] + box["width"] * 15 / 16, box["y"] + box["height"] / 2, steps=4)
    opened.tab.mouse.up()
    assert 14 <= opened.tab.evaluate(holes) <= 24
    opened.tab.keyboard.press("Delete")
    assert opened.tab.evaluate(holes) == 0
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowRight", "Enter"):
        opened.tab.keyboard.press(key)
    assert 4 <= opened.tab.evaluate(holes) <= 12
    assert opened.tab.is_enabled("#Mend button:text('Fill the hole')")


def test_what_was_filled_is_saved_with_its_model(
    opened: Any, digits: tuple[Model, Dataset], tmp_path: Path
) -> None:
    opened.go("Mend")
    opened.tab.click("#Mend .thumb >> nth=3")
    opened.tab.click("#Mend button:text('Fill the hole')")
    opened.tab.wait_for_selector("#Mend button:text('Save as PNG'):enabled")
    saved = download(opened, "#Mend button:text('Save as PNG')", tmp_path / "mended.png")
    told = origin(packet(saved.read_bytes()))
    assert told is not None and told["model"] == digits[0].digest


@pytest.fixture(scope="module", params=["gray with classes", "color"])
def restorer(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path]:
    """A restorer with weights of chance, its last layer too, so that it does change pictures; and its page."""
    place, told = tmp_path_factory.mktemp("restorer"), SPECS[request.param]
    system = settled(build("restorer", told), examples(told))
    last = system.network.last  # type: ignore[union-attr]
    build_seeded(lambda: torch.nn.init.normal_(last.weight, std=0.02), 3)  # type: ignore[union-attr,arg-type]
    model_file.publish(place / "model.safetensors", system, name="restorer", facts={})
    model = model_file.load(place)
    page(model, place / "page.html")
    return model, place / "page.html"


def picture_of(height: int, width: int, channels: int, place: Path) -> Tensor:
    """A picture as a file, and as Python reads it."""
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, channels), dtype=np.uint8)
    Image.fromarray(pixels.squeeze()).save(place)
    return torch.from_numpy(pixels.transpose(2, 0, 1)).float() / 127.5 - 1


def test_a_restorer_mends_pictures_of_any_size_as_in_python(
    restorer: tuple[Model, Path], opening: Callable[..., Any], tmp_path: Path
) -> None:
    model, opened = restorer[0], opening(restorer[1])
    tabs = opened.tab.eval_on_selector_all(
        "[role=tab]", "all => all.map(one => one.getAttribute('aria-controls'))"
    )
    assert tabs == ["Mend", "Card"]
    color = picture_of(301, 275, 3, tmp_path / "color.png")
    gray = picture_of(23, 40, 1, tmp_path / "gray.png")
    for name, picture in (("color.png", color), ("gray.png", gray)):
        opened.tab.set_input_files("#Mend input[type=file]", tmp_path / name)
        opened.tab.wait_for_selector(f"#Mend [role=status]:text('{name}')")
        as_asked(opened, model, picture, name, "denoise", Repair(task="denoise"))
        slide(opened, "#Mend .field input[max='55']", 20)
        as_asked(opened, model, picture, name, "denoise", Repair(task="denoise", sigma=20))
        slide(opened, "#Mend .field input[max='55']", 0)
    as_asked(opened, model, gray, "gray.png", "dejpeg", Repair(task="dejpeg"))
    as_asked(opened, model, gray, "gray.png", "upscale", Repair(task="upscale", factor=2))
    opened.tab.check("#Mend input[value=inpaint]", force=True)
    opened.tab.focus("#Mend .brush")
    opened.tab.keyboard.press("Enter")
    opened.tab.click("#Mend button.main")
    last = opened.until("Mend", "last.task === 'inpaint'")
    known = floats(last["known"], 23, 40)
    assert 0 < int((known == 0).sum()) < 23 * 40 / 4
    close(last["after"], mend(model, gray, Repair(task="inpaint"), known))
    saved = download(opened, "#Mend button:text('Save as PNG')", tmp_path / "mended.png")
    with Image.open(saved) as mended:
        assert mended.size == (40, 23)
    assert opened.noted == []


def as_asked(opened: Any, model: Model, picture: Tensor, name: str, task: str, repair: Repair) -> None:
    """Assert that the page gives what Python does."""
    opened.tab.check(f"#Mend input[value={task}]", force=True)
    opened.tab.click("#Mend button.main")
    level = "last.level >= 0" if repair.sigma or task == "upscale" else "last.level < 0"
    last = opened.until("Mend", f"last.name === '{name}' && last.task === '{task}' && {level}")
    wanted = mend(model, picture, repair)
    assert (
        float((wanted - torch.nn.functional.interpolate(picture[None], wanted.shape[1:])[0]).abs().max())
        > 1e-2
    )
    close(last["after"], wanted)


def test_pictures_that_are_too_large_are_refused_in_a_sentence(
    restorer: tuple[Model, Path], opening: Callable[..., Any], tmp_path: Path
) -> None:
    opened = opening(restorer[1])
    Image.new("L", (2000, 1000)).save(tmp_path / "large.png")
    opened.tab.set_input_files("#Mend input[type=file]", tmp_path / "large.png")
    opened.tab.wait_for_selector("#Mend .trouble:not(:empty)")
    assert "2000 × 1000 pixels, and the page takes about one million" in opened.tab.inner_text(
        "#Mend .trouble"
    )
