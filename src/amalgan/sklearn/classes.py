"""A classifier of scikit-learn: ``supervised``, or another system that tells classes.

X (n, d), y (n,) ─► fit ─► predict_proba (n, classes) ─► predict: the most probable
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from amalgan.core.errors import UsageError
from amalgan.core.file_names import class_name
from amalgan.sklearn.rows import OfRows
from amalgan.systems import registry
from amalgan.systems.abilities import abilities


class AmalganClassifier(ClassifierMixin, OfRows):  # type: ignore[misc]
    """Tells the class of rows by a model that learns from them.

    Args:
        system: what to train: one that ``amalgan systems`` lists and that classifies.
        images: rows to draw in all; 20,000 when neither this nor ``minutes`` is given.
        minutes: wall time instead.
        code_size: entries of a code; by default what suits the data.
        settings: the system's configuration instead of ``code_size``.
        model: a model file, or a run's folder, to use as it is; nothing is trained then.
        shape: (H, W) or (H, W, 3) where rows are pictures laid out flat.
        scale: what is black and what is white in such rows; by default 0 and 255.
        batch: rows in a training round.
        random_state: the seed.

    Attributes:
        classes_: the classes, in the order of ``predict_proba``.
        model_: the model.
    """

    def __init__(
        self,
        system: str = "supervised",
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
        super().__init__(
            system,
            images=images,
            minutes=minutes,
            code_size=code_size,
            settings=settings,
            model=model,
            shape=shape,
            scale=scale,
            batch=batch,
            random_state=random_state,
        )

    def fit(self, X: Any, y: Any) -> AmalganClassifier:
        """Train the model on ``X`` (n, d) and its classes ``y`` (n,), integers or text.

        Raises:
            UsageError: the system does not classify, or ``model`` lacks one of the classes.
        """
        rows, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self._fit_model(rows, numbers)
        self._columns()
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class, float64 (n, classes)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        found = self.model_.classify(self._examples(rows)).astype(np.float64)[:, self._columns()]
        return found / found.sum(1, keepdims=True)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(1)]

    def _columns(self) -> list[int]:
        """Where the model has each of ``classes_``: it knows them by their numbers if it was trained here."""
        known = {name: at for at, name in enumerate(self.model_.spec.classes)}
        trained = self.model is None
        names = [str(at) if trained else class_name(str(value)) for at, value in enumerate(self.classes_)]
        if unknown := [name for name in names if name not in known]:
            raise UsageError(
                f"class {unknown[0]!r} is none of the model's: {', '.join(known) or 'it has none'}"
            )
        return [known[name] for name in names]

    def _refuse_other(self) -> None:
        if "classify" not in abilities(registry.system_class(self.system)):
            raise UsageError(f"system is {self.system!r}, which tells no classes; take supervised")
