"""What generated examples add to real ones: points of accuracy that a classifier gains from learning of both.

    real training examples ─────────────────────► classifier ─┐
    the same, and as many generated of each class ► classifier ─┴─► difference in points, on real test examples

Unlike ``utility`` it does not ask what samples could replace but what they bring: a model may score well there
and add nothing here. It is cheap and therefore coarse; ``amalgan augment --verify`` tests it with an interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.codes import labeled_only
from amalgan.evaluation.scores.score import Outside, Score, Trial, compute_score
from amalgan.evaluation.scores.utility import (
    SEEN_SIDE,
    can_generate_classes,
    can_test_classifier,
    describe_network,
    lessons_of,
    select_training_examples,
)
from amalgan.features.classifier_training import Labeled, predict_labels
from amalgan.systems.model_file import Model

SEEDS, STEPS = 2, 100


def addition_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """What the examples that ``model`` generates add, as many a class as there are real ones."""
    if can_test_classifier(trial) and can_generate_classes(model, trial):
        yield gained(trial, lessons_of(model, trial), "generated")


def outside_additions(outside: Outside, trial: Trial) -> Iterator[Score]:
    """The same of examples made elsewhere, where they have labels."""
    known = labeled_only(outside.records)
    if can_test_classifier(trial) and len(known) > 1:
        yield gained(trial, Labeled.all_of(picked(known, trial.count, trial.seed)), "given")


def gained(trial: Trial, added: Labeled, what: str) -> Score:
    """The difference, the mean of two classifiers."""
    real, test = Labeled.all_of(select_training_examples(trial)), Labeled.all_of(labeled_only(trial.held_out))
    name = (
        f"accuracy points gained by adding {len(added.label)} {what} examples to {len(real.label)} real training "
        f"examples, each {SEEDS} times a {describe_network(trial)}, {STEPS} steps, {len(test.label)} of the "
        f"{trial.split}"
    )

    def points() -> float:
        both = real.with_more(added)
        return 100 * (accuracy(trial, both, test) - accuracy(trial, real, test))

    return compute_score("accuracy_gained", points, name)


def accuracy(trial: Trial, training: Labeled, test: Labeled) -> float:
    """Of fresh networks, the same for every training set."""
    said = [
        predict_labels(training, test, trial.data.spec, steps=STEPS, seed=seed, side=SEEN_SIDE)
        for seed in range(SEEDS)
    ]
    return float((torch.stack(said) == test.label).double().mean())
