"""A verdict on generators whose worth is known: fresh real examples, wrong labels, copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from amalgan.core.errors import DataError, UsageError
from amalgan.core.randomness import Draws
from amalgan.data import Dataset, Records
from amalgan.features.classifier_training import Labeled
from amalgan.metrics.effect import Effect, effect
from amalgan.studies.augment.classifiers import Classifiers
from amalgan.studies.augment.verify import cautions, check_leak, copied, unseen_tests, verify
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Policy


class Known(System):
    """Generates given examples of the class that is asked for, or of one ``off`` classes away."""

    def __init__(self, records: Records, off: int = 0) -> None:
        super().__init__(None, records.spec)
        self.weight = nn.Parameter(torch.zeros(1))
        self.given = [records.select(np.flatnonzero(records.labels == label)) for label in range(10)]
        self.off = off

    def generate(self, label: Tensor, draws: Draws) -> Tensor:
        numbers = draws.integers("which", 10_000).tolist()
        sides = [self.given[(int(one) + self.off) % 10] for one in label]
        return torch.cat([side.take([n % len(side)]) for side, n in zip(sides, numbers, strict=True)])


def model_of(system: Known, data: Dataset) -> Model:
    header = {
        "system": "test",
        "spec": data.spec.__dict__,
        "data": {"name": data.name, "fingerprint": data.fingerprint, "train": len(data.train)},
    }
    return Model(system, header, "0" * 16)


@pytest.fixture(scope="module")
def few(digits: Dataset) -> Dataset:
    """Five labeled digits a class; the rest of the training split stands for what a perfect generator makes."""
    rows = np.concatenate([np.flatnonzero(digits.whole.labels == label)[:5] for label in range(10)])
    return replace(digits, train=digits.whole.select(np.sort(rows)))


def learned(few: Dataset, source: Records, off: int = 0) -> Effect:
    """What 250 examples of a generator do, of whose arms two are taken."""
    labels = torch.arange(10).repeat_interleave(25)
    system = Known(source, off)

    def made(seed: int) -> Labeled:
        return Labeled.of(system.generate(labels, Draws(seed=seed, round=0, total=250)), labels, few.spec)

    school = Classifiers(
        spec=few.spec,
        real=Labeled.all_of(few.train),
        test=Labeled.all_of(few.test),
        generate=made,
        counts=dict.fromkeys(range(10), 25),
        seeds=range(5),
        steps=60,
    )
    right = school.right(("nothing", "added"))
    return effect(right["added"], right["nothing"])


def test_fresh_real_examples_help(few: Dataset):
    found = learned(few, few.whole)
    assert found.verdict() == "helps" and found.interval.low > 3


def test_wrong_labels_hurt(few: Dataset):
    assert learned(few, few.whole, off=1).verdict() == "hurts"


def test_copies_do_not_help_and_are_told(few: Dataset):
    assert learned(few, few.train).verdict() != "helps"
    real, test = Labeled.all_of(few.train), Labeled.all_of(few.test)
    assert copied(real, real, test).share == 1.0


def test_all_arms_and_their_words(few: Dataset):
    model = model_of(Known(few.whole), few)
    found = verify(model, few, Policy.of(model), times=2.0, steps=12)
    facts = found.to_json()
    arms = ["nothing", "moved", "smote", "added", "added_moved", "only"]
    assert list(facts["arms"]) == arms and facts["arms"]["nothing"]["gained"] is None
    assert (facts["real"], facts["added"], facts["seeds"]) == (50, 100, 5)
    gained = facts["arms"]["added"]["gained"]
    assert gained["points"] == pytest.approx(found.accuracy("added") - found.accuracy("nothing"))
    assert gained["interval"] == facts["interval"]
    assert facts["sentences"][0].startswith("Adding the model’s examples")


def test_unbalanced_classes_count_alike(few: Dataset):
    rows = np.flatnonzero((few.train.labels > 0) | (np.arange(len(few.train)) % 5 == 0))
    model = model_of(Known(few.whole), few)
    skewed = replace(few, train=few.train.select(rows))
    found = verify(model, skewed, Policy.of(model), balance=True, steps=2)
    assert found.balanced and found.metric == "balanced accuracy"
    assert found.accuracy("added") == pytest.approx(np.mean(list(found.by_class("added").values())))


def test_equal_questions_have_equal_answers(few: Dataset):
    model = model_of(Known(few.whole), few)
    one, other = (verify(model, few, Policy.of(model), steps=2).to_json() for _ in range(2))
    assert one == other


def test_the_model_must_not_have_seen_the_test_examples(few: Dataset, wine: Dataset):
    model = model_of(Known(few.whole), few)
    check_leak(model, few, unseen=False)
    foreign = replace(few, fingerprint="another")
    with pytest.raises(DataError, match="may have seen the test examples"):
        check_leak(model, foreign, unseen=False)
    check_leak(model, foreign, unseen=True)
    assert not list(cautions(model, few))
    (caution,) = cautions(model, replace(few, train=few.whole))
    assert "trained on 50 examples" in caution


def test_copies_of_training_examples_are_no_test(few: Dataset):
    leaky = replace(few, test=few.records)
    assert len(unseen_tests(leaky, 10_000, 0)) == len(few.records) - len(few.train)


def test_refuses(few: Dataset):
    model = model_of(Known(few.whole), few)
    with pytest.raises(UsageError, match="at least 5"):
        verify(model, few, Policy.of(model), seeds=4)
    one_class = replace(few, train=few.train.select(np.flatnonzero(few.train.labels == 3)))
    with pytest.raises(DataError, match="needs two"):
        verify(model, one_class, Policy.of(model))
