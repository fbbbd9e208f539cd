"""A picture says where it comes from, to us and to programs that know XMP; what others wrote is no word of ours."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from amalgan import __version__
from amalgan.data.decoding.full_picture import of_image
from amalgan.data.decoding.images import packet
from amalgan.data.writing.films import film_bytes
from amalgan.data.writing.full_picture import write
from amalgan.data.writing.grids import png_bytes
from amalgan.data.writing.provenance import EDITED_BY_A_MODEL, MADE_BY_A_MODEL, origin, provenance, xmp_of
from hostile import HOSTILE

TEXT = provenance("0123456789abcdef", seed=7)
TOLD = {
    "software": f"amalgan {__version__}",
    "source": "synthetic: made by a trained model",
    "model": "0123456789abcdef",
    "seed": "7",
}


def test_pictures_and_films_tell_it() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 8, 8), dtype=np.uint8)
    for data in (png_bytes(frames[0], TEXT), film_bytes(frames, TEXT)):
        assert origin(packet(data)) == TOLD
    assert origin(packet(png_bytes(frames[0]))) is None


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_a_restored_picture_tells_it_in_its_own_format(format: str) -> None:
    whole = of_image(Image.fromarray(np.zeros((8, 8, 3), np.uint8)), format)
    found = packet(write(whole, TEXT, format))
    assert origin(found) == TOLD and EDITED_BY_A_MODEL.encode() in found


def test_it_is_xml_with_the_word_of_iptc() -> None:
    root = ElementTree.fromstring(xmp_of(TEXT).partition("?>")[2].rpartition("<?")[0])
    (said,) = root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    names = {name.partition("}")[2]: value for name, value in said.attrib.items()}
    assert names["DigitalSourceType"] == MADE_BY_A_MODEL
    assert names["CreatorTool"] == f"amalgan {__version__}" and names["model"] == TEXT["amalgan model"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_in_it_are_text_and_nothing_else(name: str) -> None:
    packet = xmp_of(TEXT | {"amalgan of": name})
    ElementTree.fromstring(packet.partition("?>")[2].rpartition("<?")[0])
    told = origin(packet.encode())
    assert told is not None and {key: told[key] for key in TOLD} == TOLD
    assert told["of"].isprintable()


@pytest.mark.parametrize("xmp", [b"", b"\xff" * 100, b"<x:xmpmeta/>", xmp_of(TEXT).encode()[100:]])
def test_what_others_wrote_is_no_word_of_ours(xmp: bytes) -> None:
    found = origin(xmp)
    assert found is None or found.keys() <= TOLD.keys()
    assert origin(b" " * 2**20 + xmp_of(TEXT).encode()) is None
