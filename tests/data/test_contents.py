"""Contents are found again, all of them or scaled up from those that were kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amalgan.data import open_data
from amalgan.data.dataset import contents
from amalgan.data.dataset.contents import contents_of, found_among


def test_equal_pixels_are_found_and_others_are_not(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (400, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "x.npy", x)
    records = open_data(tmp_path / "x.npy").records
    kept = contents_of(records.select(slice(0, None, 4)))
    assert found_among(records, kept) == (100, True)
    assert found_among(records.select(slice(1, None, 4)), kept) == (0, True)


def test_from_a_part_of_the_contents_the_number_is_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST", 200)
    x = np.random.default_rng(0).integers(0, 256, (2000, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "x.npy", x)
    records = open_data(tmp_path / "x.npy").records
    kept = contents_of(records.select(slice(0, 1000)))
    assert len(kept) == 200
    count, exact = found_among(records, kept)
    assert not exact and count == pytest.approx(1000, abs=4 * 2000 * (0.25 / 400) ** 0.5)
    assert found_among(records.select(slice(1000, None)), kept) == (0, False)
