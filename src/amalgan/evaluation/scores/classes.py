"""How often a model tells the class of an example that it was not trained on, and whether it knows when it does not.

labeled test examples ─► class probabilities ─► accuracy, log loss, calibration error
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from amalgan.evaluation.scores.codes import labeled_only
from amalgan.evaluation.scores.score import Score, Trial, accuracy, compute_score
from amalgan.metrics.classification import calibration_error, correct, log_loss
from amalgan.systems.model_file import Model
from amalgan.tasks.classify import classify


def class_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Of the model's own class head; nothing where no test example is labeled."""
    records = labeled_only(trial.held_out)
    if not len(records):
        return
    found, n = classify(model, records), len(records)
    predictions = found.probability, found.label
    how = f"{len(found.classes)} classes, {n} of the {trial.split}"
    yield accuracy(
        "classifier_accuracy", lambda: correct(*predictions) / n, f"classifier, accuracy, {how}", n
    )
    yield compute_score(
        "classifier_log_loss", partial(log_loss, *predictions), f"classifier, log loss, nats, {how}"
    )
    yield compute_score(
        "classifier_calibration_error",
        partial(calibration_error, *predictions),
        f"classifier, expected calibration error, {how}",
    )
