"""Distances in blocks against the definition."""

import pytest
import torch

from amalgan.core.errors import DataError, UsageError
from amalgan.metrics import distances
from amalgan.metrics.distances import flatten_checked, iterate_blocks


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("block", [1, 100, 2**20])
def test_blocks_hold_the_distances(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "BLOCK", block)
    a, b = normal(37, 3), normal(21, 3, seed=1)
    found = list(iterate_blocks(a, b))
    assert all(part.numel() <= max(block, 21) for _, part in found)
    expected = (a[:, None] - b[None]).square().sum(2).sqrt()
    torch.testing.assert_close(torch.cat([part for _, part in found]), expected, rtol=1e-10, atol=1e-12)
    assert torch.equal(torch.cat([torch.arange(37)[rows] for rows, _ in found]), torch.arange(37))


def test_faults_are_named() -> None:
    with pytest.raises(UsageError, match=r"features: examples have shapes \(2,\) and \(3,\)"):
        flatten_checked(normal(3, 2), normal(3, 3), "features")
    with pytest.raises(DataError, match="features: 1 of 2 examples hold NaN"):
        flatten_checked(normal(3, 2), torch.tensor([[0.0, torch.nan], [0, 0]]), "features")
    with pytest.raises(DataError, match="features: a set is empty"):
        flatten_checked(normal(0, 2), normal(3, 2), "features")
