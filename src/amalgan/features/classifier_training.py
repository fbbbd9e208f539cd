"""Labeled examples held in memory, and a small classifier trained on them with a fixed number of steps.

    examples, labels ─► endless shuffled stream ─► moved a little, if asked ─► network, so many steps ─► classes told

Compared training sets get equal numbers of steps: what differs is the data, not the length of training.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from amalgan import features
from amalgan.config.data import AugmentConfig
from amalgan.config.parts import Networks
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import build_seeded, key
from amalgan.core.types import DataSpec
from amalgan.data import Records
from amalgan.data.dataset.batches import stream_rows
from amalgan.data.transforms.augmentation import OFF
from amalgan.kinds import kind_of

BATCH = 64
NETWORK = Networks(width=16, widest=64, blocks=1, hidden=64)
PASSES, LEAST_STEPS, MOST_STEPS = 10, 300, 1000
"""So many passes over the examples, within these numbers of steps."""


class Labeled(NamedTuple):
    """Examples with their classes."""

    x: NDArray[Any]
    """As their kind packs them: pictures as bytes (N, C, H, W), vectors standardized (N, D)."""
    label: Int[Tensor, " N"]
    spec: DataSpec

    @classmethod
    def of(cls, x: Float[Tensor, "N ..."], label: Int[Tensor, " N"], spec: DataSpec) -> Labeled:
        """Pictures are kept as files would hold them: a quarter of the memory."""
        return cls(kind_of(spec).packed(x), label, spec)

    @classmethod
    def all_of(cls, records: Records) -> Labeled:
        """Every record, with its label."""
        chunks, label = (batch.x for batch in records.batches(CHUNK)), torch.from_numpy(records.labels)
        return cls.of_chunks(chunks, label, records.spec)

    @classmethod
    def of_chunks(cls, chunks: Iterable[Tensor], label: Int[Tensor, " N"], spec: DataSpec) -> Labeled:
        """The same of examples that come in parts; at least one."""
        return cls(np.concatenate([kind_of(spec).packed(x) for x in chunks]), label, spec)

    def examples(self, rows: NDArray[np.int64] | slice) -> Float[Tensor, "B ..."]:
        """As networks see them."""
        return kind_of(self.spec).unpacked(self.x[rows])

    def with_more(self, added: Labeled) -> Labeled:
        """These and others."""
        return Labeled(np.concatenate([self.x, added.x]), torch.cat([self.label, added.label]), self.spec)


def steps_for(examples: int) -> int:
    """Steps that a classifier of so many real examples gets, whatever is added to them."""
    return max(LEAST_STEPS, min(MOST_STEPS, PASSES * examples // BATCH))


def predict_labels(
    training: Labeled,
    test: Labeled,
    spec: DataSpec,
    *,
    steps: int,
    seed: int,
    moved: AugmentConfig = OFF,
    side: int | None = None,
) -> Int[Tensor, " M"]:
    """What a fresh network says of ``test`` that was trained on ``training``; equal seeds begin with equal weights.

    Args:
        side: what ``Classifier`` sees of larger pictures.
    """
    net = train_classifier(training, spec, len(spec.classes), steps=steps, seed=seed, moved=moved, side=side)
    places = [slice(start, start + CHUNK) for start in range(0, len(test.label), CHUNK)]
    with torch.no_grad():
        return torch.cat([net.logits(test.examples(rows)).argmax(1) for rows in places])


def train_classifier(
    training: Labeled,
    spec: DataSpec,
    classes: int,
    *,
    steps: int,
    seed: int,
    moved: AugmentConfig = OFF,
    side: int | None = None,
) -> features.Classifier:
    """A fresh network, trained on ``training`` to tell so many classes apart."""
    net = build_seeded(
        lambda: features.Classifier(spec, classes, NETWORK, side=side), key(seed, "lesson weights")
    )

    def draw_batch(round: int) -> tuple[Tensor, Tensor]:
        start = round * BATCH
        rows = stream_rows(len(training.label), seed=seed, start=start, stop=start + BATCH)
        return training.examples(rows), training.label[rows]

    features.drill(net, draw_batch, steps, moved=moved, seed=seed)
    return net
