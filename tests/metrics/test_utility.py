"""Accuracies of codes: scikit-learn, closed forms, invariances."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.features.classifier import Classifier
from amalgan.metrics.utility import knn_accuracy, label_agreement, linear_probe


def clusters(n: int, apart: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (n,), generator=generator)
    centers = apart * torch.eye(3, 5)
    return centers[labels] + torch.randn(n, 5, generator=generator), labels


def test_linear_probe_is_scikit_learn_on_standardized_codes() -> None:
    (train, labels), (test, asked) = clusters(300, 2.0), clusters(200, 2.0, seed=1)
    train, test = train * torch.tensor([1, 10, 0.1, 1, 5]) + 3, test * torch.tensor([1, 10, 0.1, 1, 5]) + 3
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(train.double(), labels)
    accuracy = linear_probe(train, labels, test, asked)
    assert accuracy == model.score(test.double(), asked)
    assert accuracy == linear_probe(train, labels, test, asked)
    assert accuracy == linear_probe(100 * train - 7, labels, 100 * test - 7, asked)


def test_both_are_at_one_for_separate_clusters_and_at_chance_for_none() -> None:
    for measure in (linear_probe, knn_accuracy):
        assert measure(*clusters(300, 40.0), *clusters(200, 40.0, seed=1)) == 1.0
        assert measure(*clusters(600, 0.0), *clusters(3000, 0.0, seed=1)) == pytest.approx(1 / 3, abs=0.04)


def test_knn_is_that_of_scikit_learn_where_no_vote_ties() -> None:
    (train, labels), (test, asked) = clusters(300, 1.5), clusters(200, 1.5, seed=1)
    binary, asked_binary = (labels > 0).long(), (asked > 0).long()
    model = KNeighborsClassifier(5).fit(train.double(), binary)
    assert knn_accuracy(train, binary, test, asked_binary) == model.score(test.double(), asked_binary)


def test_a_tied_vote_goes_to_the_nearer() -> None:
    train, labels = torch.tensor([[0.0], [1.0], [2.5], [3.0]]), torch.tensor([1, 0, 0, 1])
    near_one, near_zero = torch.tensor([[0.1]]), torch.tensor([[2.0]])
    assert knn_accuracy(train, labels, near_one, torch.tensor([1]), k=2) == 1.0
    assert knn_accuracy(train, labels, near_zero, torch.tensor([0]), k=4) == 1.0
    assert knn_accuracy(train, labels, near_one, torch.tensor([1]), k=99) == 1.0


def test_the_unlabeled_are_left_out_of_all() -> None:
    (train, labels), (test, asked) = clusters(90, 2.0), clusters(60, 2.0, seed=1)
    hidden, hidden_test = labels.clone(), asked.clone()
    hidden[::3], hidden_test[::4] = UNLABELED, UNLABELED
    kept, kept_test = hidden != UNLABELED, hidden_test != UNLABELED
    for measure in (linear_probe, knn_accuracy):
        expected = measure(train[kept], labels[kept], test[kept_test], asked[kept_test])
        assert measure(train, hidden, test, hidden_test) == expected


def test_constant_entries_and_a_single_class_are_no_trouble() -> None:
    (train, labels), (test, asked) = clusters(90, 40.0), clusters(60, 40.0, seed=1)
    train, test = torch.cat([train, torch.ones(90, 1)], 1), torch.cat([test, torch.ones(60, 1)], 1)
    assert linear_probe(train, labels, test, asked) == 1.0
    share = float((asked == 2).double().mean())
    assert linear_probe(train, torch.full_like(labels, 2), test, asked) == share
    assert knn_accuracy(train, torch.full_like(labels, 2), test, asked) == share


def test_codes_of_any_shape_are_flattened() -> None:
    (train, labels), (test, asked) = clusters(90, 2.0), clusters(60, 2.0, seed=1)
    for measure in (linear_probe, knn_accuracy):
        expected = measure(train, labels, test, asked)
        assert measure(train[:, :, None, None], labels, test[:, :, None, None], asked) == expected


def test_label_agreement() -> None:
    predicted, asked = torch.tensor([0, 1, 2, 2, 1]), torch.tensor([0, 1, 1, UNLABELED, 0])
    assert label_agreement(predicted, asked) == 0.5
    with pytest.raises(DataError, match="no generated example was asked"):
        label_agreement(predicted, torch.full_like(asked, UNLABELED))


def test_nothing_labeled_is_named() -> None:
    (train, labels), (test, asked) = clusters(9, 2.0), clusters(6, 2.0)
    with pytest.raises(DataError, match="0 training and 6 test examples are labeled"):
        linear_probe(train, torch.full_like(labels, UNLABELED), test, asked)


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ((1, 28, 28), (1, 28, 28)),
        ((3, 48, 63), (3, 48, 63)),
        ((3, 64, 64), (3, 32, 32)),
        ((3, 96, 130), (3, 32, 43)),
    ],
)
def test_a_classifier_of_large_pictures_sees_them_averaged_down(
    shape: tuple[int, ...], seen: tuple[int, ...]
) -> None:
    spec = DataSpec(kind="image", shape=shape, classes=("a", "b"))
    net = Classifier(spec, 2, side=32)
    assert net.seen_shape == seen
    x = torch.rand(2, *shape)
    assert net.logits(x).shape == (2, 2)
    if seen != shape:
        factor = shape[1] // seen[1]
        rows, columns = (side // factor * factor for side in shape[1:])
        cells = x[:, :, :rows, :columns].unflatten(3, (-1, factor)).unflatten(2, (-1, factor))
        assert torch.allclose(net.coarsen(x), cells.mean((3, 5)), atol=1e-6)
    assert torch.equal(Classifier(spec, 2).coarsen(x), x)


def test_values_that_are_no_pictures_are_left_as_they_are() -> None:
    assert Classifier(DataSpec(kind="vector", shape=(70,), classes=("a", "b")), 2, side=32).seen_shape == (
        70,
    )
