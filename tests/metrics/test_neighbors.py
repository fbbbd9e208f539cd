"""Nearest neighbors against the definition."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from amalgan.core.errors import DataError, UsageError
from amalgan.metrics import neighbors
from amalgan.metrics.distances import iterate_blocks
from amalgan.metrics.neighbors import nearest


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def before(a: Tensor, b: Tensor, k: int, *, skip_self: bool = False) -> tuple[Tensor, Tensor]:
    """The neighbors by every distance in blocks, which is how they were once found."""
    found, index = [], []
    for rows, distances in iterate_blocks(a, b):
        if skip_self:
            distances[:, rows].fill_diagonal_(torch.inf)
        values, places = distances.topk(k, largest=False)
        found.append(values)
        index.append(places)
    return torch.cat(found), torch.cat(index)


@pytest.mark.parametrize("queries", [64, 8192])
@pytest.mark.parametrize("skip_self", [False, True])
@pytest.mark.parametrize(("count", "size", "offset"), [(300, 4, 0.0), (700, 64, 0.0), (250, 33, 1e4)])
def test_neighbors_are_those_of_before(
    count: int, size: int, offset: float, skip_self: bool, queries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbors, "QUERIES", queries)
    b = normal(count, size) @ normal(size, size, seed=2) + offset
    a = b if skip_self else normal(200, size, seed=1) @ normal(size, size, seed=2) + offset
    distance, index = nearest(a, b, 20, skip_self=skip_self)
    expected, rows = before(a, b, 20, skip_self=skip_self)
    assert torch.equal(index, rows)
    torch.testing.assert_close(distance, expected, rtol=1e-9 if not offset else 1e-6, atol=1e-9)


def test_both_ways_to_look_find_the_same() -> None:
    """That of an accelerator too, though on the CPU."""
    a, b = normal(40, 5), normal(90, 5, seed=1)
    (rows, found), (others, same) = (next(by(a, b, 7)) for by in (neighbors.by_blocks, neighbors.by_sklearn))
    assert torch.equal(rows, others) and torch.equal(found.sort(1).values, same.sort(1).values)


def test_nearest_are_the_first_of_the_sorted_distances() -> None:
    a = normal(30, 4)
    expected = torch.cdist(a, a).sort(1)
    distance, index = nearest(a, a, 6, skip_self=True)
    torch.testing.assert_close(distance, expected.values[:, 1:7], rtol=1e-10, atol=1e-12)
    assert torch.equal(index, expected.indices[:, 1:7])


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_any_unit_will_do(scale: float) -> None:
    a = normal(400, 8)
    distance, index = nearest(a, a, 5, skip_self=True)
    scaled, rows = nearest(scale * a, scale * a, 5, skip_self=True)
    assert torch.equal(rows, index)
    torch.testing.assert_close(scaled / scale, distance, rtol=1e-12, atol=0)


def test_small_differences_are_told_apart() -> None:
    close = 1.0 + 1e-9 * torch.arange(200.0).double().square()
    b = torch.cat([close, torch.tensor([-3.0, 50.0])])[:, None] * torch.ones(1, 4).double()
    distance, index = nearest(b, b, 3, skip_self=True)
    expected = (b[:, None] - b[None]).norm(dim=2).fill_diagonal_(torch.inf).sort(1)
    torch.testing.assert_close(distance, expected.values[:, :3], rtol=1e-9, atol=0)
    assert torch.equal(index[:150], expected.indices[:150, :3])


def test_far_from_the_origin_distances_stay_exact_and_copies_are_at_zero() -> None:
    b = normal(50, 8) + 1e6
    a = torch.cat([b[:5], b[5:10] + 1e-3])
    distance, index = nearest(a, b, 1)
    assert torch.equal(index[:, 0], torch.arange(10))
    assert torch.equal(distance[:5, 0], torch.zeros(5).double())
    torch.testing.assert_close(distance[5:, 0], torch.full((5,), 1e-3 * 8**0.5).double(), rtol=1e-5, atol=0)


def test_more_copies_than_neighbors() -> None:
    b = torch.cat([torch.ones(60, 3), normal(40, 3).float()])
    distance, index = nearest(b, b, 5, skip_self=True)
    assert torch.equal(distance[:60], torch.zeros(60, 5).double())
    assert (index[:60] < 60).all() and (index != torch.arange(100)[:, None]).all()


def test_a_repeated_point_is_a_neighbor_of_its_repetition() -> None:
    a = torch.tensor([[0.0], [0.0], [5.0]])
    distance, index = nearest(a, a, 1, skip_self=True)
    assert index[:2, 0].tolist() == [1, 0] and distance[:, 0].tolist() == [0, 0, 5]


def test_threads_are_those_of_torch() -> None:
    threads, seen = torch.get_num_threads(), []
    from threadpoolctl import threadpool_info

    torch.set_num_threads(1)
    try:
        for _ in neighbors.all_candidates(normal(10, 2), normal(20, 2), 1):
            seen += [one["num_threads"] for one in threadpool_info() if one["user_api"] == "openmp"]
    finally:
        torch.set_num_threads(threads)
    assert seen and set(seen) == {1}


def test_faults_are_named() -> None:
    with pytest.raises(UsageError, match="3 nearest neighbors were asked for among 2 points"):
        nearest(normal(3, 2), normal(3, 2), 3, skip_self=True)
    with pytest.raises(DataError, match="points: 1 of 3 examples hold NaN"):
        nearest(torch.full((3, 2), 0.0).index_fill(0, torch.tensor([1]), torch.nan), normal(3, 2), 1)
