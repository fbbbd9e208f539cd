"""Neighbors are the nearest; near-duplicates are found where they were put, and hardly where chance alone works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import UsageError
from amalgan.data import Dataset
from amalgan.tasks.embed.lineup import lineup
from amalgan.tasks.embed.similar import Space, chance_ratio, dimension_of, duplicates


def different(count: int) -> NDArray[np.uint64]:
    return np.arange(2 * count, dtype=np.uint64).reshape(count, 2)


def even(count: int, size: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, (count, size)).astype(np.float32)


def test_an_example_is_its_own_nearest_neighbor() -> None:
    code = even(500, 6) * np.array([1, 10, 100, 1, 1, 0], np.float32)
    distance, row = Space.of(code).nearest(code[[5, 400]], 3)
    assert row[:, 0].tolist() == [5, 400] and distance[:, 0].tolist() == [0, 0]
    assert bool((distance.diff(dim=1) >= 0).all())


def test_a_distance_of_two_random_codes_is_the_root_of_two() -> None:
    code = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32) * 7 + 3
    distance, _ = Space.of(code[:1000]).nearest(code[1000:], 1000)
    assert float(distance.square().mean() ** 0.5) == pytest.approx(2**0.5, rel=0.02)


@pytest.mark.parametrize("size", [2, 6, 15])
def test_chance_brings_as_many_as_was_said(size: int) -> None:
    """Pictures called near-duplicates though nothing was copied, over 20 sets: 20 in the mean, give or take pairs."""
    counts = [
        int((duplicates(even(400, size, seed), different(400), expected=4.0).group >= 0).sum())
        for seed in range(20)
    ]
    assert 20 <= sum(counts) <= 240


def test_copies_that_were_put_in_are_found_and_grouped() -> None:
    code = even(1000, 10)
    copies = np.concatenate([code[:30] + 1e-3, code[:10] - 1e-3, code[40:43]])
    contents = different(1043)
    contents[1040:] = contents[40:43]
    found = duplicates(np.concatenate([code, copies]), contents)
    assert found.groups == 33 and (found.group >= 0).sum() == 10 * 3 + 20 * 2 + 3 * 2
    assert (found.group[:30] == found.group[1000:1030]).all()
    assert (found.group[:10] == found.group[1030:1040]).all()
    assert found.exact.nonzero()[0].tolist() == [40, 41, 42, 1040, 1041, 1042]
    assert (found.distance[40:43] == 0).all() and (found.group[100:1000] == -1).all()
    head, *rows = found.lines(np.array([f"{k}" for k in range(1043)]), np.array([""] * 1043))
    assert head == ["group", "name", "label", "distance", "equal"] and len(rows) == 76
    assert [row[0] for row in rows] == sorted(row[0] for row in rows) and rows[0][1] == "0"


def test_the_law_of_the_ratio_is_inverted() -> None:
    for dimension in (1.0, 5.0, 40.0):
        ratio = np.array([chance_ratio(chance, dimension) for chance in np.linspace(0.0005, 0.9995, 1000)])
        assert dimension_of(ratio) == pytest.approx(dimension, rel=0.01)


def test_too_few_are_refused() -> None:
    with pytest.raises(UsageError, match="39 different pictures are too few"):
        duplicates(even(60, 3), np.concatenate([different(39), different(21)]))


def test_a_sheet_shows_a_query_and_its_neighbors(digits: Dataset, tmp_path: Path) -> None:
    code = digits.test.take(slice(None)).flatten(1).numpy()
    distance, row = Space.of(code).nearest(code[:3], 5)
    assert lineup(tmp_path / "x.png", digits.test.select(slice(3)), digits.test, row, distance)
    with Image.open(tmp_path / "x.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape[1] > pixels.shape[0] > 300
    inside = pixels[22:118, 22:118], pixels[22:118, 156:252]
    assert np.abs(inside[0] - inside[1]).max() == 0, "the nearest of a test picture is itself"
    assert not lineup(tmp_path / "x.png", digits.test.select(slice(3)), digits.test, row, distance)
