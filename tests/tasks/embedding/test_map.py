"""The map keeps neighbors together, shows pictures that do not overlap, and is the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import UsageError
from amalgan.data import Dataset, Records
from amalgan.tasks.embed.embed import Codes, class_names
from amalgan.tasks.embed.map import (
    FLATTEST,
    FRAME,
    WIDTH,
    color_of,
    free,
    laid_out,
    map_picture,
    spread_out,
    thumbnail,
)


def clustered(count: int, groups: int = 3, size: int = 8) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    center = 8 * random.standard_normal((groups, size))
    return (center[np.arange(count) % groups] + random.standard_normal((count, size))).astype(np.float32)


def codes_for(records: Records) -> Codes:
    code = clustered(len(records))
    return Codes(code=code, label=class_names(records), name=np.array(records.names))


@pytest.mark.parametrize("method", ["tsne", "components"])
def test_neighbors_in_the_code_are_neighbors_on_the_map(method: str) -> None:
    points, how = laid_out(clustered(90), method, 0)  # type: ignore[arg-type]
    apart = np.linalg.norm(points[:, None] - points, axis=2) + 9 * np.eye(90)
    assert (apart.argmin(1) % 3 == np.arange(90) % 3).mean() > 0.95
    assert ("perplexity" in how) == (method == "tsne")


@pytest.mark.parametrize("kind", ["digits", "wine"])
def test_a_map_is_a_png_of_the_stated_width_and_repeatable(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data: Dataset = request.getfixturevalue(kind)
    records = data.records.select(slice(120))
    for name in ("a.png", "b.png"):
        map_picture(codes_for(records), records, tmp_path / name)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert image.format == "PNG" and image.width == WIDTH
        colors = {color for _, color in image.getcolors(1 << 20)}
    assert {color_of(number) for number in range(3)} <= colors
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_hostile_and_many_class_names_fit_into_the_legend(digits: Dataset, tmp_path: Path) -> None:
    names = ("\x1b[31mred", "a\nb", "x" * 300, *(f"class {number}" for number in range(60)))
    records = digits.records.select(slice(30))
    records = replace(records, spec=replace(records.spec, classes=names))
    map_picture(codes_for(records), records, tmp_path / "map.png", method="components")
    assert (tmp_path / "map.png").stat().st_size > 1000


def test_constant_codes_and_a_single_entry_can_be_drawn(wine: Dataset, tmp_path: Path) -> None:
    records = wine.records.select(slice(5))
    for code in (np.ones((5, 3), np.float32), np.arange(5, dtype=np.float32)[:, None]):
        map_picture(
            replace(codes_for(records), code=code), records, tmp_path / "map.png", method="components"
        )


def test_codes_of_other_records_are_refused(digits: Dataset, tmp_path: Path) -> None:
    codes = codes_for(digits.test)
    with pytest.raises(UsageError, match="as many of both"):
        map_picture(codes, digits.train, tmp_path / "map.png")


def test_a_thumbnail_shows_the_picture_in_a_frame_of_its_class(digits: Dataset) -> None:
    framed = np.asarray(thumbnail(digits.test, 0, 36, (255, 0, 0)))
    assert framed.shape == (32 + 2 * FRAME, 32 + 2 * FRAME, 3)
    assert (framed[:FRAME] == (255, 0, 0)).all() and (framed[:, -FRAME:] == (255, 0, 0)).all()
    assert np.array_equal(framed[FRAME:-FRAME:4, FRAME:-FRAME:4, 0][:8, :8], digits.test.pixels([0])[0, 0])


@given(st.integers(2, 60), st.integers(0, 1000), st.floats(1, 200))
def test_pictures_never_overlap_and_the_first_always_hangs(count: int, seed: int, side: float) -> None:
    places = np.random.default_rng(seed).uniform(0, 500, (count, 2))
    taken = free(places, round(side))
    apart = np.abs(places[taken][:, None] - places[taken]).max(2) + 1e9 * np.eye(len(taken))
    assert taken[0] == 0 and apart.min() >= round(side)


@given(st.integers(2, 50), st.integers(0, 1000), st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_points_fill_the_sheet_and_stay_on_it(count: int, seed: int, scale: float, flat: float) -> None:
    points = np.random.default_rng(seed).standard_normal((count, 2)) * (scale, scale * flat)
    placed = spread_out(points)
    assert placed.min() >= 0 and placed[:, 0].max() == 1
    assert FLATTEST - 1e-9 <= placed[:, 1].max() <= 1 + 1e-9
