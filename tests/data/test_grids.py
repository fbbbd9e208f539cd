"""Pictures out: folder, arrays, grid."""

import os
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from amalgan.core.errors import ForeignFile, UsageError
from amalgan.data import grid, open_data, png_bytes, write_output
from amalgan.data.writing.grids import png_names


def test_a_folder_of_pngs_keeps_names_pixels_and_text(tmp_path, noise):
    pixels = noise(3, 8, 9, 3)
    written = write_output(
        tmp_path / "O", pixels, names=["a/x.jpg", "b/y.png", "z"], text={"made-by": "ünit <test>"}
    )
    assert [str(path.relative_to(tmp_path / "O")) for path in written] == ["a/x.png", "b/y.png", "z.png"]
    for path, picture in zip(written, pixels, strict=True):
        with Image.open(path) as image:
            assert np.array_equal(np.asarray(image), picture)
            assert image.text["made-by"] == "ünit <test>" and len(image.text) == 2


def test_an_output_folder_is_a_data_set(tmp_path, noise):
    pixels = noise(20, 8, 9)
    write_output(tmp_path / "O", pixels)
    assert np.array_equal(open_data(tmp_path / "O").records.pixels(slice(None))[:, 0], pixels)


def test_npz_holds_the_arrays_sorted_by_name(tmp_path, noise):
    pixels, vectors = noise(3, 8, 8), np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    write_output(tmp_path / "x.npz", pixels, names=["b", "c", "a"])
    write_output(tmp_path / "v.npz", vectors)
    assert np.array_equal(np.load(tmp_path / "x.npz")["x"], pixels[[2, 0, 1]])
    found = np.load(tmp_path / "v.npz")["x"]
    assert found.dtype == np.float32 and np.array_equal(found, vectors)


def test_a_grid_shows_every_picture_in_its_place(tmp_path, noise):
    pixels = noise(5, 4, 6, 3)
    sheet = grid(pixels, columns=3, gap=1)
    assert sheet.shape == (2 * 5 + 1, 3 * 7 + 1, 3)
    for place, picture in enumerate(pixels):
        top, left = 1 + place // 3 * 5, 1 + place % 3 * 7
        assert np.array_equal(sheet[top : top + 4, left : left + 6], picture)
    assert (sheet[6:, 15:] == 255).all()
    write_output(tmp_path / "x.png", pixels)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "x.png")), grid(pixels))


def test_scale_repeats_pixels(noise):
    pixels = noise(1, 4, 4)
    assert np.array_equal(grid(pixels, gap=0, scale=3)[::3, ::3], pixels[0])


def test_writing_twice_gives_the_same_bytes(tmp_path, noise):
    for name in ("a.npz", "b.npz"):
        write_output(tmp_path / name, noise(3, 8, 8))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert png_bytes(noise(8, 8)) == png_bytes(noise(8, 8))


def test_names_that_would_meet_keep_their_endings():
    assert png_names(["a.jpg", "a.png", "b.jpg"]) == ["a.jpg.png", "a.png.png", "b.png"]


def test_long_names_are_shortened_and_stay_different(tmp_path, noise):
    names = ["é" * 240 + "1", "é" * 240 + "2"]
    written = write_output(tmp_path, noise(2, 8, 8), names=names)
    assert len(set(written)) == 2
    assert all(len(os.fsencode(path.name)) <= 200 and path.suffix == ".png" for path in written)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_names_never_lead_out(tmp_path, noise, name):
    with pytest.raises(UsageError, match="leads out"):
        write_output(tmp_path / "O", noise(1, 8, 8), names=[name])
    assert not (tmp_path / "O").exists()


def test_what_cannot_be_written_is_said(tmp_path, noise):
    with pytest.raises(UsageError, match=r"\.npz"):
        write_output(tmp_path / "x.png", np.zeros((3, 4), np.float32))
    with pytest.raises(UsageError, match="at least one"):
        grid(noise(0, 8, 8))


PARTS = st.sampled_from(
    ["a", "A", "a.png", "a.PNG", "a.jpg", "a.png.png", "b", "caf\u00e9.png", "cafe\u0301.jpg", "\u212a", "k"]
)
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@given(st.lists(PATHS, unique=True, max_size=24), st.sampled_from([".png", ".amg", None]))
def test_as_many_files_as_names_on_any_disk(names, ending):
    places = png_names(names, ending)
    folded = [unicodedata.normalize("NFC", place.casefold()) for place in places]
    assert len(set(folded)) == len(names)
    folders = {folder for place in folded for folder in above(place)}
    assert not folders & set(folded)
    assert places == png_names(names, ending)


def above(place):
    """The folders that a path needs."""
    parts = place.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def test_names_that_do_not_collide_stay_as_they_were():
    assert png_names(["a.jpg", "b/a.png", "c"]) == ["a.png", "b/a.png", "c.png"]
    first, one, two = png_names(["a.jpg", "a.png", "a.png.png"], ".amg")
    assert first == "a.jpg.amg" and one != two and one.startswith("a.png-") and one.endswith(".amg")


def test_a_foreign_picture_in_the_folder_stops_before_anything_is_written(tmp_path):
    (tmp_path / "O").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "O" / "b.png")
    before = (tmp_path / "O" / "b.png").read_bytes()
    with pytest.raises(ForeignFile, match=r"b\.png is there already, and amalgan did not write it"):
        write_output(tmp_path / "O", np.zeros((2, 4, 4), np.uint8), names=["a", "b"])
    assert [path.name for path in (tmp_path / "O").iterdir()] == ["b.png"]
    assert (tmp_path / "O" / "b.png").read_bytes() == before
