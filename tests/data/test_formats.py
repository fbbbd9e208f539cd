"""What a file is called that is not read: by what it is, never damaged without a look."""

import struct
import tarfile
from importlib.util import find_spec
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from amalgan.core.errors import BadPicture
from amalgan.data import open_data
from amalgan.data.decoding.formats import PLUGINS, STARTS, chunks
from amalgan.data.decoding.full_picture import read
from amalgan.data.decoding.images import decode, measure
from amalgan.data.decoding.layout import Layout

GRAY = Layout(height=16, width=16, channels=1)
DOORS = (measure, lambda data: decode(data, GRAY), read)


def tar():
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("0.png"), BytesIO())
    return file.getvalue()


def bands(count):
    """A TIFF of so many bands of eight bits, 4x4."""
    tags = [
        (256, 3, 4),
        (257, 3, 4),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 200),
        (277, 3, count),
        (279, 4, 16),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\0" * 4).ljust(
        200, b"\0"
    ) + b"\0" * 16 * count


NAMED = {
    "HEIC": (struct.pack(">I", 24) + b"ftypheic" + b"\0" * 100, "HEIC"),
    "JPEG XL": (b"\xff\x0a" + b"\0" * 100, "JPEG XL"),
    "JPEG XL in a box": (b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 100, "JPEG XL"),
    "film": (struct.pack(">I", 24) + b"ftypisom" + b"\0" * 100, "film"),
    "raw": (struct.pack(">I", 24) + b"ftypcrx " + b"\0" * 100, "raw"),
    "PGM": (b"P5 2 2 255\n" + b"\0" * 4, "Netpbm"),
    "tar": (tar(), "tar archive"),
    "text": (b"file,label\n1.png,cat\n", "text"),
    "bands": (bands(8), "more than four bands"),
    "GIF": (b"GIF89a" + b"\xff" * 4, "GIF"),
    "JPEG": (b"\xff\xd8\xff\xe0" + b"\0" * 9, "JPEG"),
    "WebP": (b"RIFF\0\0\0\0WEBPVP9 ", "WebP"),
    **{what: (b"\1" * place + start + b"\0" * 400, what.split(",")[0]) for place, start, what, _ in STARTS},
}


@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_read_is_called_by_its_name_at_every_door(name):
    data, word = NAMED[name]
    if word in PLUGINS and find_spec(PLUGINS[word][1]):
        pytest.skip("a plug-in reads it here")
    for read_it in DOORS:
        with pytest.raises(BadPicture) as caught:
            read_it(data)
        text = str(caught.value)
        assert word in text and "damaged or not a picture" not in text
        assert text.startswith("is ") and ". " in text  # what was found, and what to do


def test_only_what_is_nothing_known_is_damaged_or_not_a_picture():
    with pytest.raises(BadPicture, match="damaged or not a picture; PNG, JPEG"):
        measure(bytes(range(200, 256)))


@pytest.mark.parametrize("palette", [False, True])
def test_a_png_whose_pixels_have_a_wrong_checksum_is_damaged(encode, noise, palette):
    image = Image.fromarray(noise(16, 16))
    data = encode(image.quantize(16) if palette else image)
    place, hit = 8, set()
    for name, sound in chunks(data):
        assert sound
        length = int.from_bytes(data[place : place + 4], "big")
        for at in range(place + 4, place + 12 + length, max(1, length // 40)):
            broken = bytearray(data)
            broken[at] ^= 1
            for read_it in DOORS[1:]:
                with pytest.raises(BadPicture):
                    read_it(bytes(broken))
        hit.add(name)
        place += 12 + length
    assert hit >= {b"IHDR", b"IDAT", b"IEND"}


def test_a_wrong_checksum_is_named_and_the_picture_is_skipped(tmp_path, save, encode, noise):
    for row in range(20):
        save(tmp_path / f"{row:02d}.png", noise(16, 16, seed=row))
    data = bytearray(encode(noise(16, 16, seed=99)))
    data[data.index(b"IDAT") + 40] ^= 4
    (tmp_path / "bad.png").write_bytes(data)
    found = open_data(tmp_path).inspection
    assert found.read == 20
    assert "IDAT" in found.skipped[0].reason


@pytest.mark.parametrize("module, kind", [("pillow_heif", "HEIF"), ("pillow_jxl", "JXL")])
def test_a_plug_in_that_is_installed_is_used(module, kind, noise):
    plugin = pytest.importorskip(module)
    getattr(plugin, "register_heif_opener", lambda: None)()
    smooth = Image.fromarray(noise(4, 4, 3)).resize((64, 64), Image.Resampling.BICUBIC)
    file = BytesIO()
    smooth.save(file, kind, quality=95)
    layout = Layout(height=64, width=64, channels=3)
    pixels = decode(file.getvalue(), layout).pixels.astype(int)
    assert np.abs(pixels - np.asarray(smooth).transpose(2, 0, 1)).mean() < 6
