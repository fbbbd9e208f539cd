"""How near generated examples are to training examples, and whether that is nearer than real ones are.

generated ─┐
           ├─► nearest training example ─► distance / typical distance = ratio
test ──────┘                                          ▲
     └────────────── median of theirs ────────────────┘

Pixels see a copy as it is; the code sees one that was shifted or recolored a little. A ratio near 0 is a copy; a real
picture that the model has never seen has a ratio about 1. Whether there are more copies than chance explains is what
``metrics.novelty`` tests: this shows where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.data import Records
from amalgan.kinds import kind_of
from amalgan.metrics.neighbors import nearest
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import encode_all


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbors:
    """Nearest training examples in one space."""

    space: str
    """``pixels`` (of vectors, ``entries``) or ``code``."""
    row: Int[Tensor, " N"]
    """The nearest training example of each generated one."""
    ratio: Float[Tensor, " N"]
    """Its distance as a multiple of the typical one."""
    real: Float[Tensor, " M"]
    """The same of test examples; their median is 1."""
    typical: float
    """The median distance from a test example to the nearest training example: root of the mean square over entries."""


def neighbors(
    model: Model, made: Float[Tensor, "N ..."], train: Records, test: Records
) -> Iterator[Neighbors]:
    """The nearest of ``train`` to each of ``made`` and of ``test``, in each space that the model has."""
    kind = kind_of(model.spec)
    x = [kind.delivered(made), take_all(train), take_all(test)]
    yield in_space(kind.entries, *x)
    if isinstance(model.system, Encodes):
        codes = [encode_all(model, each) for each in x]
        spread = codes[1].std(0, correction=0).clamp(min=1e-12)
        yield in_space("code", *(code / spread for code in codes))


def in_space(
    space: str, made: Float[Tensor, "N ..."], train: Float[Tensor, "T ..."], test: Float[Tensor, "M ..."]
) -> Neighbors:
    """Nearest examples by Euclidean distance."""
    made, train, test = (each.flatten(1) for each in (made, train, test))
    distance, row = nearest(made, train)
    real = nearest(test, train)[0][:, 0]
    typical = float(real.median())
    scale = typical if typical > 0 else 1.0
    return Neighbors(
        space=space,
        row=row[:, 0],
        ratio=distance[:, 0] / scale,
        real=real / scale,
        typical=typical / made.shape[1] ** 0.5,
    )


def take_all(records: Records) -> Float[Tensor, "N ..."]:
    """Every example."""
    return torch.cat([batch.x for batch in records.batches(CHUNK)])
