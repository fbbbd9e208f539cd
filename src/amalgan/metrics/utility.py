"""What codes and generated pictures are good for, as accuracies.

    codes, labels ─► linear_probe    logistic regression: Alain & Bengio 2016, arXiv:1610.01644
                  └► knn_accuracy    vote of the nearest training codes
    what a classifier says of generated pictures ─► label_agreement

Accuracies are shares in [0, 1]. Examples whose label is UNLABELED are left out.
"""

from __future__ import annotations

import warnings

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED
from amalgan.metrics.distances import flatten_checked
from amalgan.metrics.neighbors import nearest


def linear_probe(
    train_codes: Float[Tensor, " N *shape"],
    train_labels: Int[Tensor, " N"],
    test_codes: Float[Tensor, " M *shape"],
    test_labels: Int[Tensor, " M"],
    *,
    strength: float = 1.0,
    steps: int = 500,
) -> float:
    """Test accuracy of a logistic regression on codes standardized by the training codes; deterministic.

    Args:
        strength: inverse weight of the L2 penalty (scikit-learn's C).
        steps: at most so many iterations; where they do not suffice, the last is used.

    Raises:
        DataError: nothing is labeled, or a code is not finite.
    """
    from sklearn.exceptions import ConvergenceWarning  # scikit-learn takes a second to import
    from sklearn.linear_model import LogisticRegression

    train, labels, test, asked = _labeled(train_codes, train_labels, test_codes, test_labels)
    if (labels == labels[0]).all():
        return float((asked == labels[0]).double().mean())
    center, deviation = train.mean(0), train.std(0, correction=0)
    deviation = deviation.where(deviation > 1e-12 * center.abs().clamp_min(1e-300), 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe = LogisticRegression(C=strength, max_iter=steps)
        probe.fit(((train - center) / deviation).cpu().numpy(), labels.cpu().numpy())
    return float(probe.score(((test - center) / deviation).cpu().numpy(), asked.cpu().numpy()))


def knn_accuracy(
    train_codes: Float[Tensor, " N *shape"],
    train_labels: Int[Tensor, " N"],
    test_codes: Float[Tensor, " M *shape"],
    test_labels: Int[Tensor, " M"],
    *,
    k: int = 5,
) -> float:
    """Test accuracy of a vote of the ``k`` nearest training codes (all, if fewer); the nearer break ties.

    Raises:
        DataError: nothing is labeled, or a code is not finite.
    """
    train, labels, test, asked = _labeled(train_codes, train_labels, test_codes, test_labels)
    k = min(k, len(train))
    votes = labels[nearest(test, train, k)[1]]
    # Rank r weighs 1 + 2^-(r + 1): together the extras stay below one vote, and the nearest decides a tie.
    weight = 1 + 0.5 ** torch.arange(2, k + 2, device=votes.device).double()
    counts = torch.zeros(len(test), int(labels.max()) + 1, dtype=torch.float64, device=votes.device)
    counts.scatter_add_(1, votes, weight.expand(len(test), k))
    return float((counts.argmax(1) == asked).double().mean())


def label_agreement(predicted: Int[Tensor, " N"], asked: Int[Tensor, " N"]) -> float:
    """Share of generated examples that a classifier gives the label they were asked to have.

    Raises:
        DataError: no example was asked to have a label.
    """
    known = asked != UNLABELED
    if not known.any():
        raise DataError("no generated example was asked to have a label; ask for one by --label")
    return float((predicted == asked)[known].double().mean())


def _labeled(
    train_codes: Tensor, train_labels: Tensor, test_codes: Tensor, test_labels: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The labeled examples of both sets, codes flattened to float64."""
    in_train, in_test = train_labels != UNLABELED, test_labels != UNLABELED
    if not (in_train.any() and in_test.any()):
        raise DataError(
            f"{int(in_train.sum())} training and {int(in_test.sum())} test examples are labeled; "
            "an accuracy needs both"
        )
    train, test = flatten_checked(train_codes[in_train], test_codes[in_test], "codes of training and test")
    return train, train_labels[in_train].long(), test, test_labels[in_test].long()
