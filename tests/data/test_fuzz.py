"""Whatever bytes: a result or our own error, never another one."""

import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from amalgan.core.errors import AmalganError, BadPicture
from amalgan.core.file_names import Names, shown
from amalgan.data import open_data
from amalgan.data.decoding.images import decode, measure
from amalgan.data.decoding.layout import Layout

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
LAYOUT = Layout(height=8, width=8, channels=3)
EXAMPLES = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def sample(kind, mode):
    file = BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {} if kind in ("GIF", "BMP") else {"exif": exif}
    Image.fromarray(pixels).convert(mode).save(file, kind, **options)
    return file.getvalue()


SEEDS = [sample(kind, mode) for kind in KINDS for mode in ("RGB", "L")]
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8)


def mutated(data, edits, cut):
    changed = bytearray(data)
    for place, value in edits:
        changed[place % len(changed)] = value
    return bytes(changed[: len(changed) - cut % len(changed)])


@pytest.mark.filterwarnings("ignore")
@EXAMPLES
@given(seed=st.sampled_from(SEEDS), edits=EDITS, cut=st.sampled_from([0, 0, 1, 7, 100, 100_000]))
def test_mutated_pictures_are_pictures_or_bad(seed, edits, cut):
    data = mutated(seed, edits, cut)
    try:
        assert decode(data, LAYOUT).pixels.shape == (3, 8, 8)
    except BadPicture as bad:
        assert str(bad).isprintable() and "object at" not in str(bad)


@EXAMPLES
@given(
    data=st.binary(max_size=200),
    magic=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a"]),
)
def test_arbitrary_bytes_are_bad(data, magic):
    with pytest.raises(BadPicture):
        measure(magic + data[:100])
        decode(magic + data[:100], LAYOUT)


def archive():
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for row in range(3):
            packed.writestr(f"a/{row}.png", sample("PNG", "L"))
    return file.getvalue()


def arrays(**values):
    file = BytesIO()
    np.savez_compressed(file, **values)
    return file.getvalue()


def one_array():
    file = BytesIO()
    np.save(file, np.arange(64, dtype=np.float32).reshape(16, 4))
    return file.getvalue()


CONTAINERS = [archive(), one_array(), arrays(x=np.zeros((5, 9, 9), np.uint8), y=np.arange(5))]


@pytest.mark.filterwarnings("ignore")
@EXAMPLES
@given(seed=st.sampled_from(CONTAINERS), edits=EDITS, cut=st.sampled_from([0, 0, 0, 1, 30, 300]))
def test_mutated_containers_are_read_or_refused(tmp_path_factory, seed, edits, cut):
    path = tmp_path_factory.mktemp("fuzz") / "data"
    path.write_bytes(mutated(seed, edits, cut))
    try:
        json.dumps(open_data(path, at_least=1).inspection.to_json(), allow_nan=False)
    except AmalganError as error:
        assert "object at" not in str(error)


@given(st.lists(st.binary(max_size=40).map(lambda name: name.replace(b"\0", b"")), max_size=30))
def test_names_come_back_and_sort_as_bytes_do(names):
    gathered = Names.of(names)
    assert [gathered[row] for row in range(len(gathered))] == names
    assert [gathered[int(row)] for row in gathered.order()] == sorted(names)


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_shown_names_are_harmless_and_stay_different(one, other):
    assert shown(one).isprintable()
    assert (shown(one) == shown(other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"plain name.png", "plain name.png"),
        ("ĸöñ.png".encode(), "ĸöñ.png"),
        (b"a\nb\x1b[31m", "a\\x0ab\\x1b[31m"),
        (b"\xff.png", "\\xff.png"),
        ("\u202egnp.exe".encode(), "\\u{202e}gnp.exe"),
        (b"back\\slash", "back\\x5cslash"),
    ],
)
def test_shown_names_by_example(name, text):
    assert shown(name) == text
