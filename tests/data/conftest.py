"""Pictures made on the spot, and a cache folder of each test's own."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Save = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of one test reaches another, nor the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "amalgan"


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """``encode(image or array, format, ...)`` gives the bytes of a picture file."""

    def encoded(picture: Any, kind: str = "PNG", **options: Any) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture))
        file = BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return encoded


@pytest.fixture
def save(encode: Callable[..., bytes]) -> Save:
    """``save(path, picture, format, ...)`` writes a picture file and its folders."""

    def saved(path: Path, picture: Any, kind: str = "PNG", **options: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(picture, kind, **options))
        return path

    return saved


@pytest.fixture
def noise() -> Callable[..., np.ndarray]:
    """``noise(shape, seed)``: uint8 values that no other seed gives."""

    def drawn(*shape: int, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)

    return drawn


@pytest.fixture
def album(tmp_path: Path, save: Save, noise: Callable[..., np.ndarray]) -> Path:
    """A folder of 30 gray 16x16 pictures in two classes."""
    for row in range(30):
        save(tmp_path / "album" / ("cat" if row % 3 else "dog") / f"{row:02d}.png", noise(16, 16, seed=row))
    return tmp_path / "album"
