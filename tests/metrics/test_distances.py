"""Nearest neighbors against the definition."""

import pytest
import torch

from amalgan.core.errors import DataError, UsageError
from amalgan.metrics import distances
from amalgan.metrics.distances import blocks, checked, nearest


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("block", [1, 100, 2**20])
def test_blocks_hold_the_distances(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "BLOCK", block)
    a, b = normal(37, 3), normal(21, 3, seed=1)
    found = list(blocks(a, b))
    assert all(part.numel() <= max(block, 21) for _, part in found)
    expected = (a[:, None] - b[None]).square().sum(2).sqrt()
    torch.testing.assert_close(torch.cat([part for _, part in found]), expected, rtol=1e-10, atol=1e-12)
    assert torch.equal(torch.cat([torch.arange(37)[rows] for rows, _ in found]), torch.arange(37))


def test_far_from_the_origin_distances_stay_exact_and_copies_are_at_zero() -> None:
    b = normal(50, 8) + 1e6
    a = torch.cat([b[:5], b[5:10] + 1e-3])
    distance, index = nearest(a, b, 1)
    assert torch.equal(index[:, 0], torch.arange(10))
    assert torch.equal(distance[:5, 0], torch.zeros(5).double())
    torch.testing.assert_close(distance[5:, 0], torch.full((5,), 1e-3 * 8**0.5).double(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("block", [7, 2**20])
def test_nearest_are_the_first_of_the_sorted_distances(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "BLOCK", block)
    a = normal(30, 4)
    expected = torch.cdist(a, a).sort(1)
    distance, index = nearest(a, a, 6, skip_self=True)
    torch.testing.assert_close(distance, expected.values[:, 1:7], rtol=1e-10, atol=1e-12)
    assert torch.equal(index, expected.indices[:, 1:7])


def test_a_repeated_point_is_a_neighbor_of_its_repetition() -> None:
    a = torch.tensor([[0.0], [0.0], [5.0]])
    distance, index = nearest(a, a, 1, skip_self=True)
    assert index[:2, 0].tolist() == [1, 0] and distance[:, 0].tolist() == [0, 0, 5]


def test_faults_are_named() -> None:
    with pytest.raises(UsageError, match="3 nearest neighbors were asked for among 2 points"):
        nearest(normal(3, 2), normal(3, 2), 3, skip_self=True)
    with pytest.raises(UsageError, match=r"features: examples have shapes \(2,\) and \(3,\)"):
        checked(normal(3, 2), normal(3, 3), "features")
    with pytest.raises(DataError, match="features: 1 of 2 examples hold NaN"):
        checked(normal(3, 2), torch.tensor([[0.0, torch.nan], [0, 0]]), "features")
    with pytest.raises(DataError, match="features: a set is empty"):
        checked(normal(0, 2), normal(3, 2), "features")
