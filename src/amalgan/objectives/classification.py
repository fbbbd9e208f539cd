"""How far class logits are from labels, and which labels a model may give itself.

    cross_entropy   logits, labels ─► nats; 0 for what has no label
    confident       logits ─► the likeliest class, where it is likely enough: a pseudo-label
                    (Lee 2013; Sohn et al. 2020, arXiv:2001.07685, eq. 4)

UNLABELED passes through both, so that a loss over a mix of labeled and unlabeled examples is one mean over all.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from amalgan.core.types import UNLABELED


def cross_entropy(logits: Float[Tensor, "B K"], label: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
    """-log p(label), nats per sample; 0 where the label is UNLABELED."""
    return functional.cross_entropy(logits, label, ignore_index=UNLABELED, reduction="none")


def pick_confident(logits: Float[Tensor, "B K"], least: float) -> Int[Tensor, " B"]:
    """The likeliest class where its probability is at least ``least``, else UNLABELED; carries no gradient."""
    probability, label = logits.detach().softmax(dim=1).max(dim=1)
    return torch.where(probability >= least, label, UNLABELED)
