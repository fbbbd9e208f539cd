"""How well a classifier does that was trained on generated examples only, beside one trained on real ones.

    labels of real training examples ─┬─► model ─► as many generated, labeled ─► classifier ─┐
                                      │                                                      ├─► accuracy on real
                                      └─► the real ones themselves ────────────► classifier ─┘   test examples

The classification accuracy score of Ravuri & Vinyals 2019, arXiv:1905.10887. It finds what Fréchet distances miss:
classes that are mixed up or lack variety. Pictures get the small network of ``features``, drawn so many pictures and
no more, larger ones averaged down; vectors a logistic regression.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from amalgan import features
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import build_seeded
from amalgan.data import Records
from amalgan.data.dataset.batches import stream_rows
from amalgan.data.dataset.subsets import picked
from amalgan.data.transforms.augmentation import OFF
from amalgan.evaluation.scores.codes import labeled_only
from amalgan.evaluation.scores.score import Outside, Score, Trial, accuracy
from amalgan.features import Features
from amalgan.features.classifier_training import Labeled
from amalgan.metrics.utility import label_agreement, linear_probe
from amalgan.systems.abilities import Generates
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import classes_heard, generate_each

IMAGES = 50_000
"""At most so many pictures are drawn to train the classifier."""
SEEN_SIDE = 32
"""Pixels of the shorter side, about, that the classifier sees of larger pictures: that of 64x64 takes a quarter of the
time."""


def select_training_examples(trial: Trial) -> Records:
    """The real training examples that generated ones stand in for: all labeled ones, or ``count`` at random."""
    return picked(labeled_only(trial.data.train), trial.count, trial.seed)


def can_test_classifier(trial: Trial) -> bool:
    """Whether there are classes to tell apart, and labels in both splits to learn and test them by."""
    enough = len(labeled_only(trial.data.train)) > 1 and len(labeled_only(trial.data.test)) > 1
    return enough and len(trial.data.spec.classes) > 1


def can_generate_classes(model: Model, trial: Trial) -> bool:
    """Whether the model generates, and saw in training every class that it is to generate."""
    if not isinstance(model.system, Generates) or trial.data.spec.classes != model.spec.classes:
        return False
    return set(select_training_examples(trial).labels.tolist()) <= set(classes_heard(model))


def utility_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """The accuracy of a classifier that only saw what ``model`` generates, as many a class as there are real ones."""
    if can_test_classifier(trial) and can_generate_classes(model, trial):
        yield score_classifier(trial, lessons_of(model, trial), "accuracy_from_samples", "generated")


def lessons_of(model: Model, trial: Trial) -> Labeled:
    """Return what ``model`` generates, as many a class as there are real training examples; it is drawn once."""

    def drawn() -> Labeled:
        asked = torch.from_numpy(select_training_examples(trial).labels)
        made = generate_each(model, asked, seed=trial.seed, purpose="lessons")
        return Labeled.of_chunks(made, asked, trial.data.spec)

    return trial.once(model, "lessons", drawn)


def outside_utility(outside: Outside, trial: Trial) -> Iterator[Score]:
    """The same for examples made elsewhere, where they have labels."""
    known = labeled_only(outside.records)
    if can_test_classifier(trial) and len(known) > 1:
        yield score_classifier(
            trial, Labeled.all_of(picked(known, trial.count, trial.seed)), "accuracy_from_samples", "given"
        )


def real_utility(trial: Trial) -> Iterator[Score]:
    """The same for real training examples: what generated ones could at best replace."""
    if can_test_classifier(trial):
        train, whole = len(trial.data.train), len(trial.data.whole)
        among = f", of {train} kept of {whole}" if train < whole else ""
        yield score_classifier(
            trial,
            Labeled.all_of(select_training_examples(trial)),
            "accuracy_from_real",
            "real training",
            among,
        )


def score_classifier(trial: Trial, training: Labeled, key: str, what: str, among: str = "") -> Score:
    """Train on ``training``, test on the labeled held-out examples; ``among`` what they were chosen."""
    test = labeled_only(trial.held_out)
    network = trial.kind.classifier_moves(trial.data.spec) is not None
    seen = outlook(trial)
    how = describe_network(trial) if network else "logistic regression" + (f" on {seen.name}" if seen else "")
    taught_by = f"{len(training.label)} {what} examples only{among}"
    name = f"accuracy of a {how} trained on {taught_by}, {len(test)} of the {trial.split}"
    judge = network_accuracy if network else regression_accuracy
    return accuracy(key, lambda: judge(trial, training, test), name, len(test))


def build_classifier(trial: Trial) -> features.Classifier:
    """Return a fresh network, the same for every training set."""
    spec = trial.data.spec
    return build_seeded(lambda: features.Classifier(spec, len(spec.classes), side=SEEN_SIDE), 0)


def describe_network(trial: Trial) -> str:
    """Return what the network is called, with the size that it sees where that is not the size of the pictures."""
    shape = tuple(trial.data.spec.shape)
    seen = tuple(trial.kind.coarsened(torch.zeros(1, *shape), SEEN_SIDE).shape[1:])
    smaller = "" if seen == shape else f" that sees {seen[1]}x{seen[2]}"
    return f"small network{smaller}"


def network_accuracy(trial: Trial, training: Labeled, test: Records) -> float:
    """Of a fresh network."""
    net = build_classifier(trial)

    def draw_batch(round: int) -> tuple[Tensor, Tensor]:
        start = round * features.BATCH
        rows = stream_rows(len(training.label), seed=0, start=start, stop=start + features.BATCH)
        return training.examples(rows), training.label[rows]

    moved = trial.kind.classifier_moves(trial.data.spec) or OFF
    features.drill(net, draw_batch, features.rounds_for(len(training.label), IMAGES), moved=moved)
    with torch.no_grad():
        said = torch.cat([net.logits(batch.x).argmax(1) for batch in test.batches(CHUNK)])
    return label_agreement(said, torch.from_numpy(test.labels))


def regression_accuracy(trial: Trial, training: Labeled, test: Records) -> float:
    """Of a logistic regression."""
    x, shown = training.examples(slice(None)), test.take(slice(None))
    if seen := outlook(trial):
        x, shown = seen(x).float(), seen(shown).float()
    return linear_probe(x, training.label, shown, torch.from_numpy(test.labels))


def outlook(trial: Trial) -> Features | None:
    """What a regression looks through, where entries are not the features of their kind themselves."""
    return None if trial.features is None or trial.features.measured else trial.features
