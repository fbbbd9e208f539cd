"""PSNR and SSIM against closed forms, scikit-image and torchmetrics."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch.nn.functional import avg_pool2d
from torchmetrics.functional.image import structural_similarity_index_measure
from torchmetrics.functional.image.ssim import _ssim_update

from amalgan.errors import UsageError
from amalgan.metrics import distortion
from amalgan.metrics.distortion import decibels, ms_ssim, pooled_psnr, psnr, ssim


def pair(*shape: int, noise: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    return x, (x + noise * torch.randn(shape, generator=generator, dtype=torch.float64)).clamp(-1, 1)


def close(a: torch.Tensor, b: torch.Tensor | list[float], tolerance: float = 1e-10) -> None:
    torch.testing.assert_close(a, torch.as_tensor(b, dtype=a.dtype), rtol=tolerance, atol=tolerance)


def scikit(x: torch.Tensor, y: torch.Tensor, **options: float) -> list[float]:
    fixed = {"channel_axis": 0, "gaussian_weights": True, "use_sample_covariance": False}
    pairs = zip(x.numpy(), y.numpy(), strict=True)
    return [float(np.mean(structural_similarity(a, b, **(fixed | options)))) for a, b in pairs]


def test_psnr_of_a_known_difference() -> None:
    x = torch.zeros(3, 1, 4, 4)
    y = torch.stack([torch.full((1, 4, 4), value) for value in (0.2, 2.0, 0.0)])
    close(psnr(x, y, data_range=2.0), [20.0, 0.0, math.inf], 1e-6)
    assert pooled_psnr(x, y, data_range=2.0) == pytest.approx(10 * math.log10(4 / ((0.04 + 4) / 3)), abs=1e-6)
    assert pooled_psnr(x, x, data_range=2.0) == math.inf
    assert decibels(0.01, 1.0) == pytest.approx(20)


def test_psnr_of_noise_is_that_of_its_deviation() -> None:
    x = torch.zeros(1, 1, 1000, 1000)
    y = 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    assert pooled_psnr(x, y, data_range=2.0) == pytest.approx(20 * math.log10(20), abs=0.02)


def test_psnr_is_that_of_scikit_image() -> None:
    x, y = pair(3, 3, 9, 7)
    expected = [
        peak_signal_noise_ratio(a, b, data_range=2.0) for a, b in zip(x.numpy(), y.numpy(), strict=True)
    ]
    close(psnr(x, y, data_range=2.0), expected)


def test_distortion_does_not_depend_on_units() -> None:
    x, y = pair(2, 3, 20, 20)
    for measure in (psnr, ssim):
        close(measure((x + 1) * 127.5, (y + 1) * 127.5, 255.0), measure((x + 1) / 2, (y + 1) / 2, 1.0))


@pytest.mark.parametrize("shape", [(1, 11, 11), (3, 40, 33), (1, 12, 64)])
def test_ssim_is_that_of_scikit_image_and_torchmetrics(shape: tuple[int, int, int]) -> None:
    x, y = pair(3, *shape)
    close(ssim(x, y, data_range=2.0), scikit(x, y, sigma=1.5, data_range=2.0))
    _, local = structural_similarity_index_measure(
        x, y, data_range=2.0, reduction="none", return_full_image=True
    )
    close(ssim(x, y, 2.0), local[..., 5:-5, 5:-5].mean((1, 2, 3)))


@pytest.mark.parametrize(("side", "window"), [(10, 9), (9, 9), (8, 7), (6, 5), (3, 3)])
def test_small_pictures_get_a_window_that_fits(side: int, window: int) -> None:
    x, y = pair(2, 1, 12, side)
    close(ssim(x, y, data_range=2.0), scikit(x, y, sigma=1.5 * window / 11, data_range=2.0))


def test_ssim_of_equal_and_of_opposite_pictures() -> None:
    """A checkerboard has local mean 0: against its negative only the structure differs, by its sign."""
    x = (torch.arange(16)[:, None] + torch.arange(16)).remainder(2)[None, None] * 2.0 - 1
    close(ssim(x, x, data_range=2.0), [1.0])
    close(ssim(x, -x, data_range=2.0), [(-2 + 0.06**2) / (2 + 0.06**2)], 1e-3)


def test_ms_ssim_is_the_product_over_scales() -> None:
    """Structure alone at four scales (torchmetrics), all of SSIM at the coarsest (scikit-image)."""
    x, y = pair(2, 3, 180, 176)
    expected, a, b = torch.ones(2).double(), x, y
    for weight in (0.0448, 0.2856, 0.3001, 0.2363):
        expected = (
            expected * _ssim_update(a, b, data_range=2.0, return_contrast_sensitivity=True)[1] ** weight
        )
        a, b = avg_pool2d(a, 2), avg_pool2d(b, 2)
    expected = expected * torch.tensor(scikit(a, b, sigma=1.5, data_range=2.0)).double() ** 0.1333
    close(ms_ssim(x, y, data_range=2.0), expected, 1e-8)
    close(ms_ssim(x, x, data_range=2.0), [1.0, 1.0])


def test_ms_ssim_refuses_what_is_too_small() -> None:
    with pytest.raises(UsageError, match="at least 176 pixels; these pictures are 175x300"):
        ms_ssim(torch.zeros(1, 1, 175, 300), torch.zeros(1, 1, 175, 300), 2.0)


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = pair(5, 1, 16, 16)
    whole = ssim(x, y, 2.0)
    monkeypatch.setattr(distortion, "CHUNK", 600)
    close(ssim(x, y, 2.0), whole, 1e-14)
