"""Color of 16 bits a channel: both bytes of every number count, by one range for a data set."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.core.errors import BadPicture
from amalgan.data import open_data
from amalgan.data.decoding import images
from amalgan.data.decoding.deep_numbers import numbers_of
from amalgan.data.decoding.layout import Layout
from amalgan.data.decoding.ranges import Range

COLORS = {2: 4, 3: 2, 4: 6}
"""PNG's type of color by the number of channels."""


def png(numbers: np.ndarray[Any, Any]) -> bytes:
    """A PNG of 16 bits a channel, which Pillow cannot write."""
    height, width, channels = numbers.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    head = struct.pack(">IIBBBBB", width, height, 16, COLORS[channels], 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def tiff(numbers: np.ndarray[Any, Any], **options: Any) -> bytes:
    """A TIFF of 16 bits a channel."""
    file = io.BytesIO()
    planes = options.get("planarconfig") == "separate"
    tifffile.imwrite(file, numbers.transpose(2, 0, 1) if planes else numbers, photometric="rgb", **options)
    return file.getvalue()


def drawn(channels: int = 3, most: int = 65535, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, most + 1, (12, 16, channels)).astype(np.uint16)


WAYS = {
    "PNG": png,
    "TIFF": tiff,
    "TIFF, big end first": lambda numbers: tiff(numbers, byteorder=">"),
    "TIFF, deflated": lambda numbers: tiff(numbers, compression="zlib"),
    "TIFF, deflated, big end first": lambda numbers: tiff(numbers, compression="zlib", byteorder=">"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_bit_is_read(way: str) -> None:
    numbers = drawn()
    data = WAYS[way](numbers)
    with images.loaded(data) as image:
        found = numbers_of(image, data)
    assert found is not None
    assert (found == numbers).all()


def test_transparency_stays() -> None:
    numbers = drawn(channels=4)
    numbers[..., 3] = 0
    numbers[:6, :, 3] = 65535
    layout = Layout(
        channels=3, height=12, width=16, fit="crop", background=(0, 255, 0), range=Range(0, 65535)
    )
    pixels = images.decode(png(numbers), layout).pixels
    assert (pixels[:, 6:] == np.array([0, 255, 0])[:, None, None]).all()
    assert np.abs(pixels[:, :6].transpose(1, 2, 0) - numbers[:6, :, :3] / 257).max() <= 0.5


def test_planes_that_would_be_read_wrongly_are_refused() -> None:
    with pytest.raises(BadPicture, match="separate planes"), images.guarded():
        images.values(tiff(drawn(), planarconfig="separate"))


def test_files_of_eight_bits_have_no_numbers() -> None:
    file = io.BytesIO()
    Image.fromarray(drawn(most=255).astype(np.uint8)).save(file, "TIFF")
    with images.loaded(file.getvalue()) as image:
        assert numbers_of(image, file.getvalue()) is None
    assert images.values(file.getvalue()) is None


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Twelve bits in files of sixteen, as cameras write them."""
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(png(drawn(most=4095, seed=number)))
    return tmp_path


def test_one_range_is_found_for_all(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = open_data(scans, DataConfig(size="12x16", cache=str(tmp_path_factory.mktemp("cache"))))
    assert data.spec.range == (0.0, 4095.0)
    pixels = data.whole.store.pixels
    assert pixels.max() == 255
    assert pixels.mean() == pytest.approx(127.5, abs=3)
    assert not any("upper 8 bits" in text for text in data.inspection.warnings)


def test_decoded_when_drawn_they_are_the_same(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    stored, drawn_on_demand = (
        open_data(scans, DataConfig(size="12x16", decode=way, cache=str(tmp_path_factory.mktemp(way))))
        for way in ("once", "on-demand")
    )
    every = np.arange(len(stored.whole.store))
    assert stored.fingerprint == drawn_on_demand.fingerprint
    assert (stored.whole.store.pixels[every] == drawn_on_demand.whole.store.pixels[every]).all()


CUT = {
    "gray with transparency": lambda seed: png(drawn(channels=2, seed=seed)),
    "planes": lambda seed: tiff(drawn(seed=seed), compression="zlib", planarconfig="separate"),
}


@pytest.mark.parametrize("form", CUT)
def test_what_keeps_its_upper_bits_says_so(
    form: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for number in range(20):
        (tmp_path / f"{number}.{'png' if form.startswith('gray') else 'tif'}").write_bytes(CUT[form](number))
    data = open_data(tmp_path, DataConfig(size="12x16", cache=str(tmp_path_factory.mktemp("cache"))))
    assert any("upper 8 bits alone" in text for text in data.inspection.warnings)
