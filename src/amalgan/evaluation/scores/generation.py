"""How near generated examples come to real ones, whether they are what was asked for, and whether they are new.

labels, seed ─► model ─► generated ─┐            ┌─► Fréchet, kernel distance, precision, recall, …
                 training examples ─┼─► features ┼─► the floor: training against test examples
                     test examples ─┘            ├─► modes, label agreement
                                                 └─► copies

Examples made elsewhere take the place of generated ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache, partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.types import UNLABELED
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.modes import mode_scores
from amalgan.evaluation.scores.score import (
    Outside,
    Score,
    Trial,
    accuracy,
    compute_feature_score,
    compute_score,
    share,
)
from amalgan.features.ranking import SOUND
from amalgan.metrics.distribution import Moments, Prdc, frechet_distance, kernel_distance
from amalgan.metrics.novelty import QUANTILE, Copies, Damage, copies
from amalgan.metrics.statistics import FEW, bootstrap
from amalgan.metrics.utility import label_agreement
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import classes_heard, generate_each, has_two_decoders

SIDES = ("precision", "recall", "density", "coverage")


def generation_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Everything about as many generated examples as there are held-out ones."""
    yield from sample_scores(trial, trial.extract_features(trial.new(model, trial.n)))
    shown = classes_heard(model)
    if trial.judge.labeled and shown and trial.data.spec.classes == model.spec.classes:
        asked = torch.tensor(shown)[torch.arange(trial.n) % len(shown)]
        made = generate_each(model, asked, seed=trial.seed, purpose="label agreement")
        yield from agreement(trial, made, asked, "each class as often")
    if has_two_decoders(model):
        yield faithful(model, trial)


def outside_scores(outside: Outside, trial: Trial) -> Iterator[Score]:
    """The same of examples made elsewhere, at most as many as there are held-out ones; none without features."""
    if trial.features is None:
        return
    chosen = picked(outside.records, trial.n, trial.seed)
    chunks = [trial.delivered(batch.x) for batch in chosen.batches(CHUNK)]
    yield from sample_scores(trial, trial.extract_features(chunks))
    labels = torch.from_numpy(chosen.labels)
    if trial.judge.labeled and (labels != UNLABELED).any():
        yield from agreement(trial, chunks, labels, "as labeled")


def sample_scores(trial: Trial, made: Float[Tensor, "N F"]) -> Iterator[Score]:
    """What needs no more than the features of generated examples."""
    yield from distances(trial, made)
    yield floor(trial)
    yield from sides(trial, made)
    yield from mode_scores(trial, made)
    yield from copied(trial, made)


def distance(trial: Trial, key: str, made: Float[Tensor, "N F"], what: str) -> Score:
    """The Fréchet distance of ``made`` from the held-out examples."""
    name = f"Fréchet distance, {len(made)} {what} {trial.against}"
    n = min(len(made), trial.n)

    def between(rows: Tensor) -> float:
        return frechet_distance(Moments.of(made[rows]), Moments.of(trial.real[rows]))

    score = compute_feature_score(
        trial,
        key,
        lambda: frechet_distance(Moments.of(made), Moments.of(trial.real)),
        name,
        metric="frechet_distance",
        n=n,
    )
    if score.value is None or n >= FEW:
        return score
    low, high = bootstrap(between, n, seed=trial.seed)
    name = f"{score.name}, interval without the share that few examples add"
    return replace(score, name=name, interval=(max(0.0, low), high))


def distances(trial: Trial, made: Float[Tensor, "N F"]) -> Iterator[Score]:
    """Fréchet and kernel distance of generated examples."""
    yield distance(trial, "frechet_distance", made, "generated")
    name = f"kernel distance, {len(made)} generated {trial.against}"
    n = min(len(made), trial.n)
    yield compute_feature_score(
        trial,
        "kernel_distance",
        lambda: kernel_distance(made, trial.real),
        name,
        metric="kernel_distance",
        n=n,
    )


def floor(trial: Trial) -> Score:
    """Training against held-out examples: about what a generator of real pictures would score.

    The feature network was fitted to the training ones, so the floor is a little high.
    """
    what = f"of {len(trial.data.whole)} training examples"
    return distance(trial, "frechet_floor", trial.floor, what)


def faithful(model: Model, trial: Trial) -> Score:
    """The Fréchet distance of the faithful decodes x' of new codes, beside the realistic one."""
    made = trial.extract_features(trial.new(model, trial.n, "faithful"))
    return distance(trial, "frechet_distance_faithful", made, "generated by the faithful decoder x'")


def sides(trial: Trial, made: Float[Tensor, "N F"]) -> Iterator[Score]:
    """Precision, recall, density and coverage."""

    @cache
    def found() -> Prdc:
        return trial.judge.sides(trial.real, made)

    def side(which: str) -> float:
        return float(getattr(found(), which))

    n = min(len(made), trial.n)
    for which in SIDES:
        name = f"{which}, k=5, {len(made)} generated {trial.against}"
        score = compute_feature_score(trial, which, partial(side, which), name, metric=which, n=n)
        of = len(made) if which == "precision" else trial.n
        yield score if which == "density" else share(score, of)


def copied(trial: Trial, made: Float[Tensor, "N F"]) -> Iterator[Score]:
    """The share of generated examples that repeat a training example, and that of new examples."""

    @cache
    def found() -> Copies:
        return copies(made, trial.training_features, trial.real, damage=damage_of(trial, made))

    near = (
        f"that lie nearer to one of {len(trial.training_features)} training examples (of {len(trial.data.train)}) than "
        f"{1 - QUANTILE:.1%} of new examples do, features {trial.judge.name}"
    )
    flagged = share(
        compute_score("copies", lambda: found().share, f"copies, share of {len(made)} generated {near}"),
        len(made),
    )
    yield (
        flagged
        if flagged.value is None
        else replace(flagged, name=f"{flagged.name}{left_out(found())}; verdict: {found().verdict}")
    )
    base = f"copies, share of {trial.n} of the {trial.split} {near}"
    yield share(compute_score("copies_baseline", lambda: found().baseline, base), trial.n)
    chance = "copies, p-value of so many if generated examples were as new as those of the test split"
    yield compute_score("copies_p_value", lambda: found().p_value, chance)


def damage_of(trial: Trial, made: Float[Tensor, "N F"]) -> Damage | None:
    """Return how damaged generated and training examples look, where the feature network can tell."""
    if (damage := trial.judge.damage) is None:
        return None
    most = float(damage(trial.real).quantile(SOUND))
    return Damage(damage(made), damage(trial.training_features), most)


def left_out(found: Copies) -> str:
    """Return how many examples were not looked at, in words; nothing where there are none."""
    return f"; {found.left_out} that look damaged are left out" if found.left_out else ""


def agreement(trial: Trial, made: Iterable[Tensor], asked: Int[Tensor, " N"], how: str) -> Iterator[Score]:
    """Whether examples of a class look it to the feature network, and how often that network is right."""
    known = int((asked != UNLABELED).sum())
    yield accuracy(
        "label_agreement",
        lambda: label_agreement(
            torch.cat([trial.judge.classify(trial.delivered(chunk)) for chunk in made]), asked
        ),
        f"label agreement, {known} generated, {how}, classified by {trial.judge.name}",
        known,
    )
    labels = torch.from_numpy(trial.held_out.labels)
    known = int((labels != UNLABELED).sum())
    right = (trial.judge.classify(batch.x) for batch in trial.held_out.batches(CHUNK))
    yield accuracy(
        "label_agreement_real",
        lambda: label_agreement(torch.cat(list(right)), labels),
        f"label agreement, {known} real of the {trial.split}, classified by {trial.judge.name}",
        known,
    )
