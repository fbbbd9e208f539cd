"""Modes: counted by hand, closed forms, what a Gaussian must have within reach."""

import math

import pytest
import torch
from scipy.stats import entropy

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED
from amalgan.metrics.modes import INSIDE, RIDGE, Landmarks, divergence, modes, reach

SQUARE = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
CROSS = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


def crosses(deviation: float, labels: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[torch.Tensor, torch.Tensor]:
    """Four points around each corner of a square, of exactly this deviation along either axis."""
    arm = deviation * math.sqrt(3 / 2)  # (4 arms - 1 mean) a mode, of which two vary along each axis
    x = SQUARE[:, None] + arm * CROSS
    return x.flatten(0, 1), torch.tensor(labels).repeat_interleave(4)


def test_landmarks_are_class_means_and_the_deviation_within_a_class() -> None:
    found = Landmarks.of(*crosses(0.1))
    assert torch.allclose(found.center, SQUARE.double(), atol=1e-6)
    assert torch.allclose(found.factor, 0.1 * (1 + RIDGE) ** 0.5 * torch.eye(2).double(), atol=1e-6)


def test_within_three_deviations_in_the_plane_and_not_beyond() -> None:
    found = Landmarks.of(*crosses(0.1))
    x = torch.tensor([[0.299, 0.0], [0.301, 0.0], [2.0, 2.29], [1.0, 1.0], [0.22, 1.80], [0.20, 1.79]])
    assert found.near(x).tolist() == [0, UNLABELED, 3, UNLABELED, 2, 2]
    assert modes(found.near(x)) == 3


def test_labels_need_not_begin_at_zero_and_unlabeled_ones_are_no_mode() -> None:
    x, label = crosses(0.1, (7, 3, 9, 5))
    far, none = torch.full((5, 2), 50.0), torch.full((5,), UNLABELED)
    found = Landmarks.of(torch.cat([x, far]), torch.cat([label, none]))
    assert found.near(SQUARE).tolist() == [7, 3, 9, 5]
    with pytest.raises(DataError, match="there are no modes"):
        Landmarks.of(far, none)


def test_units_and_turns_do_not_matter() -> None:
    x, label = crosses(0.1)
    bend, moved = torch.tensor([[80.0, 60.0], [-60.0, 80.0]]), torch.tensor([5.0, -2.0])
    new = SQUARE + 0.2 * torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    same = Landmarks.of(x @ bend + moved, label).near(new @ bend + moved)
    assert same.tolist() == Landmarks.of(x, label).near(new).tolist()


def test_entries_that_never_vary_are_no_trouble() -> None:
    x, label = crosses(0.1)
    flat = torch.cat([x, torch.full((len(x), 1), 4.0)], 1)
    found = Landmarks.of(flat, label)
    assert found.near(flat).tolist() == label.tolist()
    assert found.near(flat + torch.tensor([0.0, 0.0, 0.005])).tolist() == label.tolist()
    assert found.near(flat + torch.tensor([0.0, 0.0, 0.05])).unique().tolist() == [UNLABELED]


@pytest.mark.parametrize("dimensions", [1, 2, 10, 100])
def test_as_many_of_a_gaussian_are_near_as_in_the_plane(dimensions: int) -> None:
    assert reach(2) == pytest.approx(3.0, rel=1e-12)
    generator = torch.Generator().manual_seed(dimensions)
    x = torch.randn(20_000, dimensions, generator=generator).double()
    apart = torch.cat([x, x + 1000])
    label = torch.arange(2).repeat_interleave(20_000)
    share = (Landmarks.of(apart, label).near(apart) == label).double().mean().item()
    assert share == pytest.approx(INSIDE, abs=0.002)


def test_divergence_is_that_of_the_shares() -> None:
    said, label = torch.tensor([0, 0, 0, 1, UNLABELED]), torch.tensor([0, 0, 1, 1, 2, 2, UNLABELED])
    assert divergence(said, label) == pytest.approx(entropy([0.75, 0.25, 0], [1 / 3, 1 / 3, 1 / 3]))
    assert divergence(label, label) == 0
    assert divergence(torch.zeros(5).long(), torch.arange(10)) == pytest.approx(math.log(10))


def test_a_mode_that_the_data_lacks_is_infinitely_far() -> None:
    assert divergence(torch.tensor([0, 2]), torch.tensor([0, 1])) == math.inf
    with pytest.raises(DataError, match="no example is near a mode"):
        divergence(torch.tensor([UNLABELED]), torch.tensor([0, 1]))
