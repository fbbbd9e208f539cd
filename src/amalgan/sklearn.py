"""Codes as a step of a scikit-learn pipeline.

    X (n, d) ─► fit: train a small system, or load a model file ─► transform ─► codes (n, K) ─► inverse_transform ─► X'

    make_pipeline(CodeTransformer(images=20_000, code_size=8), LogisticRegression())

Rows are vectors, or pictures laid out flat where ``shape`` says so. All of them are trained on: holding some out is the
business of whoever calls. Pickling, which scikit-learn does to copy and to work in parallel, keeps the model as the
bytes of its file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from amalgan import registry
from amalgan.api import train
from amalgan.config.data import DataConfig
from amalgan.errors import UsageError
from amalgan.files import replacing, write_bytes
from amalgan.systems.abilities import Decodes, Encodes, abilities
from amalgan.trained import Model, load
from amalgan.types import DataSpec

IMAGES = 20_000
LEAST = 16
"""Rows that training needs; fewer are repeated."""


class CodeTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns rows into the codes of a model, and codes into rows.

    Args:
        system: what to train: a name that ``amalgan systems`` lists and that encodes. ``supervised`` learns from y too.
        images: rows to draw in all; 20,000 when neither this nor ``minutes`` is given.
        minutes: wall time instead.
        code_size: entries of a code; by default what suits the data.
        settings: the system's configuration instead of ``code_size``, as ``AutoencoderConfig(variational=True)``.
        model: a model file, or a run's folder, to use as it is; nothing is trained then.
        shape: (H, W) or (H, W, 3) where rows are pictures laid out flat; by default those of ``model``, if one is given
            that reads pictures.
        scale: what is black and what is white in such rows; by default 0 and 255.
        batch: rows in a training round.
        random_state: the seed.

    Attributes:
        model_: the model.
        shape_: of a picture; None where rows are vectors.
    """

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

    def fit(self, X: Any, y: Any = None) -> CodeTransformer:
        """Train the model on all of ``X`` (n, d), or load it.

        Raises:
            UsageError: the system has no code, or ``shape`` does not fit.
        """
        rows = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self.shape_ = self.shape
        if self.model is None:
            self.model_ = self._trained(rows, y)
        else:
            self.model_ = load(self.model)
            self.shape_ = self.shape or picture_shape(self.model_.spec)
        self.model_.held.require(Encodes)
        self._n_features_out = self.model_.encode(self._examples(rows[:1])).shape[1]
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """The code of each row, float32 (n, K)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return self.model_.encode(self._examples(rows))

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """The row that each code (n, K) stands for, in the units of what was fitted: float32 (n, d).

        Raises:
            AbilityError: the system does not decode.
        """
        check_is_fitted(self)
        self.model_.held.require(Decodes)
        made = self.model_.decode(np.asarray(X)).reshape(len(X), -1).astype(np.float32)
        return made if self.shape_ is None else self._from_pixels(made)

    def _trained(self, rows: NDArray[Any], y: Any) -> Model:
        if "encode" not in abilities(registry.system_class(self.system)):
            raise UsageError(f"system is {self.system!r}, which has no code; take autoencoder or fusion")
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            place = Path(scratch) / "rows.npz"
            self._write(place, self._examples(rows), y)
            images = IMAGES if self.images is None and self.minutes is None else self.images
            return train(
                self.system,
                place,
                images=images,
                minutes=self.minutes,
                settings=self._settings(),
                batch=self.batch,
                seed=self.random_state,
                device="cpu",
                reading=DataConfig(cache=scratch),
                quiet=True,
            )

    def _write(self, place: Path, x: NDArray[Any], y: Any) -> None:
        """Everything trains; a row stands for the splits that must not be empty."""
        times = -(-LEAST // len(x))
        arrays = {"x_train": np.concatenate([x] * times), "x_val": x[:1], "x_test": x[:1]}
        if y is not None and "classify" in abilities(registry.system_class(self.system)):
            y = np.asarray(y)
            arrays |= {"y_train": np.concatenate([y] * times), "y_val": y[:1], "y_test": y[:1]}
        with replacing(place) as part, part.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

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


def picture_shape(spec: DataSpec) -> tuple[int, ...] | None:
    """(H, W) or (H, W, 3) of what a model reads; None for vectors."""
    if spec.kind == "vector":
        return None
    channels, *size = spec.shape
    return (*size, 3) if channels == 3 else tuple(size)
