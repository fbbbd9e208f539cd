"""A picture as a file in the Rebuild view: the bytes of ``amalgan compress``, and the browser's own beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from amalgan.codec import amg_file
from amalgan.data import Dataset
from amalgan.metrics.distortion import psnr
from amalgan.studies.page.page import EXAMPLES, page
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.compress.compress import decode_chunk, one, one_code
from page_support import close, download, floats, slide
from support import SPECS, build, examples, settled

pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def opened(opening: Callable[..., Any], written: Path) -> Any:
    return opening(written)


def test_at_every_quality_the_file_is_that_of_compress(
    opened: Any, digits: tuple[Model, Dataset], tmp_path: Path
) -> None:
    model, data = digits
    assert model.coder is not None
    opened.go("Rebuild")
    for at, quality in ((3, 1), (3, model.coder.qualities), (8, model.coder.qualities), (8, 4)):
        opened.tab.click(f"#Rebuild .thumb >> nth={at}")
        x = data.test.select(data.test.spaced(EXAMPLES)).take(slice(at, at + 1))
        slide(opened, "#Rebuild .files input[type=range]", quality)
        wanted = one(model, x, quality)
        opened.until("Rebuild", is_picture(x))
        last = files_at(opened, quality, x)
        assert bytes(last["file"]) == wanted and last["bytes"] == len(wanted)
        again = decode_chunk(model, [one_code(model, wanted)])
        close(last["made"], again.clamp(-1, 1))
        assert last["psnr"] == pytest.approx(float(psnr(again.clamp(-1, 1), x, 2)), abs=1e-3)
    saved = download(opened, "#Rebuild button:text('Save as .amg')", tmp_path / "x.amg")
    assert amg_file.unpack(saved.read_bytes(), saved)[0].level == 3
    assert opened.noted == []


def is_picture(x: Any) -> str:
    """An expression of JavaScript: whether ``last.x`` is this picture, in every pixel: two may share some."""
    return f"{x.flatten().tolist()}.every((value, at) => Math.abs(last.x[at] - value) < 1e-6)"


def files_at(opened: Any, quality: int, x: Any) -> Any:
    """What the part about files has computed of a picture at a quality."""
    ask = f"""() => {{ const last = document.getElementById('Rebuild').files.last;
        return last && last.quality === {quality} && {is_picture(x)}; }}"""
    opened.tab.wait_for_function(ask, timeout=30_000)
    return opened.last("Rebuild", "files.last")


def test_jpeg_and_webp_are_the_smallest_that_are_as_near(opened: Any, digits: tuple[Model, Dataset]) -> None:
    opened.go("Rebuild")
    opened.tab.click("#Rebuild .thumb >> nth=6")
    x = digits[1].test.select(digits[1].test.spaced(EXAMPLES)).take(slice(6, 7))
    slide(opened, "#Rebuild .files input[type=range]", 5)
    last = files_at(opened, 5, x)
    for rival in last["rivals"]:
        assert rival["psnr"] == pytest.approx(float(psnr(floats(rival["x"], 1, 8, 8), x, 2)), abs=1e-3)
        assert rival["near"] == (rival["psnr"] >= last["psnr"])
        assert 0 < rival["head"] < rival["bytes"]
    said = opened.tab.inner_text("#Rebuild .files")
    assert f"{last['bytes']} bytes · 7 of them head" in said and "JPEG" in said


def test_a_model_without_tables_shows_half_precision(opening: Callable[..., Any], tmp_path: Path) -> None:
    told = SPECS["gray with classes"]
    system = settled(build("autoencoder", told), examples(told))
    model_file.publish(tmp_path / "model.safetensors", system, name="autoencoder", facts={})
    model = model_file.load(tmp_path)
    page(model, tmp_path / "page.html")
    opened = opening(tmp_path / "page.html")
    opened.go("Rebuild")
    x = floats(opened.until("Rebuild", "last.x")["x"], *told.shape)
    opened.tab.wait_for_function("() => document.getElementById('Rebuild').files.last")
    last = opened.last("Rebuild", "files.last")
    with torch.no_grad():
        code = model.system.encode(x)  # type: ignore[operator]
        again = model.system.decode(torch.tensor(np.asarray(last["code"], "f4"))[None])  # type: ignore[operator]
    close(last["code"], code.half().float())
    close(last["made"], again.clamp(-1, 1))
    assert last["bytes"] == 2 * code.numel() and "half-precision" in opened.tab.inner_text("#Rebuild .files")
