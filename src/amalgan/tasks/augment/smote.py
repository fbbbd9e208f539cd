"""SMOTE: new examples on the lines between near neighbors of one class, in pixels or entries.

    x + u (n - x)    n one of the five nearest of its class, u uniform in [0, 1)

Chawla et al. 2002, arXiv:1106.1813. It knows no model, so it is what a model's additions must beat.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.randomness import key
from amalgan.features.classifier_training import Labeled
from amalgan.metrics.neighbors import nearest

NEIGHBORS = 5


def smote(real: Labeled, counts: Mapping[int, int], seed: int) -> Labeled:
    """So many new examples of each class; a class with a single example gives copies of it."""
    parts = [
        between(
            real.examples((real.label == label).nonzero()[:, 0].numpy()), count, key(seed, "smote", label)
        )
        for label, count in counts.items()
    ]
    labels = [torch.full((count,), label) for label, count in counts.items()]
    return Labeled.of(torch.cat(parts), torch.cat(labels), real.spec)


def between(x: Float[Tensor, "N ..."], count: int, seed: int) -> Float[Tensor, "M ..."]:
    """``count`` new ones of one class."""
    generator = torch.Generator().manual_seed(seed)
    source = torch.randperm(len(x), generator=generator)[torch.arange(count) % len(x)]
    if len(x) == 1:
        return x[source]
    flat = x.flatten(1)
    near = nearest(flat, flat, min(NEIGHBORS, len(x) - 1), skip_self=True)[1]
    other = near[source, torch.randint(near.shape[1], (count,), generator=generator)]
    share = torch.rand((count, *[1] * (x.ndim - 1)), generator=generator)
    return x[source] + share * (x[other] - x[source])
