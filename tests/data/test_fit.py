"""A model's DataSpec says how pictures were fitted, so that a task reads, and splits, as training did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.data import open_data
from amalgan.data.decoding.images import fitted
from amalgan.data.decoding.layout import Layout


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch", "cut"])
def test_what_a_model_reads_is_what_it_was_trained_on(fit: str, tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    for number in range(60):
        pixels = chance.integers(0, 256, (20, 30, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    trained = open_data(tmp_path, DataConfig(size="24x16", fit=fit, background="red"))
    used = open_data(tmp_path, like=trained.spec)
    assert used.fingerprint == trained.fingerprint
    assert np.array_equal(used.test.pixels(slice(None)), trained.test.pixels(slice(None)))
    assert len(used.test) > 0


def test_no_size_is_lost_to_rounding():
    layout = Layout(height=56, width=76, channels=1)
    for width in range(340, 380):
        for height in range(260, 290):
            assert fitted(Image.new("L", (width, height)), layout).shape == layout.shape
