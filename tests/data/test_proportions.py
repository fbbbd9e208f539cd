"""The size of pictures, when none is asked for: their own proportions, and what it cuts away is measured and told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.data import open_data
from amalgan.data.decoding.proportions import choose_size, count_sizes, cut_away, proportions, size_at

SIDES = st.integers(1, 30_000)


def of(*kinds: tuple[int, int, int]) -> NDArray[np.int32]:
    """``(48, 256, 20)`` is twenty pictures, 48 high and 256 wide."""
    return np.repeat(
        np.array([kind[:2] for kind in kinds], np.int32).reshape(-1, 2),
        [count for *_, count in kinds],
        axis=0,
    )


SQUARE = {
    "one size": (of((28, 28, 20)), (28, 28)),
    "one outlier": (of((28, 28, 19), (500, 500, 1)), (28, 28)),
    "near 28": (of((28, 28, 17), (30, 30, 3)), (32, 32)),
    "large": (of((96, 96, 20)), (64, 64)),
    "nearly square": (of((84, 83, 1000)), (64, 64)),
    "wide and tall alike": (of((3000, 2000, 10), (2000, 3000, 10)), (64, 64)),
    "mostly tall": (of((4000, 3000, 6), (3000, 4000, 4)), (64, 64)),
    "nothing in common": (of((40, 500, 11), (500, 500, 9)), (32, 32)),
    "tiny": (of((4, 4, 20)), (8, 8)),
    "one pixel": (of((1, 1, 20)), (8, 8)),
    "none": (of(), (32, 32)),
}
OWN = {
    "small": (of((48, 64, 20)), (48, 64)),
    "strips of eight rows": (of((8, 200, 20)), (8, 200)),
    "strips of four rows": (of((4, 64, 20)), (8, 128)),
    "long strips of eight rows": (of((8, 1000, 20)), (8, 1000)),
    "columns of eight": (of((1000, 8, 20)), (1000, 8)),
    "spectrograms": (of((48, 256, 20)), (28, 148)),
    "spectrograms and a photograph": (of((48, 256, 19), (3000, 2000, 1)), (28, 148)),
    "panoramas": (of((300, 1200, 60), (280, 1300, 20), (320, 1100, 20)), (32, 128)),
    "tall": (of((1024, 256, 20)), (128, 32)),
    "photographs": (of((3000, 4000, 20)), (60, 80)),
    "small strips": (of((20, 90, 10), (21, 92, 10)), (16, 72)),
}


@pytest.mark.parametrize(("sizes", "expected"), SQUARE.values(), ids=SQUARE)
def test_squares_stay_as_they_were(sizes, expected):
    assert choose_size(sizes)[0] == expected


@pytest.mark.parametrize(("sizes", "expected"), OWN.values(), ids=OWN)
def test_others_keep_their_proportions(sizes, expected):
    size = choose_size(sizes)[0]
    assert size == expected
    assert cut_away(sizes, size, "crop").mean() < 0.1


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=50))
def test_any_folder_gets_a_size_that_networks_take(sizes):
    found = np.array(sizes, np.int32)
    (height, width), why = choose_size(found)
    assert min(height, width) >= 8 and height * width <= 4 * 64**2 and f"{height}x{width}" in why
    turned = choose_size(found[:, ::-1])[0]
    assert cut_away(found[:, ::-1], turned, "crop").mean() == pytest.approx(
        cut_away(found, (height, width), "crop").mean(), abs=0.02
    )


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=50))
def test_the_proportions_cut_hardly_more_than_the_median_or_a_square(sizes):
    found = np.array(sizes, np.int32)
    median = float(np.exp(np.median(np.log(found[:, 1] / found[:, 0]))))

    def cut(aspect: float) -> float:
        ratio = found[:, 1] / found[:, 0] / aspect
        return float((1 - np.minimum(ratio, 1 / ratio)).mean())

    assert cut(proportions(found)) <= min(cut(median), cut(1.0)) + 0.1 + 1e-9


@pytest.mark.parametrize("side", [16, 32, 64, 128, 256])
@given(aspect=st.floats(0.25, 4))
def test_a_side_and_an_aspect_give_multiples_of_four(side, aspect):
    height, width = size_at(side, aspect)
    assert height % 4 == width % 4 == 0
    if min(height, width) > 8:
        assert 0.6 < height * width / side**2 < 1.6
        assert np.log(width / height / aspect) == pytest.approx(0, abs=4 / min(height, width))


@pytest.mark.parametrize("fit", ["crop", "cut", "pad", "stretch"])
@pytest.mark.parametrize("kind", [(40, 60), (60, 40), (30, 30), (10, 200)])
def test_what_is_cut_away_is_what_decoding_leaves_out(fit, kind, tmp_path: Path):
    """Of a white picture on a black ground, as much is seen as there is white, at the scale of the fit."""
    height, width = kind
    Image.new("L", (width, height), "white").save(tmp_path / "0.png")
    shown = open_data(tmp_path, DataConfig(size="20x20", fit=fit, background="black"), at_least=1)
    scale = {
        "crop": min(height, width) / 20,
        "pad": max(height, width) / 20,
        "stretch": (height * width) ** 0.5 / 20,
        "cut": 1.0 if min(height, width) >= 20 else min(height, width) / 20,
    }[fit]
    seen = (shown.records.pixels([0]) > 127).sum() * scale**2 / (height * width)
    found = shown.inspection.cut_away
    assert found == pytest.approx(1 - seen, abs=1e-6 if fit in ("crop", "cut") else 0.05)


def warned(folder: Path, **reading: str) -> list[str]:
    texts = open_data(folder, DataConfig(**reading), at_least=1).inspection.warnings
    return [text for text in texts if "cut away" in text]


def test_what_is_cut_away_is_told_with_the_flags_that_help(tmp_path: Path, save, noise):
    for number in range(20):
        save(tmp_path / f"{number}.png", noise(48, 256, seed=number))
    assert warned(tmp_path) == []
    (told,) = warned(tmp_path, size="64")
    assert told.startswith("81% of the pictures' area")
    assert all(flag in told for flag in ("--fit pad", "--fit stretch", "--size"))
    assert warned(tmp_path, size="64", fit="pad") == warned(tmp_path, size="64", fit="stretch") == []


def test_a_model_that_cuts_says_so_without_flags_that_it_does_not_have(tmp_path: Path, save, noise):
    for number in range(20):
        save(tmp_path / "square" / f"{number}.png", noise(16, 16, seed=number))
        save(tmp_path / "wide" / f"{number}.png", noise(16, 64, seed=number))
    spec = open_data(tmp_path / "square").spec
    (told,) = (text for text in open_data(tmp_path / "wide", like=spec).inspection.warnings if "cut" in text)
    assert told.startswith("75% of the pictures' area") and "--" not in told


@given(st.lists(st.tuples(SIDES, SIDES), max_size=50))
def test_sizes_are_counted(sizes):
    kinds, counts = count_sizes(np.array(sizes, np.int32).reshape(-1, 2))
    assert {tuple(kind): int(count) for kind, count in zip(kinds.tolist(), counts, strict=True)} == {
        size: sizes.count(size) for size in sizes
    }
