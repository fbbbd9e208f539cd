"""Whether generated examples vary at all: the plain signs of a collapse.

    generated ─┬─► deviation of their entries ──────────► over that of real ones: ``variety``
               └─► features ─► distance to the nearest ─► over that among real ones: ``spacing``

A generator that makes one picture has a variety near 0; one that makes a few pictures, each again and again, may vary
as much as real ones do, but its pictures lie upon one another: its spacing is near 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.score import Outside, Score, Trial, compute_score
from amalgan.metrics.neighbors import nearest
from amalgan.systems.abilities import Generates
from amalgan.systems.model_file import Model

MOST = 512


def variety_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Both signs, of at most 512 generated examples."""
    if isinstance(model.system, Generates):
        made = torch.cat(list(trial.new(model, min(MOST, trial.n))))
        yield from varied(trial, made)


def outside_variety(outside: Outside, trial: Trial) -> Iterator[Score]:
    """Both signs, of examples made elsewhere."""
    chosen = picked(outside.records, min(MOST, trial.n), trial.seed)
    yield from varied(trial, chosen.take(slice(None)))


def varied(trial: Trial, made: Float[Tensor, "N ..."]) -> Iterator[Score]:
    """Both signs of examples as users get them."""
    real = picked(trial.held_out, len(made), trial.seed).take(slice(None))
    over = f"{len(made)} generated over that of {len(real)} of the {trial.split}"
    yield compute_score(
        "variety", lambda: deviation(made) / deviation(real), f"variety, deviation of entries of {over}"
    )
    if trial.features is not None:
        name = f"spacing, median distance to the nearest other, of {over}, features {trial.judge.name}"
        yield compute_score("spacing", lambda: spacing(trial.judge(made)) / spacing(trial.judge(real)), name)


def deviation(x: Float[Tensor, "N ..."]) -> float:
    """Mean over entries of the standard deviation over examples; never quite 0, so that one can divide by it."""
    return float(x.flatten(1).double().std(0).mean().clamp(min=1e-12))


def spacing(features: Float[Tensor, "N F"]) -> float:
    """Median distance of an example to the nearest other one; never quite 0."""
    return float(nearest(features, features, 1, skip_self=True)[0].median().clamp(min=1e-12))
