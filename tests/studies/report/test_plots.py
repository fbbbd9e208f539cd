"""Points stand where their values say, ticks at round numbers, and no two systems look alike."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from amalgan.studies.html.axes import Scale
from amalgan.studies.html.figures import seeds_and_mean
from amalgan.studies.html.palette import Face
from amalgan.studies.html.pictures import GAP, count_across, of_rows, row, sheet
from amalgan.studies.html.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Dots, Line, Mark, plot

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20)


@given(VALUES, st.booleans())
def test_every_value_stands_on_the_axis_and_ticks_are_round(values: list[float], log: bool) -> None:
    scale = Scale.of(values, log=log)
    assert all(-1e-6 <= scale.place(value) <= 1 + 1e-6 for value in values)
    assert 1 <= len(scale.ticks) <= 12
    assert all(-1e-6 <= place <= 1 + 1e-6 for place, _ in scale.ticks)


def test_a_logarithmic_axis_gives_each_decade_as_much_room() -> None:
    scale = Scale.of([1, 1000], log=True)
    assert scale.log and scale.place(10) - scale.place(1) == pytest.approx(scale.place(100) - scale.place(10))
    assert {"1", "10", "100", "1000"} <= {text for _, text in scale.ticks}
    assert not Scale.of([1, 5], log=True).log and not Scale.of([0, 1000], log=True).log


def test_corners_of_the_data_are_corners_of_the_plot() -> None:
    face = Face("a", 0)
    made = plot(
        [Line([(0.0, 10.0), (4.0, 30.0)], face)],
        Axis("x", tight=True),
        Axis("y", tight=True),
        title="",
        alt="",
    )
    numbers = [float(found) for found in re.findall(r"[\d.]+", made.paths[0].d)]
    assert numbers == pytest.approx([LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, TOP], abs=0.1)


def test_thousands_of_dots_cost_few_bytes() -> None:
    points = [(float(x), float(y)) for x, y in np.random.default_rng(0).normal(size=(2000, 2))]
    made = plot([Dots(points, "k0")], Axis("", bare=True), Axis("", bare=True), title="", alt="")
    assert made.paths[0].d.count("h0") == 2000
    assert len(made.paths[0].d) < 30_000
    assert not made.texts and not made.grid


def test_words_beside_marks_do_not_cover_one_another() -> None:
    marks = [Mark((1.0, 1.0 + 1e-6 * k), Face(str(k), k), text=f"name {k}") for k in range(5)]
    made = plot(marks, Axis("x"), Axis("y"), title="", alt="")
    heights = sorted(text.y for text in made.texts if text.style.startswith("beside"))
    assert len(heights) == 5 and np.diff(heights).min() >= 13.9


def test_no_two_of_many_systems_look_alike_even_without_color() -> None:
    faces = [Face(str(k), k) for k in range(40)]
    assert len({(face.color, face.dash, face.marker(0, 0, 5)) for face in faces}) == 40
    assert len({(face.dash, face.marker(0, 0, 5)) for face in faces[:7]}) == 7


def test_a_run_that_stopped_early_does_not_cut_the_mean() -> None:
    whole = [(float(k), 2.0) for k in range(5)]
    items = seeds_and_mean([whole, [(float(k), 4.0) for k in range(5)], whole[:2]], Face("a", 0))
    mean = next(item for item in items if isinstance(item, Line) and not item.faint)
    assert mean.points == [(float(k), 3.0) for k in range(5)]
    assert items[-1] == Mark((4.0, 3.0), Face("a", 0))


@pytest.mark.parametrize("color", [False, True])
def test_a_sheet_holds_the_very_pixels(color: bool) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (4, 5, 6, *([3] if color else [])), dtype=np.uint8)
    made = of_rows([pixels[:2], pixels[2:]], "pictures")
    image = opened(made.uri)
    assert (made.width, made.height) == image.size == (2 * 6 + GAP, 2 * 5 + GAP)
    found = np.asarray(image)
    body = found[5 + GAP :, 6 + GAP :]
    assert np.array_equal(body[..., :-1].squeeze(), pixels[3])
    assert (found[:5, 6, -1] == 0).all() and (body[..., -1] == 255).all()
    assert made.alt == "4 pictures"


def opened(uri: str) -> Image.Image:
    """The picture of a ``data:`` URI."""
    from base64 import b64decode
    from io import BytesIO

    head, body = uri.split(",")
    assert head == "data:image/png;base64"
    return Image.open(BytesIO(b64decode(body)))


@pytest.mark.parametrize(("side", "times"), [(8, 6), (28, 2), (32, 2), (64, 1), (256, 1)])
def test_sheets_are_scaled_by_whole_numbers_and_keep_to_their_room(side: int, times: int) -> None:
    pixels = np.zeros((64, side, side), np.uint8)
    made = sheet(pixels, "", across=500, most=64)
    assert made.times == times
    assert made.width * made.times <= 500
    columns, rows = (made.width + GAP) // (side + GAP), (made.height + GAP) // (side + GAP)
    assert columns == count_across(pixels, 500) and columns * rows <= 64 < columns * (rows + 1)
    assert row(pixels, "", most=16).height == side
