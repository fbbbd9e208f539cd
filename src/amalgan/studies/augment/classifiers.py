"""What a classifier learns from real training examples, alone and with others added: one small network an arm.

    real ─┬─────────────────────► nothing     ─┐
          ├─► flips and crops ──► moved        │   every seed and every arm: as many steps, the weights begin alike
          ├─► SMOTE's lines ────► smote        ├─► right or wrong on each held-out example
          ├─► the model's own ──► added        │
          ├─► both of these ────► added_moved  │
          └   the model's alone ► only        ─┘

The model's examples are drawn anew for each seed, so that chance in them counts as chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from amalgan.config.data import AugmentConfig
from amalgan.core.types import DataSpec
from amalgan.data.transforms.augmentation import OFF
from amalgan.features.classifier_training import Labeled, predict_labels
from amalgan.kinds import kind_of
from amalgan.tasks.augment.smote import smote

SHIFT = 0.125
"""Crops: moved by up to so much of the side, as 4 of 32 pixels."""

Generate = Callable[[int], Labeled]
"""The examples that are added, by their seed."""
TrainingSet = Callable[[int], tuple[Labeled, AugmentConfig]]


@dataclass(frozen=True, kw_only=True)
class Classifiers:
    """All that the arms share."""

    spec: DataSpec
    real: Labeled
    test: Labeled
    generate: Generate
    counts: Mapping[int, int]
    """Examples that are added of each class; SMOTE adds as many."""
    seeds: Sequence[int]
    steps: int

    def training_sets(self) -> dict[str, TrainingSet]:
        """What is taught in each; vectors cannot be flipped."""
        moved, real = moves(self.spec), self.real
        plain: dict[str, TrainingSet] = {
            "nothing": lambda seed: (real, OFF),
            "smote": lambda seed: (real.with_more(smote(real, self.counts, seed)), OFF),
            "added": lambda seed: (real.with_more(self.generate(seed)), OFF),
            "only": lambda seed: (self.generate(seed), OFF),
        }
        if moved == OFF:
            return plain
        return plain | {
            "moved": lambda seed: (real, moved),
            "added_moved": lambda seed: (real.with_more(self.generate(seed)), moved),
        }

    def right(
        self, methods: Sequence[str] = (), tell: Callable[[int, int], None] = lambda done, of: None
    ) -> Right:
        """Whether each arm's classifier of each seed is right on each test example.

        Args:
            methods: their names; all of them by default.
            tell: is told how many classifiers are trained, and of how many.
        """
        training_sets = {
            name: training_set
            for name, training_set in self.training_sets().items()
            if name in methods or not methods
        }
        found: dict[str, list[Tensor]] = {name: [] for name in training_sets}
        for number, seed in enumerate(self.seeds):
            for place, (name, training_set) in enumerate(training_sets.items()):
                tell(number * len(training_sets) + place, len(self.seeds) * len(training_sets))
                found[name].append(self.answers(*training_set(seed), seed))
        return {name: torch.stack(rows) for name, rows in found.items()}

    def answers(self, training: Labeled, moved: AugmentConfig, seed: int) -> Bool[Tensor, " M"]:
        """Of the classifier of one seed."""
        predicted = predict_labels(training, self.test, self.spec, steps=self.steps, seed=seed, moved=moved)
        return predicted == self.test.label


Right = dict[str, Bool[Tensor, "S M"]]


def moves(spec: DataSpec) -> AugmentConfig:
    """Flips and crops as pictures of that kind can bear them: gray ones (digits, scans) are not mirrored."""
    if kind_of(spec).refuses("augment"):
        return OFF
    return AugmentConfig(flip=spec.shape[0] == 3, shift=SHIFT, rotate=0.0, zoom=0.0, color=0.0)


def titles(spec: DataSpec) -> Iterator[tuple[str, str]]:
    """The arms in the order in which they are shown, and what each is called."""
    moved = "flips and crops" if moves(spec).flip else "crops"
    yield "nothing", "nothing added"
    yield "moved", moved
    yield "smote", f"SMOTE in {kind_of(spec).entries}"
    yield "added", "the model’s examples"
    yield "added_moved", f"the model’s examples, {moved}"
    yield "only", "the model’s examples alone, no real ones"
