"""Pictures of more than eight bits: one range for a data set, whatever each of them holds."""

import numpy as np
import pytest
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.core.errors import ConfigError, DataError
from amalgan.data import open_data
from amalgan.data.dataset.native_size import own_sized
from amalgan.data.decoding.ranges import Range, Values, choose_range


@pytest.fixture
def slices(tmp_path):
    """Writes 20 pictures, of which each holds another part of ``values``."""

    def written(values, ending, kind):
        values = np.asarray(values)
        for row in range(20):
            picture = np.full((16, 16), values[row % len(values)], kind)
            picture[0, row % 16] = values[(row + 1) % len(values)]
            (tmp_path / ending).mkdir(exist_ok=True)
            Image.fromarray(picture).save(tmp_path / ending / f"{row:02d}.{ending}")
        return tmp_path / ending

    return written


def levels(found):
    return {int(level) for level in np.unique(found.records.store.pixels)}


@pytest.mark.parametrize(
    ("least", "greatest", "whole", "expected"),
    [
        (0, 200, True, (0, 255)),
        (0, 1000, True, (0, 1023)),
        (3, 4000, True, (0, 4095)),
        (0, 16383, True, (0, 16383)),
        (0, 16384, True, (0, 65535)),
        (-1000, 3000, True, (-1000, 3000)),
        (0, 70000, True, (0, 70000)),
        (0, 1, False, (0, 1)),
        (-0.5, 0.9, False, (-1, 1)),
        (0, 2, False, (0, 255)),
        (0, 4000, False, (0, 4095)),
        (-3, 4, False, (-3, 4)),
    ],
)
def test_the_fewest_bits_that_hold_all(least, greatest, whole, expected):
    assert choose_range(Values(least, greatest, whole)) == expected


@pytest.mark.parametrize(
    ("values", "ending", "kind", "expected"),
    [
        ([0, 1000, 4095], "png", "u2", {0, 62, 255}),
        ([0, 1000, 4095], "tif", "u2", {0, 62, 255}),
        ([0, 1000, 65535], "png", "u2", {0, 4, 255}),
        ([-1000, 0, 1000], "tif", "i4", {0, 128, 255}),
        ([0.0, 0.5, 1.0], "tif", "f4", {0, 128, 255}),
        ([-1.0, 0.0, 1.0], "tif", "f4", {0, 128, 255}),
        ([0.5, 200.0, 255.0], "tif", "f4", {0, 200, 255}),
    ],
)
@pytest.mark.parametrize("size", [None, "16"])
def test_one_value_is_one_level_in_every_picture(slices, values, ending, kind, expected, size):
    channels = None if size is None else 1
    found = open_data(slices(values, ending, kind), DataConfig(size=size, channels=channels))
    assert levels(found) == expected
    surprising = max(values) not in (1.0, 255.0, 65535) or min(values) < 0
    assert any("range" in text for text in found.inspection.warnings) == surprising


def test_a_model_reads_other_data_by_the_range_of_its_own(slices, tmp_path):
    own = open_data(slices([0, 1000, 4095], "png", "u2"))
    assert own.spec.range == (0, 4095)
    dark = open_data(slices([0, 100, 200], "tif", "u2"), like=own.spec)
    assert levels(dark) == {0, 6, 12}
    bright = open_data(slices([0, 4095, 9000], "tif", "u2"), like=own.spec)
    assert levels(bright) == {0, 255}
    assert any("beyond the range" in text for text in bright.inspection.warnings)
    np.save(tmp_path / "x.npy", np.full((20, 16, 16), 1000, np.uint16))
    assert levels(open_data(tmp_path / "x.npy", like=own.spec)) == {62}
    np.save(tmp_path / "y.npy", np.full((20, 16, 16), 0.5, np.float32))
    assert levels(open_data(tmp_path / "y.npy", like=own.spec)) == {128}
    pictures = [one.pixels for one in own_sized(slices([0, 1000, 4095], "png", "u2"), own.spec).pictures]
    assert {int(level) for level in np.unique(pictures)} == {0, 62, 255}


def test_a_range_can_be_asked_for(slices, tmp_path):
    folder = slices([0, 100, 200], "png", "u2")
    assert levels(open_data(folder, DataConfig(range="0:500"))) == {0, 51, 102}
    np.save(tmp_path / "x.npy", np.linspace(-2, 6, 20 * 64).reshape(20, 8, 8))
    with pytest.raises(DataError, match=r"-2 to 6; float pictures lie within 0 to 1.*--range"):
        open_data(tmp_path / "x.npy")
    found = open_data(tmp_path / "x.npy", DataConfig(range="-2:6"))
    assert min(levels(found)) == 0 and max(levels(found)) == 255 and found.spec.range == (-2, 6)
    for wrong in ("4095", "5:5", "9:1", "a:b", "0:inf", ""):
        with pytest.raises(ConfigError, match="--range"):
            DataConfig(range=wrong)


def test_twelve_bits_in_an_array_are_those_in_files(slices, tmp_path):
    folder = open_data(slices([0, 1000, 4095], "png", "u2"))
    stacked = np.stack([np.asarray(Image.open(path)) for path in sorted((tmp_path / "png").iterdir())])
    np.save(tmp_path / "x.npy", stacked.astype(np.uint16))
    array = open_data(tmp_path / "x.npy")
    assert array.fingerprint == folder.fingerprint and array.spec == folder.spec
    assert Range(0, 4095).text in "0:4095"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_color_of_sixteen_bits_is_read_by_its_range(tmp_path, kind):
    import struct
    import zlib

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    for row in range(20):
        pixels = np.random.default_rng(row).integers(0, 65536, (16, 16, 3)).astype(">u2")
        rows = b"".join(b"\0" + line.tobytes() for line in pixels)
        png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0))
        png += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        tags = [
            (256, 3, 1, 16),
            (257, 3, 1, 16),
            (258, 3, 3, 122),
            (259, 3, 1, 1),
            (262, 3, 1, 2),
            (273, 4, 1, 128),
        ]
        tags += [(277, 3, 1, 3), (278, 3, 1, 16), (279, 4, 1, 1536)]
        entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
        tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\0" * 4
        tiff = tiff.ljust(122, b"\0") + struct.pack("<HHH", 16, 16, 16) + pixels.astype("<u2").tobytes()
        (tmp_path / f"{row:02d}.{kind.lower()}").write_bytes(png if kind == "PNG" else tiff)
    data = open_data(tmp_path)
    assert data.inspection.read == 20
    assert data.spec.range == (0, 65535)
    assert not any("16 bits" in text for text in data.inspection.warnings)  # nothing is left out
    assert data.whole.store.pixels.max() == 255
