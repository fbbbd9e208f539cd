"""The demo, at a hundredth of its length: everything is made, and the numbers are those of what was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from amalgan.data import open_data
from amalgan.evaluation.evaluate import evaluate
from amalgan.studies.demo import demo
from amalgan.studies.demo.poster import WIDTH, Poster
from amalgan.systems import model_file
from amalgan.tasks.export import export


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> demo.Demo:
    return demo.run(tmp_path_factory.mktemp("demo"), Console(quiet=True), effort=0.01)


def test_the_demo_leaves_a_model_a_picture_and_numbers(made: demo.Demo) -> None:
    assert model_file.load(made.model).name == "fusion"
    assert np.asarray(Image.open(made.picture)).std() > 20
    assert {
        "psnr",
        "psnr_realistic",
        "frechet_distance",
        "label_agreement",
        "photo_psnr",
    } <= made.numbers.keys()


def test_the_demo_ends_with_a_page_of_its_model_and_its_numbers(made: demo.Demo) -> None:
    pytest.importorskip("onnxruntime")
    assert made.page is not None
    text = made.page.read_text()
    assert model_file.load(made.model).digest in text and "PSNR in dB" in text


def test_without_what_writes_onnx_there_is_no_page(
    made: demo.Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "NEEDED", ("no_such_package",))
    model = model_file.load(made.model)
    data = open_data("digits", like=model.spec)
    target = tmp_path / "demo.html"
    assert demo.write_page(target, model, data, evaluate(model, data, features=None)) is None
    assert not target.exists()


def test_the_photograph_on_the_poster_has_the_error_that_is_reported(made: demo.Demo) -> None:
    model = model_file.load(made.picture.parent / "photos")
    poster = Poster()
    reached = demo.draw_photograph(poster, model)
    assert reached == pytest.approx(made.numbers["photo_psnr"])
    assert 10 < reached < 25  # a hundredth of the training: far from the truth, and far from noise


def test_pictures_stand_on_the_poster_where_they_should() -> None:
    red, blue = (Image.new("RGB", (8, 8), color) for color in ("red", "blue"))
    poster = Poster()
    poster.rows("two", [[red, blue]])
    band = np.asarray(poster.sections[0])
    middle = band.shape[0] // 2
    assert band.shape[1] == WIDTH
    assert tuple(band[middle, WIDTH // 4]) == (255, 0, 0)
    assert tuple(band[middle, 3 * WIDTH // 4]) == (0, 0, 255)
