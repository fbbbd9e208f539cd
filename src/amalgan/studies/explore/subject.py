"""What is explored: a model, and the examples that it is explored with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.data import Dataset, Records
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.nearest_training import take_all
from amalgan.kinds import Kind, kind_of
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import Means, class_means, encode_all
from amalgan.tasks.generate import generate

AMONG = 10_000
"""At most so many training examples are encoded, averaged and searched."""
LEAST = 2
"""With fewer training, or test, examples, all that was read stands in for them."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model with what every part of its exploration needs."""

    model: Model
    data: Dataset
    count: int
    seed: int

    @property
    def kind(self) -> Kind:
        """What the examples are."""
        return kind_of(self.model.spec)

    @property
    def pictures(self) -> bool:
        """Whether examples can be drawn."""
        return not self.kind.refuses("drawing")

    @property
    def planes(self) -> bool:
        """Whether a map lies over an example as it is drawn."""
        return not self.kind.refuses("heat")

    @property
    def unseen(self) -> bool:
        """Whether the examples that are measured on are no training examples."""
        return len(self.data.test) >= LEAST and len(self.data.train) >= LEAST

    @cached_property
    def train(self) -> Records:
        """Training examples."""
        found = self.data.train if len(self.data.train) >= LEAST else self.data.records
        return picked(found, AMONG, self.seed)

    @cached_property
    def test(self) -> Records:
        """At most ``count`` test examples."""
        found = self.data.test if len(self.data.test) >= LEAST else self.data.records
        return picked(found, self.count, self.seed)

    @cached_property
    def code(self) -> Float[Tensor, "N K"]:
        """Codes of the training examples."""
        return torch.cat([encode_all(self.model, batch.x) for batch in self.train.batches(AMONG)])

    @cached_property
    def test_code(self) -> Float[Tensor, "M K"]:
        """Codes of the test examples."""
        return encode_all(self.model, take_all(self.test))

    @property
    def label(self) -> Int[Tensor, " N"]:
        """Labels of the training examples."""
        return torch.from_numpy(self.train.labels)

    @property
    def test_label(self) -> Int[Tensor, " M"]:
        """Labels of the test examples."""
        return torch.from_numpy(self.test.labels)

    @cached_property
    def means(self) -> Means | None:
        """Mean codes of the classes, where there are classes."""
        return class_means(self.code, self.label)

    @cached_property
    def average(self) -> Tensor:
        """The mean training example."""
        return average(self.train)

    def average_of(self, number: int | None) -> Tensor:
        """The mean training example of a class, or of all."""
        if number is None:
            return self.average
        return average(self.train.select((self.train.labels == number).nonzero()[0]))

    @cached_property
    def spread(self) -> Float[Tensor, " K"] | None:
        """Deviation of each entry of the code; None without a code."""
        if not isinstance(self.model.system, Encodes):
            return None
        return self.code.std(0, correction=0).clamp(min=1e-12)

    @cached_property
    def generated(self) -> Tensor:
        """``count`` generated examples."""
        return torch.cat(list(generate(self.model, self.count, seed=self.seed)))


def average(records: Records) -> Tensor:
    """The mean example, in one pass."""
    total = sum((batch.x.double().sum(0) for batch in records.batches(1024)), torch.zeros(()))
    return (total / len(records)).float()
