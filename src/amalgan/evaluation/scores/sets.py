"""Further measures of a set of new examples that their kind has, as whether strings are new and valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.data import Records
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.score import Outside, Score, Trial, compute_score
from amalgan.kinds.measures import Sets

MOST_TRAINING = 20_000
"""Training examples that new ones are compared with, and that a baseline learns from."""


def set_scores(made: Iterable[Tensor], trial: Trial) -> Iterator[Score]:
    """The kind's measures of new examples; none where it has none."""
    if not trial.kind.set_measures():
        return
    train = chunks(picked(trial.data.train, MOST_TRAINING, trial.seed))
    sets = Sets(made, train, chunks(trial.held_out), trial.data.spec, trial.valid, trial.seed)
    for key, value, name in trial.kind.measured(sets):
        yield compute_score(key, partial(float, value), f"{name}, {trial.split}")


def outside_set_scores(outside: Outside, trial: Trial) -> Iterator[Score]:
    """The same of examples made elsewhere."""
    yield from set_scores(chunks(picked(outside.records, trial.n, trial.seed)), trial)


def chunks(records: Records) -> Iterator[Tensor]:
    """The examples, some at a time."""
    return (batch.x for batch in records.batches(CHUNK))
