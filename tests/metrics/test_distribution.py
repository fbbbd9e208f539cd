"""Distances of distributions: closed forms, torchmetrics, prdc; parts equal the whole."""

import math
from itertools import pairwise

import numpy as np
import prdc as reference
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

from amalgan.core.errors import DataError, UsageError
from amalgan.evaluation.scores.score import compute_score
from amalgan.metrics import distances, distribution
from amalgan.metrics.distribution import (
    LEAST,
    Moments,
    frechet_distance,
    kernel_distance,
    moments,
    name_metric,
    prdc,
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gaussian(mean: torch.Tensor, covariance: torch.Tensor) -> Moments:
    return Moments(1001, mean.double(), covariance.double() * 1000)


def rotation(size: int, seed: int = 0) -> torch.Tensor:
    return torch.linalg.qr(normal(size, size, seed=seed)).Q


def test_moments_are_those_of_numpy() -> None:
    x = normal(40, 3) * 5 + 2
    found = Moments.of(x)
    np.testing.assert_allclose(found.mean, x.numpy().mean(0), rtol=1e-13)
    np.testing.assert_allclose(found.covariance, np.cov(x.numpy(), rowvar=False), rtol=1e-12)


@given(cuts=st.lists(st.integers(1, 199), max_size=8, unique=True), offset=st.sampled_from([0.0, 1e4]))
@settings(max_examples=40, deadline=None)
def test_shards_equal_the_whole(cuts: list[int], offset: float) -> None:
    x = normal(200, 6) + offset
    edges = [0, *sorted(cuts), 200]
    merged = moments(x[a:b] for a, b in pairwise(edges))
    whole = Moments.of(x)
    assert merged.n == 200
    torch.testing.assert_close(merged.mean, whole.mean, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(merged.covariance, whole.covariance, rtol=1e-10, atol=1e-10)


def test_frechet_of_the_same_moments_is_zero() -> None:
    found = Moments.of(normal(500, 32) @ normal(32, 32, seed=1))
    assert frechet_distance(found, found) / float(found.covariance.trace()) < 1e-13


@pytest.mark.parametrize("size", [1, 5, 40])
def test_frechet_of_gaussians_that_commute(size: int) -> None:
    """With one basis for both: |m_a - m_b|^2 + sum (deviation_a - deviation_b)^2."""
    basis, a, b = rotation(size), normal(size, seed=1).abs(), normal(size, seed=2).abs()
    mean_a, mean_b = normal(size, seed=3), normal(size, seed=4)
    found = frechet_distance(
        gaussian(mean_a, basis * a**2 @ basis.T), gaussian(mean_b, basis * b**2 @ basis.T)
    )
    expected = float((mean_a - mean_b).square().sum() + (a - b).square().sum())
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_frechet_of_singular_covariances_with_nothing_in_common() -> None:
    """No direction is shared, so the traces add up: the roots of rounding must not."""
    basis, first = rotation(40), (torch.arange(40) < 20).double()
    a, b = (
        gaussian(torch.zeros(40), basis * first @ basis.T),
        gaussian(torch.zeros(40), basis * (1 - first) @ basis.T),
    )
    assert frechet_distance(a, b) == pytest.approx(40, abs=1e-10)


def test_frechet_of_planes_that_do_not_commute() -> None:
    """Rank one, at angles 0 and t: tr sqrt(C_a C_b) = |cos t| s_a s_b; both covariances are singular."""
    for angle in (0.0, 0.3, math.pi / 4, math.pi / 2, 2.0):
        u, v = torch.tensor([1.0, 0.0]), torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        found = frechet_distance(
            gaussian(torch.zeros(2), 4 * torch.outer(u, u)), gaussian(torch.zeros(2), 9 * torch.outer(v, v))
        )
        assert found == pytest.approx(4 + 9 - 2 * 6 * abs(math.cos(angle)), abs=1e-10)


def test_frechet_of_two_by_two_in_closed_form() -> None:
    """tr sqrt(M) = sqrt(tr M + 2 sqrt(det M)) for a 2 x 2 matrix M with eigenvalues >= 0."""
    for seed in range(10):
        factor_a, factor_b = normal(2, 2, seed=seed), normal(2, 2, seed=100 + seed)
        a, b = factor_a @ factor_a.T, factor_b @ factor_b.T
        product = a @ b
        root = math.sqrt(float(product.trace()) + 2 * math.sqrt(float(a.det() * b.det())))
        expected = float(a.trace() + b.trace()) - 2 * root
        found = frechet_distance(gaussian(torch.zeros(2), a), gaussian(torch.zeros(2), b))
        assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("samples", [10, 30, 400])
def test_frechet_is_that_of_torchmetrics_and_symmetric_and_blind_to_rotation(samples: int) -> None:
    x, y = normal(samples, 24), normal(samples, 24, seed=1) @ normal(24, 24, seed=2) / 4 + 0.3
    a, b = Moments.of(x), Moments.of(y)
    found = frechet_distance(a, b)
    expected = float(_compute_fid(a.mean, a.covariance, b.mean, b.covariance))
    assert found == pytest.approx(expected, rel=1e-6)
    assert found == pytest.approx(frechet_distance(b, a), rel=1e-10)
    turn = rotation(24, seed=3)
    assert found == pytest.approx(frechet_distance(Moments.of(x @ turn), Moments.of(y @ turn)), rel=1e-10)
    assert 9 * found == pytest.approx(frechet_distance(Moments.of(3 * x), Moments.of(3 * y)), rel=1e-10)


def test_frechet_of_fewer_samples_than_features_is_exact() -> None:
    """A set against its own shift: only the shift counts, whatever the rank."""
    x, shift = normal(10, 50), normal(50, seed=1)
    found = frechet_distance(Moments.of(x), Moments.of(x + shift))
    assert found == pytest.approx(float(shift.square().sum()), rel=1e-12)


def test_kernel_distance_is_that_of_torchmetrics() -> None:
    a, b = normal(60, 7), normal(60, 7, seed=1) + 0.2
    assert kernel_distance(a, b) == pytest.approx(float(_torchmetrics_kid(a, b)), rel=1e-10)


def _torchmetrics_kid(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return poly_mmd(a, b, degree=3, gamma=None, coef=1.0)


@pytest.mark.parametrize("block", [1, 333])
def test_kernel_distance_is_the_double_sum_of_the_definition(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "BLOCK", block)
    a, b = normal(9, 4), normal(13, 4, seed=1)

    def k(u: torch.Tensor, v: torch.Tensor) -> float:
        return (float(u @ v) / 4 + 1) ** 3

    own_a = sum(k(a[i], a[j]) for i in range(9) for j in range(9) if i != j) / 72
    own_b = sum(k(b[i], b[j]) for i in range(13) for j in range(13) if i != j) / 156
    cross = sum(k(u, v) for u in a for v in b) / 117
    assert kernel_distance(a, b) == pytest.approx(own_a + own_b - 2 * cross, rel=1e-10)


def test_kernel_distance_is_zero_on_average_at_any_n() -> None:
    for n in (8, 64):
        values = torch.tensor(
            [kernel_distance(normal(n, 4, seed=i), normal(n, 4, seed=9999 + i)) for i in range(300)]
        )
        assert abs(float(values.mean())) < 4 * float(values.std()) / math.sqrt(300)
        assert 0.2 < float((values < 0).double().mean()) < 0.9


def test_kernel_distance_of_a_shift_in_closed_form() -> None:
    """In one dimension E (xy + 1)^3 = 1 + 3 m m' + 3 E x^2 E y^2 + E x^3 E y^3."""
    shift, n = 1.0, 500
    values = [kernel_distance(normal(n, 1, seed=i), normal(n, 1, seed=500 + i) + shift) for i in range(100)]
    second, third = 1 + shift**2, shift**3 + 3 * shift
    expected = 3 * shift**2 + 3 * (second - 1) ** 2 + third**2
    error = np.std(values, ddof=1) / math.sqrt(100)
    assert abs(np.mean(values) - expected) < 4 * error < 0.2 * expected


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.0, 0.5), (0.0, 2.0), (9.0, 1.0)])
@pytest.mark.parametrize("block", [500, 2**20])
def test_prdc_is_that_of_its_authors(
    k: int, shift: float, scale: float, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "BLOCK", block)
    real, fake = normal(120, 6), scale * normal(90, 6, seed=1) + shift
    expected = reference.compute_prdc(real.numpy(), fake.numpy(), nearest_k=k)
    assert vars(prdc(real, fake, k)) == pytest.approx(expected, abs=1e-12)


def test_prdc_of_a_collapsed_set_and_of_a_disjoint_one() -> None:
    real = normal(200, 4)
    collapsed = prdc(real, real.mean(0) + 1e-3 * normal(100, 4, seed=1))
    assert collapsed.precision == 1.0 and collapsed.recall == 0.0 and collapsed.coverage < 0.5
    apart = prdc(real, real + 100)
    assert (apart.precision, apart.recall, apart.density, apart.coverage) == (0, 0, 0, 0)


def test_prdc_of_one_distribution_is_as_the_paper_expects() -> None:
    """Naeem et al., section 3.3: density is about 1, coverage about 1 - 1 / 2^k for sets of one size."""
    found = [prdc(normal(500, 8, seed=i), normal(500, 8, seed=50 + i)) for i in range(8)]
    assert np.mean([one.density for one in found]) == pytest.approx(1, abs=0.05)
    assert np.mean([one.coverage for one in found]) == pytest.approx(1 - 2**-5, abs=0.01)


def test_prdc_is_blind_to_order_rotation_and_scale() -> None:
    real, fake = normal(80, 5), normal(70, 5, seed=1) + 0.3
    whole, turn = prdc(real, fake), rotation(5)
    assert prdc(real.flip(0), fake.roll(7, 0)) == whole
    assert prdc(3 * real @ turn + 1, 3 * fake @ turn + 1) == whole


def test_names_warn_below_the_least_n() -> None:
    assert name_metric("frechet_distance", LEAST["frechet_distance"]) == "frechet_distance"
    assert name_metric("frechet_distance", 500) == "frechet_distance (n=500, below 2048)"
    assert name_metric("psnr", 1) == "psnr"


def test_faults_are_named() -> None:
    with pytest.raises(DataError, match="1 of 4 examples hold NaN or infinity"):
        Moments.of(torch.tensor([[0.0], [1.0], [torch.inf], [2.0]]))
    with pytest.raises(DataError, match="one example has no covariance"):
        frechet_distance(Moments.of(normal(1, 3)), Moments.of(normal(5, 3)))
    with pytest.raises(UsageError, match="3 features against 4"):
        frechet_distance(Moments.of(normal(5, 3)), Moments.of(normal(5, 4)))
    with pytest.raises(UsageError, match="sets of 1 and 5 examples"):
        kernel_distance(normal(1, 3), normal(5, 3))
    with pytest.raises(UsageError, match="5 nearest neighbors were asked for among 4 points"):
        prdc(normal(5, 3), normal(9, 3))


def test_one_odd_real_vouches_for_nothing_once_radii_are_cut() -> None:
    """A real far from all others has them all within its radius, and whatever lies between."""
    real = torch.cat([normal(100, 4), torch.full((1, 4), 100.0)])
    between = torch.full((50, 4), 50.0)
    assert prdc(real, between).precision == 1
    assert prdc(real, between, widest=0.9).precision == 0


def test_fakes_that_are_ruled_out_count_as_far_away() -> None:
    real = normal(100, 4)
    out = torch.arange(100) % 2 == 0
    found, far = prdc(real, real, ruled_out=out), prdc(real, real.where(~out[:, None], 1e3))
    assert found.precision == far.precision == 0.5
    assert found.density == far.density and found.coverage == far.coverage
    nothing = prdc(real, real, ruled_out=torch.ones(100, dtype=torch.bool))
    assert vars(nothing) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_a_warning_stands_behind_the_name_of_the_metric_whatever_numbers_are_in_it() -> None:
    score = compute_score(
        "far", lambda: 1.0, "kernel distance times 1,000, 5 of 5", metric="kernel_distance", n=5
    )
    assert score.name == f"kernel distance times 1,000 (n=5, below {LEAST['kernel_distance']}), 5 of 5"
