"""How far a decode is from the example it stands for, one number per sample.

    l2, l1, charbonnier   mean over entries, so that weights do not depend on the picture's size
    ssim_loss             1 - structural similarity: Wang et al. 2004, IEEE TIP 13(4), eq. 13
    *_nll                 nats, summed over entries: a likelihood, to be added to other nats

Charbonnier: Charbonnier et al. 1994, in the form of Lai et al. 2017, arXiv:1704.03915, section 3.3.
Discretized logistic: Salimans et al. 2017, arXiv:1701.05517, eq. 2. Pictures are in [-1, 1].
Symbols: mu, sigma, C1, C2 of SSIM are ``mean``, ``variance`` and ``STABILIZERS``; s of the logistic is the
exponential of ``log_scale``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, conv2d, logsigmoid

from amalgan.core.errors import UsageError

WINDOW, SIGMA = 11, 1.5
"""Side and deviation, in pixels, of the Gaussian window of SSIM."""
STABILIZERS = ((0.01 * 2) ** 2, (0.03 * 2) ** 2)
"""C1 and C2 of SSIM for a data range of 2."""
HALF_LEVEL = 1 / 255
"""Half the distance between two of the 256 levels of an 8-bit picture in [-1, 1]."""


def l2(x: Float[Tensor, " B *shape"], y: Float[Tensor, " B *shape"]) -> Float[Tensor, " B"]:
    """Mean squared difference, per sample; >= 0."""
    return (x - y).square().flatten(1).mean(1)


def l1(x: Float[Tensor, " B *shape"], y: Float[Tensor, " B *shape"]) -> Float[Tensor, " B"]:
    """Mean absolute difference, per sample; >= 0."""
    return (x - y).abs().flatten(1).mean(1)


def charbonnier(
    x: Float[Tensor, " B *shape"], y: Float[Tensor, " B *shape"], *, epsilon: float = 1e-3
) -> Float[Tensor, " B"]:
    """Mean of sqrt(d^2 + epsilon^2) - epsilon over the differences d, per sample: a smooth ``l1``; >= 0.

    The paper's form does not subtract epsilon; here equal examples are at 0.
    """
    return (((x - y).square() + epsilon**2).sqrt() - epsilon).flatten(1).mean(1)


def ssim_loss(x: Float[Tensor, " B *shape"], y: Float[Tensor, " B *shape"]) -> Float[Tensor, " B"]:
    """1 - SSIM of pictures (B, C, H, W) in [-1, 1], per sample, in [0, 2]; 0 for equal pictures.

    The luminance term compares intensities, which are 0 where a picture is black.
    The window is 11 pixels with deviation 1.5; where a side is shorter, window and deviation shrink together
    to the largest odd window that fits. Mean over channels and the positions where the window fits whole.

    Raises:
        UsageError: the examples are not pictures.
    """
    if x.ndim != 4:
        raise UsageError(
            f"ssim compares pictures (B, C, H, W); these examples have shape {tuple(x.shape[1:])}. "
            "Use l2, l1 or charbonnier."
        )
    with torch.autocast(x.device.type, enabled=False):  # a variance is a small difference of large numbers
        return 1 - _similarity(x, y.to(x.dtype))


def _similarity(x: Tensor, y: Tensor) -> Tensor:
    """SSIM of pictures in [-1, 1], per sample; variances are taken about mid-gray, where they lose least."""
    stack = torch.stack([x, y, x * x, y * y, x * y]).flatten(0, 2).unsqueeze(1)
    local = conv2d(stack, window(min(x.shape[2:])).to(x)).reshape(5, len(x), -1)
    mean_x, mean_y, square_x, square_y, product = local
    variance_x, variance_y = square_x - mean_x**2, square_y - mean_y**2
    covariance = product - mean_x * mean_y
    c1, c2 = STABILIZERS
    light_x, light_y = mean_x + 1, mean_y + 1
    luminance = (2 * light_x * light_y + c1) / (light_x**2 + light_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    similarity: Tensor = luminance * structure
    return similarity.mean(1)


def window(side: int) -> Float[Tensor, "1 1 W W"]:
    """The Gaussian window for pictures whose shorter side is ``side`` pixels, float64; sums to 1."""
    size = min(WINDOW, side - 1 + side % 2)
    at = torch.arange(size, dtype=torch.float64) - size // 2
    line = torch.softmax(-(at**2) / (2 * (SIGMA * size / WINDOW) ** 2), 0)
    return torch.outer(line, line)[None, None]


def gaussian_nll(
    x: Float[Tensor, " B *shape"], mean: Float[Tensor, " B *shape"], log_deviation: Float[Tensor, " ..."]
) -> Float[Tensor, " B"]:
    """-log N(x; mean, exp(log_deviation)^2), nats per sample, summed over entries; any sign.

    Args:
        log_deviation: natural logarithm of the deviation; broadcasts against ``x``.
    """
    distance = ((x - mean) * torch.exp(-log_deviation)).square()
    return (distance / 2 + log_deviation + math.log(2 * math.pi) / 2).flatten(1).sum(1)


def bernoulli_nll(x: Float[Tensor, " B *shape"], logits: Float[Tensor, " B *shape"]) -> Float[Tensor, " B"]:
    """-x log p - (1 - x) log(1 - p) with p = sigmoid(logits), nats per sample, summed over entries; >= 0.

    Args:
        x: probabilities in [0, 1]: not a picture in [-1, 1].
    """
    return binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def discretized_logistic_nll(
    x: Float[Tensor, " B *shape"], mean: Float[Tensor, " B *shape"], log_scale: Float[Tensor, " ..."]
) -> Float[Tensor, " B"]:
    """-log of the logistic's mass on each entry's 8-bit level, nats per sample, summed over entries; >= 0.

    The lowest level takes the whole lower tail and the highest the upper, so the 256 masses sum to 1.

    Args:
        x: pictures in [-1, 1] on the levels 2k/255 - 1.
        mean: center of the logistic, in the units of ``x``.
        log_scale: natural logarithm of its scale; broadcasts against ``x``.
    """
    narrow = torch.exp(-log_scale)
    above = (x - mean + HALF_LEVEL) * narrow
    below = (x - mean - HALF_LEVEL) * narrow
    # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)): nothing cancels, nothing is clamped.
    up_to, beyond = logsigmoid(above), logsigmoid(-below)
    between = torch.log(-torch.expm1(-2 * HALF_LEVEL * narrow))
    log_mass = torch.where(
        x < HALF_LEVEL - 1, up_to, torch.where(x > 1 - HALF_LEVEL, beyond, up_to + beyond + between)
    )
    return -log_mass.flatten(1).sum(1)


RECONSTRUCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l2": l2,
    "l1": l1,
    "charbonnier": charbonnier,
    "ssim": ssim_loss,
}
"""The reconstruction losses that a configuration can name."""
