"""Whether a model's examples help a classifier: trained with and without them, asked what neither has seen.

    model, DATA ─► leak-free? ─► arms, seeds ─► right or wrong ─► effect ─► verdict, one sentence

What is said is of this data's classifier of a fixed number of steps; a larger one may gain less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.core.errors import DataError, UsageError
from amalgan.data import Dataset, Records
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.codes import labeled_only
from amalgan.features.classifier_training import Labeled, steps_for
from amalgan.metrics.effect import MARGIN
from amalgan.metrics.novelty import Copies, copies
from amalgan.studies.augment.classifiers import Classifiers
from amalgan.studies.augment.verification import Verification
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Augmenter, Policy, counts_of

SEEDS, LEAST_SEEDS = 5, 5
MOST_REAL = 10_000
"""At most so many real training examples are learned from."""
UNBALANCED = 1.5
"""Where the largest class is more than so many times the smallest, all classes count alike."""
LOOKED_AT, LOOKED_AMONG = 1000, 5000
"""Added and held-out examples that are looked for among training examples."""


def verify(
    model: Model,
    data: Dataset,
    policy: Policy,
    *,
    times: float | None = None,
    balance: bool = False,
    seed: int = 0,
    seeds: int = SEEDS,
    steps: int | None = None,
    margin: float = MARGIN,
    count: int = MOST_EVALUATED,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Verification:
    """Train a classifier with and without a model's examples; ``check_leak`` comes first.

    Args:
        times, balance: as ``counts_of`` has them.
        seeds: classifiers of each arm, from ``seed`` on.
        steps: of each classifier, by default as many as the real examples are worth.
        margin: points below which an effect is called none.
        count: at most so many test examples.

    Raises:
        DataError: there are no classes to tell apart, or too few examples of them.
        UsageError: too few seeds, or no margin.
    """
    check(seeds, margin, steps)
    train, test = picked(labeled_only(data.train), MOST_REAL, seed), unseen_tests(data, count, seed)
    real, held = Labeled.all_of(train), Labeled.all_of(test)
    counts = counts_of(train.labels, times, balance)

    def made(number: int) -> Labeled:
        by = Augmenter(model=model, policy=policy, take=train.take, labels=train.labels, seed=number)
        recipe = by.recipe(counts)
        return Labeled.of_chunks(by.chunks(recipe), torch.from_numpy(recipe.label), data.spec)

    school = Classifiers(
        spec=data.spec,
        real=real,
        test=held,
        generate=remembered(made),
        counts=counts,
        seeds=range(seed, seed + seeds),
        steps=steps or steps_for(len(train)),
    )
    right = school.right(tell=tell)
    return Verification(
        spec=data.spec,
        right=right,
        label=test.labels,
        balanced=unbalanced(train.labels),
        margin=margin,
        real=len(train),
        added=sum(counts.values()),
        steps=school.steps,
        copied=copied(made(seed), real, held),
    )


def unbalanced(labels: NDArray[np.int64]) -> bool:
    """Whether classes differ so much in size that each must count alike."""
    sizes = np.unique(labels, return_counts=True)[1]
    return bool(sizes.max() > UNBALANCED * sizes.min())


def remembered(made: Callable[[int], Labeled]) -> Callable[[int], Labeled]:
    """The same, the last of them kept: the arms of one seed share it."""
    kept: dict[int, Labeled] = {}

    def again(seed: int) -> Labeled:
        if seed not in kept:
            kept.clear()
            kept[seed] = made(seed)
        return kept[seed]

    return again


def check(seeds: int, margin: float, steps: int | None) -> None:
    """Refuse what would say nothing."""
    if seeds < LEAST_SEEDS:
        raise UsageError(f"--seeds is {seeds}; a verdict needs at least {LEAST_SEEDS}")
    if not 0 < margin < 100:
        raise UsageError(f"--margin is {margin:g}; it is points of accuracy, between 0 and 100")
    if steps is not None and steps < 1:
        raise UsageError(f"--steps is {steps}; at least 1")


def check_leak(model: Model, data: Dataset, unseen: bool) -> None:
    """Refuse data whose test examples the model may have been trained on.

    Raises:
        DataError: it was trained on other contents, and nobody says that these are new to it.
    """
    trained = model.header.get("data") or {}
    if not unseen and trained.get("fingerprint") != data.fingerprint:
        raise DataError(
            f"the model was trained on {trained.get('name', 'unknown data')}, whose contents are not those of "
            f"{data.name}: it may have seen the test examples of {data.name}, and no verdict would hold. Give the "
            "model’s own data; or --unseen, if you know that it has not."
        )


def cautions(model: Model, data: Dataset) -> Iterator[str]:
    """What makes a verdict mean something else than it seems to."""
    trained, known = model.header.get("data") or {}, len(data.train)
    if trained.get("fingerprint") == data.fingerprint and trained.get("train", known) != known:
        yield (
            f"The model was trained on {trained['train']:,} examples, and the training split has {known:,} here: "
            "the verdict holds where both learn from the same ones; give --keep as in its training."
        )
    hidden = len(labeled_only(data.test)) - len(unseen_tests(data, len(data.test), 0))
    if hidden:
        yield f"{hidden:,} test examples are left out: copies of training examples, or alone in their class."
    if (real := len(labeled_only(data.train))) > MOST_REAL:
        yield f"Of {real:,} labeled training examples, the classifier learns from {MOST_REAL:,}, drawn at random."


def unseen_tests(data: Dataset, count: int, seed: int) -> Records:
    """The labeled test examples, without copies of training examples and classes of a single one.

    Raises:
        DataError: nothing is left, or there is nothing to tell apart.
    """
    train, test = labeled_only(data.train), labeled_only(data.test)
    if len(np.unique(train.labels)) < 2:
        raise DataError(
            f"the training split of {data.name} has labels of {len(np.unique(train.labels))} classes; a classifier "
            "needs two. Put each class into a folder of its own, and train a model on that."
        )
    hashes = data.records.store.hashes
    seen = {row.tobytes() for row in hashes[data.train.index]}
    new = [row for row, at in enumerate(test.index) if hashes[at].tobytes() not in seen]
    found = picked(test.select(np.array(new, np.int64)), count, seed)
    values, sizes = np.unique(found.labels, return_counts=True)
    found = found.select(np.flatnonzero(np.isin(found.labels, values[sizes > 1])))
    if len(found) < 2:
        raise DataError(f"{data.name} has {len(test)} labeled test examples that are new; add some.")
    return found


def copied(made: Labeled, real: Labeled, held: Labeled) -> Copies | None:
    """Whether added examples are copies, pixel by pixel or entry by entry; None with fewer than two real ones."""
    if len(real.label) < 2:
        return None
    sides = ((made, LOOKED_AT), (real, LOOKED_AMONG), (held, LOOKED_AT))
    return copies(*(side.examples(spaced(len(side.label), most)) for side, most in sides))


def spaced(count: int, most: int) -> NDArray[np.int64]:
    """At most ``most`` places among ``count``, evenly: classes stand one after another."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(np.int64))
