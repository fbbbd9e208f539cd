"""What the estimators share: rows become examples, a model is trained on them, and kept with the estimator."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from amalgan.api.functions import train
from amalgan.api.model import Model, load
from amalgan.config.data import DataConfig
from amalgan.core.errors import UsageError
from amalgan.core.files import replacing, write_bytes
from amalgan.core.types import DataSpec
from amalgan.kinds import kind_of
from amalgan.systems import registry
from amalgan.systems.abilities import abilities

IMAGES = 20_000
LEAST = 16
"""Rows that training needs; fewer are repeated."""


class OfRows(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A model of rows (n, d): vectors, or pictures laid out flat."""

    model_: Model
    shape_: tuple[int, ...] | None

    def __init__(
        self,
        system: str = "autoencoder",
        *,
        images: int | None = None,
        minutes: float | None = None,
        code_size: int | None = None,
        settings: Any = None,
        model: str | Path | None = None,
        shape: tuple[int, ...] | None = None,
        scale: tuple[float, float] = (0.0, 255.0),
        batch: int = 64,
        random_state: int = 0,
    ) -> None:
        self.system = system
        self.images = images
        self.minutes = minutes
        self.code_size = code_size
        self.settings = settings
        self.model = model
        self.shape = shape
        self.scale = scale
        self.batch = batch
        self.random_state = random_state

    def _fit_model(self, rows: NDArray[Any], y: Any = None) -> None:
        """Train the model on all of ``rows``, or load it."""
        self.shape_ = self.shape
        if self.model is None:
            self._refuse_other()
            self.model_ = self._trained(rows, y)
        else:
            self.model_ = load(self.model)
            self.shape_ = self.shape or picture_shape(self.model_.spec)

    def _refuse_other(self) -> None:
        """Refuse a system that cannot do what the estimator is for.

        Raises:
            UsageError: names some that can.
        """
        if "encode" not in abilities(registry.system_class(self.system)):
            raise UsageError(f"system is {self.system!r}, which has no code; take autoencoder or fusion")

    def _trained(self, rows: NDArray[Any], y: Any) -> Model:
        images = IMAGES if self.images is None and self.minutes is None else self.images
        classified = y is not None and "classify" in abilities(registry.system_class(self.system))
        return model_of(
            self._examples(rows),
            np.asarray(y) if classified else None,
            self.system,
            images=images,
            minutes=self.minutes,
            settings=self._settings(),
            batch=self.batch,
            seed=self.random_state,
        )

    def _settings(self) -> Any:
        config = registry.config_class(self.system)
        if self.settings is not None:
            return self.settings
        return config() if self.code_size is None else config(code_size=self.code_size)

    def _examples(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Rows as the model takes them: float vectors, or pictures in bytes."""
        if self.shape_ is None:
            return rows.astype(np.float32)
        if int(np.prod(self.shape_)) != rows.shape[1]:
            raise UsageError(f"shape is {self.shape_}, which is not {rows.shape[1]} numbers a row")
        black, white = self.scale
        levels = (rows - black) * (255 / (white - black))
        return np.rint(levels.clip(0, 255)).astype(np.uint8).reshape(len(rows), *self.shape_)

    def _from_pixels(self, levels: NDArray[np.float32]) -> NDArray[np.float32]:
        black, white = self.scale
        return (levels / 255 * (white - black) + black).astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "model_" in state:
            with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
                self.model_.save(Path(scratch) / "model.safetensors")
                state["model_"] = (Path(scratch) / "model.safetensors").read_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        if isinstance(state.get("model_"), bytes):
            with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
                write_bytes(Path(scratch) / "model.safetensors", state["model_"])
                state["model_"] = load(Path(scratch) / "model.safetensors")
        super().__setstate__(state)


def model_of(x: NDArray[Any], y: NDArray[Any] | None, system: str, **order: Any) -> Model:
    """Return a model that is trained on all examples ``x``, with their classes ``y`` if given."""
    with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
        place = Path(scratch) / "rows.npz"
        write_rows(place, x, y)
        return train(system, place, device="cpu", reading=DataConfig(cache=scratch), quiet=True, **order)


def write_rows(place: Path, x: NDArray[Any], y: NDArray[Any] | None) -> None:
    """Write a file all of which trains; a row stands for the splits that must not be empty."""
    times = -(-LEAST // len(x))
    arrays = {"x_train": np.concatenate([x] * times), "x_val": x[:1], "x_test": x[:1]}
    if y is not None:
        arrays |= {"y_train": np.concatenate([y] * times), "y_val": y[:1], "y_test": y[:1]}
    with replacing(place) as part, part.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def picture_shape(spec: DataSpec) -> tuple[int, ...] | None:
    """(H, W) or (H, W, 3) of what a model reads; None for vectors."""
    if kind_of(spec).refuses("size"):
        return None
    channels, *size = spec.shape
    return (*size, 3) if channels == 3 else tuple(size)
