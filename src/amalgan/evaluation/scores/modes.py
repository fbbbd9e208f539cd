"""Whether every mode of the data occurs among generated examples. The modes are the classes of the data.

generated ─► features ─┬─ pictures: the feature network's own classes ─┬─► modes found, their divergence
held-out  ─► features ─┴─ vectors: the class mean within reach ────────┴─► the same of real ones; share near a mode
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.types import UNLABELED
from amalgan.evaluation.scores.score import Score, Trial, accuracy, compute_score
from amalgan.metrics.modes import Landmarks, divergence, modes

Tell = Callable[[Tensor], Int[Tensor, " N"]]
"""From features to the mode of each example; UNLABELED where it is near none."""


def mode_scores(trial: Trial, made: Float[Tensor, "N F"]) -> Iterator[Score]:
    """Modes among generated examples, beside those among held-out ones; nothing where the data has no classes."""
    if applies(trial):
        tell = trial.judge.classes if trial.judge.labeled else landmarks(trial).near
        yield from of_set(trial, tell, made, "generated", "")
        yield from of_set(trial, tell, trial.real, f"of the {trial.split}", "_real")


def of_set(trial: Trial, tell: Tell, looks: Float[Tensor, "N F"], what: str, suffix: str) -> Iterator[Score]:
    """The scores of one set of examples."""
    said = cache(lambda: tell(looks))
    by = f"classified by {trial.judge.name}" if trial.judge.labeled else "within reach of a class mean"
    among = f"among {len(looks)} {what}, {by}"
    found = f"modes found, of {len(trial.data.spec.classes)}, {among}"
    yield compute_score(f"modes{suffix}", lambda: float(modes(said())), found)
    label = torch.from_numpy(trial.data.whole.labels)
    apart = f"divergence of modes from the training split in nats, {among}"
    yield compute_score(f"mode_divergence{suffix}", lambda: divergence(said(), label), apart)
    if not trial.judge.labeled:
        near = f"share near a mode, {len(looks)} {what}, {by}"
        yield accuracy(f"near_modes{suffix}", lambda: share_near(said()), near, len(looks))


def landmarks(trial: Trial) -> Landmarks:
    """The modes of the whole training split, vectors in standardized units."""
    whole = trial.data.whole
    return Landmarks.of(
        trial.extract_features(batch.x for batch in whole.batches(4096)), torch.from_numpy(whole.labels)
    )


def share_near(said: Int[Tensor, " N"]) -> float:
    """Share of examples that are near a mode."""
    return float((said != UNLABELED).double().mean())


def applies(trial: Trial) -> bool:
    """Whether the data's classes can be told apart: by the feature network, or by distances that are the data's own."""
    known = trial.judge.labeled or trial.judge.measured
    labeled = bool((trial.data.whole.labels != UNLABELED).any())
    return known and labeled and len(trial.data.spec.classes) > 1
