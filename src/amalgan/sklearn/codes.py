"""Codes as a step of a scikit-learn pipeline.

    X (n, d) ─► fit: train a small system, or load a model file ─► transform ─► codes (n, K) ─► inverse_transform ─► X'

    make_pipeline(CodeTransformer(images=20_000, code_size=8), LogisticRegression())

All rows are trained on: holding some out is the business of whoever calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from amalgan.sklearn.rows import OfRows
from amalgan.systems.abilities import Decodes, Encodes


class CodeTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, OfRows):  # type: ignore[misc]
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

    def fit(self, X: Any, y: Any = None) -> CodeTransformer:
        """Train the model on all of ``X`` (n, d), or load it.

        Raises:
            UsageError: the system has no code, or ``shape`` does not fit.
        """
        rows = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self._fit_model(rows, y)
        self.model_.model.require(Encodes)
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
        self.model_.model.require(Decodes)
        made = self.model_.decode(np.asarray(X)).reshape(len(X), -1).astype(np.float32)
        return made if self.shape_ is None else self._from_pixels(made)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
