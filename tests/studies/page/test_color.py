"""Color, and proportions that are not square: what is read, computed and drawn is what Python has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from amalgan.data import from_pixels, to_pixels
from amalgan.studies.page.page import page
from amalgan.systems import model_file
from support import SPECS, build, examples, settled

pytest.importorskip("onnxruntime")
DRAWN = """one => [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]"""


@pytest.mark.parametrize("spec", ["color", "not square"])
def test_a_picture_is_read_rebuilt_and_drawn_as_in_python(
    opening: Callable[..., Any], tmp_path: Path, spec: str
) -> None:
    told = SPECS[spec]
    system = settled(build("fusion", told), examples(told))
    model_file.publish(tmp_path / "model.safetensors", system, name="fusion", facts={})
    model = model_file.load(tmp_path)
    page(model, tmp_path / "page.html")
    pixels = np.random.default_rng(0).integers(0, 256, told.shape, dtype=np.uint8)
    Image.fromarray(pixels.transpose(1, 2, 0).squeeze()).save(tmp_path / "own.png")
    opened = opening(tmp_path / "page.html")
    opened.go("Rebuild")
    opened.until("Rebuild", "true")
    opened.tab.set_input_files("#Rebuild input[type=file]", tmp_path / "own.png")
    x = from_pixels(pixels[None], model.spec)
    last = opened.until("Rebuild", f"Math.abs(last.x[5] - {float(x.flatten()[5])}) < 1e-6")
    with torch.no_grad():
        code = model.system.encode(x)  # type: ignore[operator]
        again = model.system.decode(code).clamp(-1, 1)  # type: ignore[operator]
    np.testing.assert_allclose(last["x"], x.flatten(), atol=1e-6)
    np.testing.assert_allclose(last["code"], code.flatten(), atol=1e-4)
    np.testing.assert_allclose(last["faithful"]["x"], again.flatten(), atol=1e-4)
    for at, wanted in enumerate((x, again)):
        drawn = np.array(opened.tab.eval_on_selector(f"#Rebuild .pair:nth-child({at + 1}) canvas", DRAWN))
        shown = to_pixels(wanted, model.spec)[0]
        rgb = np.stack([shown] * 3, axis=2) if shown.ndim == 2 else shown
        assert np.abs(drawn.reshape(*told.shape[1:], 4)[..., :3] - rgb).max() <= (0 if at == 0 else 1)
    assert opened.noted == []
