"""Every view in a real browser: what it shows is what the model gives in Python, and it asks nobody for anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from amalgan.data import Dataset, from_pixels
from amalgan.data.decoding.images import packet
from amalgan.data.writing.provenance import origin
from amalgan.metrics.distortion import psnr
from amalgan.studies.page.codes import WAY, collect_codes
from amalgan.studies.page.page import EXAMPLES, page
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.detect import Detection, of_chunks
from amalgan.tasks.detect.heat import rebuilt, usual
from amalgan.tasks.detect.normals import sides
from amalgan.tasks.detect.record_scores import chunks_of
from amalgan.tasks.detect.signals import Joint
from amalgan.tasks.explore.directions import class_means, principal, to_classes
from amalgan.tasks.walk.closed_paths import great_circle, loop
from amalgan.tasks.walk.walk import scale_of
from page_support import close, decodes, download, floats, given, slide
from support import SPECS, build, examples, settled

pytest.importorskip("onnxruntime")
VIEWS = ["Make", "Turn", "Between", "Rebuild", "Mend", "Normal", "Card"]
Digits = tuple[Model, Dataset]


@pytest.fixture(scope="module")
def opened(opening: Callable[..., Any], written: Path) -> Any:
    return opening(written)


@pytest.fixture(autouse=True)
def _silent(opened: Any) -> Any:
    """Nothing is said, thrown or asked for in any of the tests."""
    yield
    assert opened.noted == []


@pytest.mark.parametrize("decoder", ["realistic", "faithful"])
@pytest.mark.parametrize(("label", "temperature"), [("-1", 1), ("3", 0.5), ("each", 1)])
def test_new_pictures_are_those_of_the_same_random_numbers(
    opened: Any, digits: Digits, decoder: str, label: str, temperature: float
) -> None:
    model, system = digits[0], digits[0].system
    opened.go("Make")
    opened.tab.select_option("#Make select", label)
    opened.tab.check(f"#Make input[value={decoder}]", force=True)
    slide(opened, "#Make input[type=range]", temperature)
    ask = "last.asked"
    first = {"-1": "-1", "3": "3", "each": "0"}[label]
    last = opened.until(
        "Make",
        f"{ask}.labels[0] === {first} && {ask}.decoder === '{decoder}' && {ask}.temperature === {temperature}",
    )
    draws = given(last)
    assert float(draws.numbers["prior"].std()) == pytest.approx(temperature, rel=0.3)
    labels = torch.tensor(last["asked"]["labels"])
    with torch.no_grad():
        code = system.sample_code(labels, draws)
    close(last["code"], code)
    close(last["x"], decodes(model, code, decoder, draws))
    assert label != "each" or labels.tolist() == [at % 10 for at in range(24)]


def test_a_seed_makes_the_same_pictures_again_and_another_makes_others(opened: Any) -> None:
    opened.go("Make")
    made = []
    for seed in (11, 12, 11):
        opened.tab.fill("#Make input[type=number]", str(seed))
        made.append(opened.until("Make", f"last.asked.seed === {seed}")["x"])
    assert made[0] == made[2] != made[1]


def test_an_example_is_rebuilt_as_in_python(opened: Any, digits: Digits) -> None:
    model, data = digits
    opened.go("Rebuild")
    opened.tab.click("#Rebuild .thumb >> nth=4")
    x = data.test.select(data.test.spaced(EXAMPLES)).take(slice(4, 5))
    last = opened.until("Rebuild", f"Math.abs(last.x[10] - {float(x.flatten()[10])}) < 1e-6")
    rebuilt_alike(model, x, last)
    shown = float(opened.tab.get_attribute("#Rebuild figure data >> nth=0", "value"))
    assert shown == pytest.approx(last["faithful"]["psnr"])


def test_a_picture_of_ones_own_is_rebuilt_as_in_python(opened: Any, digits: Digits, tmp_path: Path) -> None:
    model = digits[0]
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "own.png")
    opened.go("Rebuild")
    opened.tab.set_input_files("#Rebuild input[type=file]", tmp_path / "own.png")
    x = from_pixels(pixels[None, None], model.spec)
    last = opened.until("Rebuild", f"Math.abs(last.x[3] - {float(x.flatten()[3])}) < 1e-6")
    rebuilt_alike(model, x, last)


def rebuilt_alike(model: Model, x: Tensor, last: Any) -> None:
    """Assert that codes, decodes and distances are Python's."""
    system: Any = model.system
    close(last["x"], x)
    with torch.no_grad():
        code = system.encode(x)
    close(last["code"], code)
    for decoder in ("faithful", "realistic"):
        again = decodes(model, code, decoder, given(last[decoder]))
        close(last[decoder]["x"], again)
        assert last[decoder]["psnr"] == pytest.approx(float(psnr(again, x, 2)), abs=1e-3)


def test_what_is_no_picture_is_refused_in_a_sentence(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("<svg/>")
    opened.go("Rebuild")
    opened.tab.set_input_files("#Rebuild input[type=file]", tmp_path / "no.png")
    opened.tab.wait_for_selector("#Rebuild .trouble:not(:empty)")
    assert "no picture that the browser can read" in opened.tab.inner_text("#Rebuild .trouble")


def test_the_way_between_two_pictures_is_the_walk_of_python(opened: Any, digits: Digits) -> None:
    model, data = digits
    system: Any = model.system
    opened.go("Between")
    opened.until("Between", "last.strip && last.live")
    opened.tab.click("#Between .chooser:nth-child(1) .thumb >> nth=2")
    opened.tab.click("#Between .chooser:nth-child(2) .thumb >> nth=5")
    opened.tab.wait_for_timeout(500)
    last = opened.last("Between")["strip"]
    x = data.test.select(data.test.spaced(EXAMPLES)).take(np.array([2, 5]))
    shares = torch.tensor(last["shares"])
    with torch.no_grad():
        scale = scale_of(model, system.encode(x))
        ends = scale(system.encode(x)).double()
        way = great_circle(ends[:1].expand(7, -1), ends[1:].expand(7, -1), shares.double())
        code = scale.undo(way.float())
    close(last["code"], code)
    draws = given(last)
    assert all(torch.equal(one[0], one[-1]) for one in draws.numbers.values())
    close(last["x"], decodes(model, code, last["decoder"], draws))


def test_what_is_normal_is_what_detect_says(opened: Any, digits: Digits) -> None:
    model, data = digits
    parts = sides(model, data)
    x = data.test.select(data.test.spaced(EXAMPLES)).take(slice(None))
    found = of_chunks(model, [x, x.flip(2, 3)], chunks_of(parts.normal), Joint.of(model, parts.known))
    heat = usual(model, parts.normal).excess(rebuilt(model, x)[1])
    opened.go("Normal")
    for at in (0, 3, 7, 11):
        opened.tab.click(f"#Normal .thumb >> nth={at}")
        last = opened.until(
            "Normal", f"last.name === {str(data.test.select(data.test.spaced(EXAMPLES)).names[at])!r}"
        )
        judged_alike(last, found, at)
        np.testing.assert_allclose(last["heat"], heat[at].flatten().numpy(), atol=1e-3)
        opened.tab.click("#Normal button:text('upside down')")
        judged_alike(opened.until("Normal", "last.name === 'upside down'"), found, EXAMPLES + at)
    assert f"{last['of']} normal pictures" in opened.tab.inner_text("#Normal .verdict")


def judged_alike(last: Any, found: Detection, row: int) -> None:
    """Assert that the page has the score and the p-value of ``detect``."""
    assert last["score"] == pytest.approx(float(found.score["joint"][row]), rel=1e-3, abs=1e-3)
    assert last["p"] == pytest.approx(float(found.p_value["all"][row]), abs=1e-9)


def test_sliders_lead_where_explore_says(opened: Any, digits: Digits) -> None:
    model, data = digits
    opened.go("Turn")
    opened.until("Turn", "last.code")
    found = collect_codes(model, data)
    assert found is not None
    code, label = found
    means = class_means(code, label)
    assert means is not None
    ways = [*principal(code, 8), *to_classes(means, model.spec.classes, 10)]
    names = opened.tab.eval_on_selector_all(
        "#Turn .way input", "all => all.map(one => one.getAttribute('aria-label'))"
    )
    assert names == [one.name for one in ways]
    slide(opened, "#Turn [aria-label='component 2']", 1.5)
    slide(opened, "#Turn [aria-label='to 7']", 1)
    wanted = code.mean(0) + 1.5 * ways[1].step + next(one.step for one in ways if one.name == "to 7")
    last = opened.until("Turn", f"Math.abs(last.code[0] - {float(wanted[0])}) < 1e-4")
    close(last["code"], wanted)
    close(last["x"], decodes(model, wanted[None], last["decoder"], given(last)))
    assert opened.tab.get_attribute("#Turn [aria-label='to 7']", "max") == str(WAY[1])


def test_undo_takes_back_and_a_text_brings_a_picture_again(opened: Any) -> None:
    opened.go("Turn")
    opened.tab.click("#Turn button:text('Reset')")
    opened.tab.focus("#Turn [aria-label='component 1']")
    opened.tab.keyboard.press("ArrowRight")
    opened.until("Turn", "true")
    assert opened.tab.input_value("#Turn [aria-label='component 1']") == "0.05"
    opened.tab.wait_for_timeout(200)
    text, code = opened.tab.input_value("#Turn .share"), opened.last("Turn")["code"]
    opened.tab.click("#Turn button:text('Undo')")
    assert opened.tab.input_value("#Turn [aria-label='component 1']") == "0"
    opened.until("Turn", f"last.code[0] !== {code[0]}")
    opened.tab.fill("#Turn .share", text)
    opened.tab.keyboard.press("Enter")
    assert opened.until("Turn", f"last.code[0] === {code[0]}")["code"] == code
    opened.tab.fill("#Turn .share", text.replace("amalgan", "other"))
    opened.tab.keyboard.press("Enter")
    assert "holds no code" in opened.tab.inner_text("#Turn .trouble")


def test_a_new_picture_can_be_turned(opened: Any) -> None:
    opened.go("Make")
    made = opened.until("Make", "last.code")
    size = len(made["code"]) // 24
    opened.tab.click("#Make .grid button >> nth=3")
    code = made["code"][3 * size : 4 * size]
    assert opened.until("Turn", f"last.code[0] === {code[0]}")["code"] == code
    assert opened.tab.is_visible("#Turn") and not opened.tab.is_visible("#Make")


def test_saved_files_say_which_model_made_them(opened: Any, digits: Digits, tmp_path: Path) -> None:
    model = digits[0]
    opened.go("Make")
    opened.tab.fill("#Make input[type=number]", "42")
    opened.until("Make", "last.asked.seed === 42")
    saved = download(opened, "#Make button.main", tmp_path / "made.png")
    with Image.open(saved) as picture:
        assert picture.mode == "RGB" and picture.size == (6 * 100 + 4, 4 * 100 + 4)
        assert picture.text["amalgan model"] == model.digest and picture.text["amalgan seed"] == "42"  # type: ignore[attr-defined]
    told = origin(packet(saved.read_bytes()))
    assert told is not None and told["model"] == model.digest and told["seed"] == "42"


def test_a_film_is_saved_with_every_frame(opened: Any, digits: Digits, tmp_path: Path) -> None:
    opened.go("Between")
    opened.until("Between", "last.strip && last.live")
    saved = download(opened, "#Between button.main", tmp_path / "film.png")
    with Image.open(saved) as film:
        assert (film.n_frames, film.size) == (48, (256, 256))  # type: ignore[attr-defined]
        film.seek(24)
        assert np.asarray(film.convert("L")).std() > 5
    told = origin(packet(saved.read_bytes()))
    assert told is not None and told["model"] == digits[0].digest


def test_a_walk_leads_through_the_first_pictures_as_in_python(
    opened: Any, digits: Digits, tmp_path: Path
) -> None:
    model, frames = digits[0], 60
    opened.go("Make")
    opened.tab.fill("#Make input[type=number]", "7")
    last = opened.until("Make", "last.asked.seed === 7")
    saved = download(opened, "#Make button:text('Save a walk')", tmp_path / "walk.png")
    with Image.open(saved) as film:
        assert (film.n_frames, film.size) == (frames, (256, 256))  # type: ignore[attr-defined]
    told = origin(packet(saved.read_bytes()))
    assert told is not None and (told["model"], told["seed"]) == (model.digest, "7")
    made = opened.last("Make", "film")
    size = len(last["code"]) // 24
    stations = floats(last["code"], size)[:4]
    scale = scale_of(model, stations)
    path = scale.undo(loop(scale(stations), frames))
    close(made["code"], path)
    draws = given(made)
    assert all(torch.equal(one[0], one[-1]) for one in draws.numbers.values())
    close(made["x"], decodes(model, path, last["asked"]["decoder"], draws))


def test_a_walk_of_a_model_without_a_code_flows_through_its_noise(
    opening: Callable[..., Any], tmp_path: Path
) -> None:
    told = SPECS["gray with classes"]
    system = settled(build("gan", told), examples(told))
    model_file.publish(tmp_path / "model.safetensors", system, name="gan", facts={})
    model = model_file.load(tmp_path)
    page(model, tmp_path / "page.html")
    opened = opening(tmp_path / "page.html")
    last = opened.until("Make", "true")
    download(opened, "#Make button:text('Save a walk')", tmp_path / "walk.png")
    made = opened.last("Make", "film")
    draws, first = given(made), given(last)
    for name, noise in first.numbers.items():
        if noise.min() < 0 and name != "label":  # normal numbers flow; those that choose stand still
            close(made["given"][name]["data"], loop(noise[:4].flatten(1), 60))
        else:
            assert torch.equal(draws.numbers[name], noise[:1].expand(60, *noise.shape[1:]))
    with torch.no_grad():
        wanted = model.system.generate(draws.numbers["label"].long(), draws)  # type: ignore[operator]
    close(made["x"], wanted.clamp(-1, 1))
    assert float(wanted.std(0).max()) > 0 and opened.noted == []


def test_the_page_shows_that_it_computes(opened: Any) -> None:
    idle = "() => !document.body.classList.contains('busy')"
    opened.tab.wait_for_function(idle)
    busy = opened.tab.evaluate("""() => {
      const { engine } = document.getElementById("views"), x = { data: new Float32Array(64), dims: [1, 1, 8, 8] };
      engine.run("encode", { x });
      return document.body.classList.contains("busy");
    }""")
    assert busy
    opened.tab.wait_for_function(idle)


def test_the_card_says_what_the_model_is(opened: Any, digits: Digits) -> None:
    model = digits[0]
    opened.go("Card")
    said = opened.tab.inner_text("#Card")
    for words in (
        model.digest,
        "fusion",
        "digits",
        "8x8 gray",
        f"{model.header['data']['train']:,}",
        "not measured",
    ):
        assert words in said


def test_the_policy_is_in_force(opening: Callable[..., Any], written: Path) -> None:
    opened = opening(written)
    tried = {
        "text as a program": "() => new Promise(go => { setTimeout('window.evaluated = 1');"
        " setTimeout(() => go(String(window.evaluated)), 100); })",
        "another script": "() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';"
        " document.head.append(one); return String(window.ran); }",
        "a picture": "() => new Promise(go => { const one = new Image(); one.onload = () => go('loaded');"
        " one.onerror = () => go('refused'); one.src = 'https://example.org/x.png'; })",
        "a request": "() => fetch('https://example.org/').then(() => 'fetched', () => 'refused')",
    }
    found = {name: opened.tab.evaluate(text) for name, text in tried.items()}
    assert [*found.values()] == ["undefined", "undefined", "refused", "refused"]
    assert sum("violates the following Content Security Policy directive" in one for one in opened.noted) >= 3


def test_arrow_keys_lead_from_view_to_view(opened: Any) -> None:
    opened.go("Make")
    opened.tab.focus("#tab-Make")
    seen_views = []
    for _ in VIEWS:
        seen_views.append(opened.tab.get_attribute("[role=tab][aria-selected=true]", "aria-controls"))
        opened.tab.keyboard.press("ArrowRight")
    assert seen_views == VIEWS
    assert opened.tab.is_visible("#Make")


def test_every_control_and_picture_has_a_name(opened: Any) -> None:
    nameless = """all => all.filter(one => !(one.getAttribute('aria-label') || one.labels?.length
        || one.textContent.trim() || one.querySelector('[aria-label]'))).map(one => one.outerHTML)"""
    found = opened.tab.eval_on_selector_all("canvas, input, select, button", nameless)
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1400])
def test_nothing_is_wider_than_the_screen_or_jumps(
    opening: Callable[..., Any], written: Path, width: int, scheme: str
) -> None:
    one = opening(written, viewport={"width": width, "height": 800}, color_scheme=scheme)
    for view in VIEWS:
        one.go(view)
        one.tab.wait_for_timeout(150)
        assert one.tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    shift = """() => new Promise(go => { let sum = 0; new PerformanceObserver(list => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value; })
        .observe({type: 'layout-shift', buffered: true}); setTimeout(() => go(sum), 200); })"""
    assert one.tab.evaluate(shift) < 0.05
    dark = one.tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(20, 23, 27)") == (scheme == "dark")
    assert one.noted == []
