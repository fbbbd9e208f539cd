"""A detector of outliers for scikit-learn, whose alarms are false at a rate that is set.

    X ─┬─► four of five rows ─► the model, and how its signals occur together
       └─► the others ────────► their scores ─► p-value of any row ─► -1 where it is at most alpha, else 1

The p-values are conformal (Bates et al. 2023, arXiv:2104.08279): of rows as normal as those that were held out, at most
a share ``alpha`` is called anomalous, whatever the model is worth.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from amalgan.core.errors import UsageError
from amalgan.sklearn.rows import OfRows
from amalgan.systems.abilities import Encodes
from amalgan.tasks.detect.detect import ALL, Detection, compared
from amalgan.tasks.detect.signals import Joint, scored

ROWS = 64
"""Rows that are looked at together."""


class AnomalyDetector(OutlierMixin, OfRows):  # type: ignore[misc]
    """Tells rows that do not belong to those it was fitted to, which are taken for normal.

    Args:
        system: what to train: one that ``amalgan systems`` lists and that encodes.
        alpha: the share of normal rows that raise a false alarm.
        held_out: the share of rows that is not trained on, with which others are compared; more, up to half of all,
            where ``alpha`` asks for it.
        images: rows to draw in all; 20,000 when neither this nor ``minutes`` is given.
        minutes: wall time instead.
        code_size: entries of a code; by default what suits the data.
        settings: the system's configuration instead of ``code_size``.
        model: a model file, or a run's folder, to use as it is; it must not have been trained on X.
        shape: (H, W) or (H, W, 3) where rows are pictures laid out flat.
        scale: what is black and what is white in such rows; by default 0 and 255.
        batch: rows in a training round.
        random_state: the seed.

    Attributes:
        model_: the model.
        normal_: scores of the rows that were held out, by signal.
        offset_: what ``decision_function`` takes from ``score_samples``.
    """

    def __init__(
        self,
        system: str = "autoencoder",
        *,
        alpha: float = 0.05,
        held_out: float = 0.2,
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
        self.alpha = alpha
        self.held_out = held_out

    def fit(self, X: Any, y: Any = None) -> AnomalyDetector:
        """Train the model on most of ``X`` (n, d), and keep the scores of the rest to compare with.

        Raises:
            UsageError: ``alpha`` or ``held_out`` is no share, or the system has no code.
        """
        for name in ("alpha", "held_out"):
            if not 0 < getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it is a share between 0 and 1, as 0.05")
        rows = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        order = np.random.default_rng(self.random_state).permutation(len(rows))
        count = self._count_held_out(len(rows))
        known = rows[np.sort(order[count:])]
        self._fit_model(known)
        self.model_.model.require(Encodes)
        self.joint_ = Joint.fit(self.model_.model, self._chunks(known))
        self.normal_ = self._scores(rows[np.sort(order[:count])])
        self.offset_ = (math.floor(self.alpha * (count + 1) + 1e-9) + 0.5) / (count + 1)
        return self

    def p_value(self, X: Any) -> NDArray[np.float64]:
        """How often a normal row is as strange as each row, or stranger: float64 (n,) in [1 / (held out + 1), 1]."""
        found = self._found(X)
        return found.p_value[ALL].numpy().astype(np.float64)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """The p-value of each row, float64 (n,); of equal ones the stranger row has less, by under half a step."""
        found = self._found(X)
        strange = np.arctan(found.joined.evidence.numpy().astype(np.float64)) / np.pi + 0.5
        return found.p_value[ALL].numpy() - strange * (0.5 / (found.normals + 1))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """``score_samples`` less ``offset_``: below 0 for anomalies."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """-1 for each row whose p-value is at most ``alpha``, 1 for the others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _count_held_out(self, rows: int) -> int:
        needed = math.ceil(1 / self.alpha) - 1
        count = max(1, min(rows // 2, max(math.ceil(self.held_out * rows), needed)))
        if count < needed:
            warnings.warn(
                f"X has {rows} rows, of which {count} are held out: no p-value is below 1 / {count + 1}, so alpha = "
                f"{self.alpha:g} raises no alarm. Give {2 * needed} rows, or a larger alpha.",
                stacklevel=3,
            )
        return count

    def _found(self, X: Any) -> Detection:
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        score, normal = (
            {name: torch.from_numpy(value) for name, value in side.items()}
            for side in (self._scores(rows), self.normal_)
        )
        return compared(score, normal)

    def _scores(self, rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The signals of each row. All chunks are of one size: a row's score must not depend on those beside it."""
        filled = np.concatenate([rows, rows[-1:].repeat(-len(rows) % ROWS, axis=0)])
        found = scored(self.model_.model, self._chunks(filled), self.joint_)
        return {name: score.numpy()[: len(rows)] for name, score in found.items()}

    def _chunks(self, rows: NDArray[Any]) -> tuple[torch.Tensor, ...]:
        return self.model_._in(self._examples(rows)).split(ROWS)
