"""The mark is found where it is, survives what pictures suffer, and is not found where it is not."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from amalgan.data.writing.watermark import FREQUENCIES, marked, p_value_together, p_values, signs

Pictures = NDArray[np.uint8]


def pictures(count: int, *shape: int, seed: int = 0) -> Pictures:
    """Smooth ones of full contrast, as photographs are."""
    noise = np.random.default_rng(seed).normal(size=(count, *shape))
    soft = gaussian_filter(noise, (0, 2, 2, *[0] * (len(shape) - 2)))
    low, high = (edge(soft, axis=(1, 2), keepdims=True) for edge in (np.min, np.max))
    return ((soft - low) / (high - low) * 255).round().astype(np.uint8)


def each(x: Pictures, change: Callable[[Image.Image], Image.Image]) -> Pictures:
    return np.stack([np.asarray(change(Image.fromarray(one))) for one in x])


def as_jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(picture: Image.Image) -> Image.Image:
        file = BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return change


def scaled(share: float) -> Callable[[Image.Image], Image.Image]:
    def change(picture: Image.Image) -> Image.Image:
        width, height = (round(side * share) for side in picture.size)
        return picture.resize((width, height), Image.Resampling.BICUBIC)

    return change


@pytest.mark.parametrize("shape", [(28, 28), (32, 48), (32, 32, 3), (96, 64, 3), (17, 90)])
def test_a_marked_picture_is_found_by_its_key_alone(shape: tuple[int, ...]) -> None:
    x = pictures(20, *shape)
    found = marked(x, "one")
    assert found.shape == x.shape and found.dtype == np.uint8
    assert (p_values(found, "one") < 1e-6).all()
    assert p_values(found, "two").min() > 1e-3 and p_values(x, "one").min() > 1e-3
    error = np.square(found.astype(float) - x).reshape(len(x), -1).mean(1)
    assert (10 * np.log10(255**2 / error)).min() > 37.5, "nobody sees it"
    assert np.array_equal(found, np.concatenate([marked(x[:7], "one"), marked(x[7:], "one")]))


@pytest.mark.parametrize(
    "change", [as_jpeg(90), as_jpeg(75), as_jpeg(50), scaled(0.5), scaled(0.75), scaled(1.7)]
)
def test_it_survives_jpeg_and_scaling(change: Callable[[Image.Image], Image.Image]) -> None:
    x = pictures(20, 96, 96, 3)
    assert (p_values(each(marked(x, "one"), change), "one") < 1e-4).all()
    assert p_values(each(x, change), "one").min() > 1e-3


def test_many_small_pictures_tell_where_one_does_not() -> None:
    x = each(marked(pictures(64, 28, 28), "one"), as_jpeg(50))
    assert np.median(p_values(x, "one")) > 1e-4
    assert p_value_together([x[:30], x[30:]], "one") == p_value_together([x], "one") < 1e-6
    assert p_value_together([x], "two") > 1e-3 and p_value_together([], "one") == 1


@pytest.mark.parametrize("kind", ["smooth", "one edge", "64 times the same"])
def test_p_values_are_no_smaller_than_chance_allows(kind: str) -> None:
    """Over keys drawn at random, whatever the picture shows."""
    x = pictures(1, 24, 24)
    if kind == "one edge":
        x = np.where(np.arange(24) < 11, 0, 255).astype(np.uint8)[None].repeat(24, 0).reshape(1, 24, 24)
    if kind == "64 times the same":
        p = np.array([p_value_together([x.repeat(64, 0)], f"key {key}") for key in range(1000)])
    else:
        p = np.array([p_values(x, f"key {key}")[0] for key in range(1000)])
    for rate in (0.01, 0.05, 0.2):
        assert (p <= rate).mean() <= rate + 3 * np.sqrt(rate * (1 - rate) / len(p))
    assert kind == "64 times the same" or abs(p.mean() - 0.5) < 0.06


@pytest.mark.parametrize("level", [0, 1, 254, 255])
def test_pictures_of_one_color_bear_it_as_well_as_they_can(level: int) -> None:
    x = np.full((2, 32, 32), level, np.uint8)
    assert p_values(x, "one").tolist() == [1, 1], "no coefficient has a sign"
    assert (p_values(marked(x, "one"), "one") < 1e-6).all()


def test_tiny_and_no_pictures_are_no_fault() -> None:
    for shape in [(1, 1), (1, 40), (2, 3, 3), (8, 8)]:
        x = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
        assert marked(x, "one").shape == x.shape
        assert ((p_values(x, "one") > 0) & (p_values(x, "one") <= 1)).all()
    none: NDArray[Any] = np.zeros((0, 16, 16), np.uint8)
    assert marked(none, "one").shape == none.shape and len(p_values(none, "one")) == 0


def test_the_signs_of_a_key_never_change() -> None:
    """What an older version has marked must be found."""
    sign = signs("0123abcd", (FREQUENCIES, FREQUENCIES))
    assert sign[:3, :6].tolist() == [
        [0, 0, 0, -1, -1, 1],
        [0, 0, -1, -1, -1, -1],
        [0, -1, -1, -1, 1, -1],
    ]
    assert (sign == 0).sum() == 6 and abs(sign.sum()) < 72
    assert np.array_equal(signs("0123abcd", (5, 40)), sign[:5])
