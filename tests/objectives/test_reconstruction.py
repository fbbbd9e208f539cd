"""Reconstruction losses against closed forms, torch.distributions and scikit-image."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch.autograd import gradcheck
from torch.distributions import Bernoulli, Normal

from amalgan.config.parts import Reconstruction
from amalgan.core.errors import UsageError
from amalgan.objectives.reconstruction import (
    RECONSTRUCTIONS,
    bernoulli_nll,
    charbonnier,
    discretized_logistic_nll,
    gaussian_nll,
    l1,
    l2,
    ssim_loss,
)


def pictures(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def close(a: torch.Tensor, b: torch.Tensor | list[float], **options: float) -> None:
    torch.testing.assert_close(
        a, torch.as_tensor(b, dtype=a.dtype), **({"rtol": 1e-10, "atol": 1e-12} | options)
    )


def test_the_table_holds_what_a_configuration_can_name() -> None:
    assert set(RECONSTRUCTIONS) == set(get_args(Reconstruction))


def test_distances_of_known_differences() -> None:
    x = torch.tensor([[0.5, -0.5], [1.0, 1.0]])
    y = torch.tensor([[0.5, 0.5], [0.0, -2.0]])
    close(l2(x, y), [0.5, 5.0])
    close(l1(x, y), [0.5, 2.0])
    expected = [(math.sqrt(1.25) - 0.5) / 2, (math.sqrt(1.25) + math.sqrt(9.25)) / 2 - 0.5]
    close(charbonnier(x, y, epsilon=0.5), expected, rtol=1e-6)


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
def test_each_sample_is_judged_alone_and_symmetrically(name: str) -> None:
    loss, x, y = RECONSTRUCTIONS[name], pictures(3, 2, 12, 9), pictures(3, 2, 12, 9, seed=1)
    together = loss(x, y)
    close(together, torch.cat([loss(x[i : i + 1], y[i : i + 1]) for i in range(3)]))
    close(together, loss(y, x))
    close(loss(x, x), [0.0, 0.0, 0.0])


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
@pytest.mark.parametrize("side", [4, 12])
def test_gradients(name: str, side: int) -> None:
    x, y = pictures(2, 1, side, side).requires_grad_(), pictures(2, 1, side, side, seed=1).requires_grad_()
    assert gradcheck(RECONSTRUCTIONS[name], (x, y))


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
def test_the_gradient_at_equality_is_zero(name: str) -> None:
    x = pictures(2, 1, 12, 12)
    y = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(RECONSTRUCTIONS[name](x, y).sum(), y)
    close(gradient, torch.zeros_like(x), atol=1e-12)


@pytest.mark.parametrize("name", ["l2", "l1", "charbonnier"])
def test_size_of_the_picture_does_not_matter(name: str) -> None:
    loss, x, y = RECONSTRUCTIONS[name], pictures(2, 3, 8, 8), pictures(2, 3, 8, 8, seed=1)
    close(loss(x.tile(1, 1, 2, 3), y.tile(1, 1, 2, 3)), loss(x, y))


@pytest.mark.parametrize("shape", [(40, 32), (11, 11), (12, 30)])
@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_that_of_scikit_image(shape: tuple[int, int], channels: int) -> None:
    x = pictures(2, channels, *shape)
    y = (x + 0.5 * pictures(2, channels, *shape, seed=1)).clamp(-1, 1)
    close(ssim_loss(x, y), [1 - _scikit(a, b, sigma=1.5) for a, b in zip(x, y, strict=True)], rtol=1e-9)


@pytest.mark.parametrize(("side", "window"), [(10, 9), (9, 9), (8, 7), (5, 5), (4, 3)])
def test_small_pictures_get_a_window_that_fits(side: int, window: int) -> None:
    x = pictures(2, 1, side, 14)
    y = 0.7 * x + 0.2 * pictures(2, 1, side, 14, seed=1)
    expected = [1 - _scikit(a, b, sigma=1.5 * window / 11) for a, b in zip(x, y, strict=True)]
    close(ssim_loss(x, y), expected, rtol=1e-9)


def _scikit(a: torch.Tensor, b: torch.Tensor, sigma: float) -> float:
    """SSIM of levels from 0 to 255, which is what a file holds."""
    options = {"gaussian_weights": True, "use_sample_covariance": False, "data_range": 255, "sigma": sigma}
    a, b = (a + 1) * 127.5, (b + 1) * 127.5
    return float(np.mean(structural_similarity(a.numpy(), b.numpy(), channel_axis=0, **options)))


def test_ssim_of_constant_pictures_in_closed_form() -> None:
    """Luminance is a ratio of intensities, which are 0 at -1."""
    x, y = torch.full((1, 1, 16, 16), 0.5), torch.full((1, 1, 16, 16), -0.25)
    expected = 1 - (2 * 1.5 * 0.75 + 4e-4) / (1.5**2 + 0.75**2 + 4e-4)
    close(ssim_loss(x, y), [expected], rtol=1e-4)


def test_ssim_is_computed_in_full_precision_where_layers_are_not() -> None:
    x = pictures(2, 1, 16, 16).float()
    y = (0.9 * x).clamp(-1, 1)
    with torch.autocast("cpu", torch.bfloat16):
        low = ssim_loss(x, y)
    close(low, ssim_loss(x, y), rtol=1e-6)


def test_ssim_refuses_vectors_by_name() -> None:
    with pytest.raises(UsageError, match=r"shape \(13,\).*Use l2, l1 or charbonnier"):
        ssim_loss(torch.zeros(4, 13), torch.zeros(4, 13))


@pytest.mark.parametrize("shared", [True, False])
def test_gaussian_nll_is_that_of_torch(shared: bool) -> None:
    x, mean = pictures(3, 2, 4), pictures(3, 2, 4, seed=1)
    log_deviation = torch.tensor(-1.5, dtype=torch.float64) if shared else 3 * pictures(3, 2, 4, seed=2)
    close(gaussian_nll(x, mean, log_deviation), -Normal(mean, log_deviation.exp()).log_prob(x).sum((1, 2)))


def test_gaussian_nll_is_least_at_the_root_mean_square() -> None:
    x, mean = pictures(1, 100), pictures(1, 100, seed=1)
    best = l2(x, mean).sqrt().log().requires_grad_()
    (gradient,) = torch.autograd.grad(gaussian_nll(x, mean, best).sum(), best)
    close(gradient, [0.0], atol=1e-10)


@pytest.mark.parametrize("hard", [True, False])
def test_bernoulli_nll_is_that_of_torch(hard: bool) -> None:
    x, logits = (pictures(3, 7) + 1) / 2, 5 * pictures(3, 7, seed=1)
    x = x.round() if hard else x
    expected = -Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(1)
    close(bernoulli_nll(x, logits), expected)


def test_bernoulli_nll_is_the_entropy_at_its_optimum() -> None:
    x = (pictures(2, 5) + 1) / 2
    close(bernoulli_nll(x, torch.logit(x)), Bernoulli(probs=x).entropy().sum(1))


LEVELS = (2 * torch.arange(256, dtype=torch.float64) / 255 - 1)[:, None]


@pytest.mark.parametrize("mean", [-3.0, -1.0, 0.123, 0.999])
@pytest.mark.parametrize("log_scale", [-7.0, -3.0, 0.0, 4.0])
def test_masses_of_the_256_levels_sum_to_one(mean: float, log_scale: float) -> None:
    log_mass = -discretized_logistic_nll(
        LEVELS, torch.full_like(LEVELS, mean), torch.tensor(log_scale, dtype=torch.float64)
    )
    close(torch.logsumexp(log_mass, 0), torch.tensor(0.0), atol=1e-11)


def test_discretized_logistic_is_a_difference_of_distribution_functions() -> None:
    x, mean, log_scale = LEVELS[[0, 1, 100, 254, 255]], pictures(5, 1) / 4, pictures(5, 1, seed=1) - 1
    upper = torch.sigmoid((x + 1 / 255 - mean) / log_scale.exp())
    lower = torch.sigmoid((x - 1 / 255 - mean) / log_scale.exp())
    upper[-1], lower[0] = 1, 0
    close(discretized_logistic_nll(x, mean, log_scale), -(upper - lower).log().flatten(), rtol=1e-9)


def test_discretized_logistic_far_from_its_mean_is_finite_in_float32() -> None:
    x, mean = torch.tensor([[0.0]]), torch.tensor([[1.0]])
    log_scale = torch.tensor(-7.0, requires_grad=True)
    loss = discretized_logistic_nll(x, mean, log_scale)
    narrow = math.exp(7)
    close(loss, [(1 - 1 / 255) * narrow - math.log1p(-math.exp(-2 / 255 * narrow))], rtol=1e-5)
    (gradient,) = torch.autograd.grad(loss.sum(), log_scale)
    assert gradient.isfinite()


def test_gradients_of_likelihoods() -> None:
    x, mean, scale = (pictures(2, 3, seed=i).requires_grad_() for i in range(3))
    assert gradcheck(gaussian_nll, (x, mean, scale))
    assert gradcheck(bernoulli_nll, (((x + 1) / 2).detach(), mean))
    on_levels = LEVELS[[0, 5, 255]].T.expand(2, 3).clone()
    assert gradcheck(lambda m, s: discretized_logistic_nll(on_levels, m, s), (mean, scale))
