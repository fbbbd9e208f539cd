"""How far decodes are from their pictures.

    psnr          decibels: 10 log10(range^2 / mean squared error); infinite for equal pictures
    pooled_psnr   the same from the mean error of all pictures, which one perfect picture cannot make infinite
    ssim          Wang et al. 2004, IEEE TIP 13(4), eq. 13, with its window: 11 pixels, deviation 1.5
    ms_ssim       Wang et al. 2003, Asilomar, eq. 7, five scales

``data_range`` is the distance between black and white: 2 for pictures in [-1, 1], 255 for 8-bit ones. ``black`` is the
value of black in the same units: -1, or 0. The luminance term of SSIM is a ratio of intensities, which count from
black; a difference of two pictures, as in PSNR, is the same wherever one counts from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from amalgan.core.errors import UsageError

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of MS-SSIM, finest scale first."""
SMALLEST_SIDE = WINDOW * 2 ** (len(SCALE_WEIGHTS) - 1)
"""Least side, in pixels, for which every scale of MS-SSIM has room for the window."""
CHUNK = 2**22
"""Entries of pictures worked on at a time."""

Pictures = Float[Tensor, " B C H W"]
PerPicture = Float[Tensor, " B"]


def mean_squared_error(x: Float[Tensor, " B *shape"], y: Float[Tensor, " B *shape"]) -> PerPicture:
    """Mean over entries of the squared difference, per example, float64."""
    return (x.double() - y.double()).square().flatten(1).mean(1)


def psnr(x: Float[Tensor, " B *shape"], y: Float[Tensor, " B *shape"], data_range: float) -> PerPicture:
    """Peak signal-to-noise ratio per picture, decibels, float64; infinite where the two are equal."""
    return 10 * torch.log10(data_range**2 / mean_squared_error(x, y))


def pooled_psnr(x: Float[Tensor, " B *shape"], y: Float[Tensor, " B *shape"], data_range: float) -> float:
    """Peak signal-to-noise ratio of the mean squared error over all pictures, decibels."""
    return decibels(float(mean_squared_error(x, y).mean()), data_range)


def decibels(error: float, data_range: float) -> float:
    """The PSNR of a mean squared error; infinite at 0."""
    return 10 * math.log10(data_range**2 / error) if error else math.inf


def ssim(x: Pictures, y: Pictures, data_range: float, *, black: float) -> PerPicture:
    """Structural similarity per picture, in [-1, 1], float64; the mean over channels and positions.

    Positions are those where the window fits whole, as in scikit-image (torchmetrics also counts borders,
    which it fills by reflection). Where a side is shorter than 11, window and deviation shrink together
    to the largest odd window that fits; such numbers do not compare with those of larger pictures.
    """
    return torch.cat([_similarities(a, b, data_range)[0] for a, b in _chunks(x, y, black)])


def ms_ssim(x: Pictures, y: Pictures, data_range: float, *, black: float) -> PerPicture:
    """Multi-scale structural similarity per picture, in [0, 1], float64. Negative similarities count as 0.

    Raises:
        UsageError: a side is below 176 pixels.
    """
    if min(x.shape[2:]) < SMALLEST_SIDE:
        raise UsageError(
            f"MS-SSIM needs sides of at least {SMALLEST_SIDE} pixels; these pictures are "
            f"{x.shape[2]}x{x.shape[3]}. Use SSIM."
        )
    return torch.cat([_over_scales(a, b, data_range) for a, b in _chunks(x, y, black)])


def _over_scales(x: Tensor, y: Tensor, data_range: float) -> Tensor:
    product = torch.ones(len(x), dtype=x.dtype, device=x.device)
    for weight in SCALE_WEIGHTS[:-1]:
        product = product * _similarities(x, y, data_range)[1].clamp_min(0) ** weight
        x, y = avg_pool2d(x, 2), avg_pool2d(y, 2)
    return product * _similarities(x, y, data_range)[0].clamp_min(0) ** SCALE_WEIGHTS[-1]


def _chunks(x: Tensor, y: Tensor, black: float) -> Iterator[tuple[Tensor, Tensor]]:
    """Intensities, which are 0 where a picture is black, some pictures at a time."""
    pictures = max(1, CHUNK // x[0].numel())
    for at in range(0, len(x), pictures):
        rows = slice(at, at + pictures)
        yield x[rows].double() - black, y[rows].double() - black


def _similarities(x: Tensor, y: Tensor, data_range: float) -> tuple[Tensor, Tensor]:
    """Per picture of intensities, the means of luminance * structure and of structure alone."""
    line = _window(min(x.shape[2:])).to(x.device)

    def blur(image: Tensor) -> Tensor:
        rows = conv2d(image.flatten(0, 1).unsqueeze(1), line[None, None, :, None])
        return conv2d(rows, line[None, None, None]).reshape(len(image), -1)

    mean_x, mean_y = blur(x), blur(y)
    variances = blur(x * x) - mean_x**2 + blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return (luminance * structure).mean(1), structure.mean(1)


def _window(side: int) -> Tensor:
    size = min(WINDOW, side - 1 + side % 2)
    at = torch.arange(size, dtype=torch.float64) - size // 2
    weights = torch.exp(-(at**2) / (2 * (SIGMA * size / WINDOW) ** 2))
    return weights / weights.sum()
