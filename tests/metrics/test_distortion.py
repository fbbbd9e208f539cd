"""PSNR and SSIM against closed forms, scikit-image and torchmetrics."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch.nn.functional import avg_pool2d
from torchmetrics.functional.image import structural_similarity_index_measure
from torchmetrics.functional.image.ssim import _ssim_update

from amalgan.core.errors import UsageError
from amalgan.metrics import distortion
from amalgan.metrics.distortion import decibels, ms_ssim, pooled_psnr, psnr, ssim


def pair(*shape: int, noise: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    return x, (x + noise * torch.randn(shape, generator=generator, dtype=torch.float64)).clamp(-1, 1)


def close(a: torch.Tensor, b: torch.Tensor | list[float], tolerance: float = 1e-10) -> None:
    torch.testing.assert_close(a, torch.as_tensor(b, dtype=a.dtype), rtol=tolerance, atol=tolerance)


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


UNITS = ((2.0, -1.0), (1.0, 0.0), (255.0, 0.0))
"""Distance from black to white, and the value of black."""


def in_units(levels: torch.Tensor, reach: float, black: float) -> torch.Tensor:
    """8-bit levels in other units."""
    return levels.double() / 255 * reach + black


def levels(*shape: int, noise: float = 20) -> tuple[torch.Tensor, torch.Tensor]:
    """Two pictures as files hold them: whole levels from 0 to 255."""
    x, y = (((one + 1) * 127.5).round() for one in pair(*shape, noise=noise / 127.5))
    return x, y


def scikit(x: torch.Tensor, y: torch.Tensor, **options: float) -> list[float]:
    """What scikit-image makes of levels as bytes."""
    fixed = {"channel_axis": 0, "gaussian_weights": True, "use_sample_covariance": False, "data_range": 255}
    pairs = zip(x.numpy().astype("u1"), y.numpy().astype("u1"), strict=True)
    return [float(np.mean(structural_similarity(a, b, **(fixed | options)))) for a, b in pairs]


@pytest.mark.parametrize(("reach", "black"), UNITS)
def test_picture_metrics_are_those_of_the_files_pixels(reach: float, black: float) -> None:
    """In every unit that we keep pictures in, every metric is what scikit-image makes of the file's own bytes."""
    x, y = levels(3, 3, 40, 33)
    ours = in_units(x, reach, black), in_units(y, reach, black)
    close(ssim(*ours, reach, black=black), scikit(x, y, sigma=1.5), 1e-9)
    pairs = list(zip(x.numpy().astype("u1"), y.numpy().astype("u1"), strict=True))
    close(psnr(*ours, reach), [peak_signal_noise_ratio(a, b, data_range=255) for a, b in pairs], 1e-9)


@pytest.mark.parametrize(("reach", "black"), UNITS)
@pytest.mark.parametrize(("dark", "light"), [(120, 135), (0, 15), (240, 255), (0, 255)])
def test_ssim_of_flat_pictures_in_closed_form(reach: float, black: float, dark: int, light: int) -> None:
    """Nothing but luminance differs: 2ab + C1 over a² + b² + C1, of levels from 0."""
    x, y = (torch.full((1, 1, 16, 16), float(level)) for level in (dark, light))
    c1 = (0.01 * 255) ** 2
    expected = (2 * dark * light + c1) / (dark**2 + light**2 + c1)
    close(ssim(in_units(x, reach, black), in_units(y, reach, black), reach, black=black), [expected], 1e-9)


@pytest.mark.parametrize("shape", [(1, 11, 11), (3, 40, 33), (1, 12, 64)])
def test_ssim_is_that_of_torchmetrics(shape: tuple[int, int, int]) -> None:
    x, y = levels(3, *shape)
    _, local = structural_similarity_index_measure(
        x, y, data_range=255.0, reduction="none", return_full_image=True
    )
    close(ssim(x, y, 255.0, black=0.0), local[..., 5:-5, 5:-5].mean((1, 2, 3)))


@pytest.mark.parametrize(("side", "window"), [(10, 9), (9, 9), (8, 7), (6, 5), (3, 3)])
def test_small_pictures_get_a_window_that_fits(side: int, window: int) -> None:
    x, y = levels(2, 1, 12, side)
    close(ssim(x, y, 255.0, black=0.0), scikit(x, y, sigma=1.5 * window / 11))


def test_ssim_of_equal_and_of_opposite_pictures() -> None:
    """A checkerboard and its negative have one mean and one variance, and the covariance of opposite sign."""
    x = (torch.arange(16)[:, None] + torch.arange(16)).remainder(2)[None, None] * 2.0 - 1
    close(ssim(x, x, 2.0, black=-1.0), [1.0])
    close(ssim(x, -x, 2.0, black=-1.0), [(-2 + 0.06**2) / (2 + 0.06**2)], 1e-3)


@pytest.mark.parametrize(("reach", "black"), UNITS)
def test_ms_ssim_is_the_product_over_scales(reach: float, black: float) -> None:
    """Structure alone at four scales, all of SSIM at the coarsest (torchmetrics, on 8-bit levels)."""
    x, y = levels(2, 3, 180, 176)
    ours = in_units(x, reach, black), in_units(y, reach, black)
    expected, a, b = torch.ones(2).double(), x.double(), y.double()
    for weight in (0.0448, 0.2856, 0.3001, 0.2363):
        expected = (
            expected * _ssim_update(a, b, data_range=255.0, return_contrast_sensitivity=True)[1] ** weight
        )
        a, b = avg_pool2d(a, 2), avg_pool2d(b, 2)
    expected = expected * ssim(a, b, 255.0, black=0.0) ** 0.1333
    close(ms_ssim(*ours, reach, black=black), expected, 1e-8)
    close(ms_ssim(ours[0], ours[0], reach, black=black), [1.0, 1.0])


def test_ms_ssim_refuses_what_is_too_small() -> None:
    with pytest.raises(UsageError, match="at least 176 pixels; these pictures are 175x300"):
        ms_ssim(torch.zeros(1, 1, 175, 300), torch.zeros(1, 1, 175, 300), 2.0, black=-1.0)


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = pair(5, 1, 16, 16)
    whole = ssim(x, y, 2.0, black=-1.0)
    monkeypatch.setattr(distortion, "CHUNK", 600)
    close(ssim(x, y, 2.0, black=-1.0), whole, 1e-14)
