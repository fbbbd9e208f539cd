"""What reconstructions must beat: principal components, as many as a code has entries, and the mean picture.

training pictures, at most some thousand ─┬─► mean picture ─────────────────────────► PSNR of held-out ones
                                          └─► components, as many as the code has ──► PSNR of held-out ones
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.data import Records
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.score import Score, Trial, compute_score
from amalgan.metrics.distortion import decibels, mean_squared_error
from amalgan.metrics.statistics import interval
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model

FITTED, FITTED_ENTRIES = 4096, 2**24
"""Components are fitted to at most so many training pictures, or so many as have that many entries in all (64 MiB)."""


@dataclass(frozen=True, eq=False)
class Components:
    """The mean picture and the principal components of training pictures."""

    mean: NDArray[np.float32]
    """(D,)."""
    axes: NDArray[np.float32]
    """(K, D), orthonormal."""

    @classmethod
    def of(cls, records: Records, most: int, seed: int) -> Components:
        """At most ``most`` components, of a bounded number of records."""
        from sklearn.decomposition import PCA  # scikit-learn takes a second to import

        fitted_to = picked(records, max(2, min(FITTED, FITTED_ENTRIES // records.spec.size)), seed)
        entries = fitted_to.take(slice(None)).flatten(1).numpy()
        net = PCA(min(most, *entries.shape), svd_solver="randomized", random_state=seed).fit(entries)
        return cls(net.mean_.astype(np.float32), net.components_.astype(np.float32))

    def rebuild(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Pictures from their components alone."""
        entries = x.flatten(1).numpy() - self.mean
        return torch.from_numpy(self.mean + entries @ self.axes.T @ self.axes).reshape(x.shape)


def baseline_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """PSNR of both on the held-out examples; nothing where there is none."""
    if trial.kind.refuses("psnr") or (peak := trial.kind.peak()) is None:
        return
    with torch.no_grad():
        size = model.require(Encodes).encode(trial.held_out.take([0]).to(model.device)).numel()
    found = Components.of(trial.data.train, size, trial.seed)
    among = f"{trial.n} of the {trial.split}, {trial.kind.steps()}"
    axes = len(found.axes)
    name = (
        f"PSNR in dB of {axes} principal components of training {trial.kind.nouns} (the code has {size} entries), "
        f"{among}"
    )
    yield rebuilt_score(trial, "psnr_pca", found, name, peak)
    mean = Components(found.mean, found.axes[:0])
    name = f"PSNR in dB of the mean training {trial.kind.noun}, {among}"
    yield rebuilt_score(trial, "psnr_mean", mean, name, peak)


def rebuilt_score(trial: Trial, key: str, by: Components, name: str, peak: float) -> Score:
    """PSNR of the mean error of all held-out examples, with its interval."""
    errors = torch.cat(
        [
            mean_squared_error(trial.delivered(by.rebuild(batch.x)), batch.x)
            for batch in trial.held_out.batches(CHUNK)
        ]
    )
    return in_decibels(compute_score(key, lambda: decibels(float(errors.mean()), peak), name), errors, peak)


def score_mean(score: Score, errors: Float[Tensor, " N"]) -> Score:
    """The score of a mean of errors with its interval."""
    if score.value is None or len(errors) < 2:
        return score
    within = interval(errors.tolist())
    return replace(score, interval=(max(0.0, within.low), within.high))


def in_decibels(score: Score, errors: Float[Tensor, " N"], peak: float) -> Score:
    """The score of the PSNR of a mean of errors, with its interval; none where that reaches an error of 0."""
    within = score_mean(score, errors).interval
    if within is None or within[0] <= 0:
        return score
    return replace(score, interval=(decibels(within[1], peak), decibels(within[0], peak)))
