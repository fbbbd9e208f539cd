"""Divergences of codes against torch.distributions, Monte Carlo and closed forms."""

import math

import pytest
import torch
from torch.autograd import gradcheck
from torch.distributions import Normal, kl_divergence

from amalgan.core.errors import UsageError
from amalgan.objectives.latent import (
    SCALES,
    gaussian,
    inverse_multiquadric,
    kl_gaussians,
    kl_standard_normal,
    mmd,
    moment_pull,
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def distribution(mean: torch.Tensor, log_variance: torch.Tensor) -> Normal:
    return Normal(mean, (log_variance / 2).exp())


def test_kl_is_that_of_torch() -> None:
    mean, log_variance, other, other_log = (normal(5, 3, seed=i) for i in range(4))
    q, p = distribution(mean, log_variance), distribution(other, other_log)
    torch.testing.assert_close(kl_gaussians(mean, log_variance, other, other_log), kl_divergence(q, p).sum(1))
    expected = kl_divergence(q, Normal(torch.zeros(3).double(), torch.ones(3).double())).sum(1)
    torch.testing.assert_close(kl_standard_normal(mean, log_variance), expected)


def test_kl_is_the_mean_log_ratio_of_draws() -> None:
    mean, log_variance = normal(1, 4) / 2, normal(1, 4, seed=1) / 2
    draws = mean + (log_variance / 2).exp() * normal(400_000, 4, seed=2)
    ratio = distribution(mean, log_variance).log_prob(draws) - Normal(0.0, 1.0).log_prob(draws)
    samples = ratio.sum(1)
    error = samples.mean() - kl_standard_normal(mean, log_variance)
    assert abs(float(error)) < 4 * float(samples.std()) / math.sqrt(len(samples))


def test_kl_of_the_prior_is_zero_and_a_minimum() -> None:
    mean, log_variance = (
        torch.zeros(2, 3).double().requires_grad_(),
        torch.zeros(2, 3).double().requires_grad_(),
    )
    kl = kl_standard_normal(mean, log_variance)
    assert torch.equal(kl, torch.zeros(2).double())
    assert all(not gradient.any() for gradient in torch.autograd.grad(kl.sum(), (mean, log_variance)))


def test_kl_near_the_prior_does_not_cancel_in_float32() -> None:
    log_variance = torch.full((1, 1), 1e-3)
    expected = (math.expm1(1e-3) - 1e-3) / 2
    got = float(kl_standard_normal(torch.zeros(1, 1), log_variance))
    assert got == pytest.approx(expected, rel=1e-3)


def test_gradients() -> None:
    mean, log_variance, other, other_log = (normal(4, 3, seed=i).requires_grad_() for i in range(4))
    assert gradcheck(kl_standard_normal, (mean, log_variance))
    assert gradcheck(kl_gaussians, (mean, log_variance, other, other_log))
    assert gradcheck(mmd, (mean, other))
    assert gradcheck(lambda a, b: mmd(a, b, gaussian), (mean, other))
    assert gradcheck(moment_pull, (mean,))


@pytest.mark.parametrize("kernel", [inverse_multiquadric, gaussian])
def test_mmd_is_the_double_sum_of_the_definition(kernel) -> None:
    a, b = normal(4, 2), normal(5, 2, seed=1)

    def k(u: torch.Tensor, v: torch.Tensor) -> float:
        squared = float((u - v).square().sum()) / 4
        one = {inverse_multiquadric: lambda s: s / (s + squared), gaussian: lambda s: math.exp(-squared / s)}
        return sum(one[kernel](s) for s in SCALES) / len(SCALES)

    own = sum(k(a[i], a[j]) for i in range(4) for j in range(4) if i != j) / 12
    prior = sum(k(b[i], b[j]) for i in range(5) for j in range(5) if i != j) / 20
    cross = sum(k(u, v) for u in a for v in b) / 20
    assert float(mmd(a, b, kernel)) == pytest.approx(own + prior - 2 * cross, abs=1e-12)


@pytest.mark.parametrize("kernel", [inverse_multiquadric, gaussian])
def test_mmd_is_zero_on_average_for_one_distribution(kernel) -> None:
    values = torch.stack(
        [mmd(normal(32, 4, seed=i), normal(32, 4, seed=10_000 + i), kernel) for i in range(400)]
    )
    assert abs(float(values.mean())) < 4 * float(values.std()) / 20
    assert 0.3 < float((values < 0).double().mean()) < 0.75


@pytest.mark.parametrize("kernel", [inverse_multiquadric, gaussian])
def test_mmd_sees_shift_and_scale(kernel) -> None:
    same = [float(mmd(normal(64, 4, seed=i), normal(64, 4, seed=1000 + i), kernel)) for i in range(20)]
    shifted = [float(mmd(normal(64, 4, seed=i) + 1, normal(64, 4, seed=1000 + i), kernel)) for i in range(20)]
    scaled = [float(mmd(normal(64, 4, seed=i) / 3, normal(64, 4, seed=1000 + i), kernel)) for i in range(20)]
    assert min(shifted) > 2 * max(same) and min(scaled) > 2 * max(same)


def test_descending_mmd_brings_mean_and_deviation_to_the_prior() -> None:
    mean, deviation = torch.full((2,), 2.0).requires_grad_(), torch.full((2,), 0.3).requires_grad_()
    optimizer = torch.optim.Adam([mean, deviation], lr=0.05)
    for step in range(200):
        optimizer.zero_grad()
        codes = mean + deviation * normal(128, 2, seed=step)
        mmd(codes, normal(128, 2, seed=1000 + step)).backward()
        optimizer.step()
    torch.testing.assert_close(mean.detach(), torch.zeros(2), atol=0.1, rtol=0)
    torch.testing.assert_close(deviation.detach(), torch.ones(2), atol=0.1, rtol=0)


def test_mmd_needs_two_of_each() -> None:
    with pytest.raises(UsageError, match="1 and 8 codes"):
        mmd(normal(1, 2), normal(8, 2))


def test_moment_pull_of_known_moments() -> None:
    whitened = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    assert float(moment_pull(whitened)) == 0.0
    moved = whitened * torch.tensor([2.0, 1.0]) + torch.tensor([0.5, -1.0])
    assert float(moment_pull(moved)) == pytest.approx((0.5**2 + 1 + (4 - 1) ** 2) / 2)


def test_moment_pull_of_draws_of_the_prior_is_what_it_says() -> None:
    values = torch.stack([moment_pull(normal(200, 6, seed=i)) for i in range(300)])
    assert float(values.mean()) == pytest.approx((6 + 2) / 200, rel=0.05)
