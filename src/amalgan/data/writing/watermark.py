"""An invisible mark in pictures: which model made them can be told from the pixels alone, whatever their file says.

    model's secret ─► a sign for each of 570 low frequencies
                            │
    picture ─► luminance ─► cosine transform ─► seven of ten signs made to agree, the cheapest first ─► picture
    picture ─► luminance ─► cosine transform ─► how many agree? ─► p-value

A coin tossed for each frequency would agree with half of them, so the number that agree has a binomial law, and the
p-value is exact: of keys drawn at random, a share p or less agree as often with a picture that has no mark. The
transform is that of the whole picture, so that a scaled copy still has the same signs at the same frequencies (as in
Cox et al. 1997, IEEE Trans. Image Processing 6; there additive, here the host's own coefficients are moved, which
costs the least where they are small). The key follows from every weight of the model, and no picture says it: whoever
has the model's file can find the mark, set it or remove it; whoever has pictures alone cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import shake_256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn
from scipy.stats import binom

from amalgan.data.writing.picture_arrays import are_gray

FREQUENCIES, LOWEST = 24, 3
"""Those below 24 along each side; the sum of both is 3 at least: lower ones are the picture's shape and shading."""
PSNR = 38.0
"""The mark is never louder, in dB, before pixels are rounded."""
AGREE = 0.7
"""Of the signs: with 570 of them p is about 1e-21."""
MARGIN = 5.0
"""How far from zero a coefficient is moved, in gray levels: more than rounding and JPEG do to most of them."""
CLIPPED = 3
"""Times that the mark is set anew into what clipping to 0..255 left of it."""
LUMA = np.array([0.299, 0.587, 0.114])


def marked(pixels: NDArray[np.uint8], key: str) -> NDArray[np.uint8]:
    """Pictures (N, H, W) or (N, H, W, 3) that carry the mark of ``key``; each channel is changed alike."""
    if not len(pixels):
        return pixels
    luma, sign = luminance(pixels), signs(key, pixels.shape[1:3])
    added = np.stack([set_signs(one, sign) - one for one in luma])
    added = added if are_gray(pixels) else added[..., None]
    return (pixels + added).round().clip(0, 255).astype(np.uint8)


def set_signs(luma: NDArray[np.float64], sign: NDArray[np.float64]) -> NDArray[np.float64]:
    """A luminance (H, W) in [0, 255], changed so that coefficients agree with ``sign`` (h, w)."""
    height, width = sign.shape
    agreeing = dctn(luma, norm="ortho")[:height, :width] * sign
    budget = 255**2 * 10 ** (-PSNR / 10) * luma.size
    goal, reached = goals(agreeing, budget, asked=sign != 0), luma
    for _ in range(CLIPPED):
        coefficients = dctn(reached, norm="ortho")
        low = coefficients[:height, :width]
        short = sign * low < goal
        low[short] = sign[short] * goal[short]
        added = idctn(coefficients, norm="ortho").clip(0, 255) - luma
        reached = luma + added * np.sqrt(budget / max(np.square(added).sum(), budget))
    return np.asarray(reached, np.float64)


def goals(agreeing: NDArray[np.float64], budget: float, asked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The least that each coefficient (h, w) times its sign is to become; -inf where it is left as it is.

    As many as AGREE are moved beyond the margin, the cheapest first, and no more than the budget pays for.
    """
    cost = np.where(asked, (MARGIN - agreeing).clip(0) ** 2, np.inf)
    order = np.argsort(cost, axis=None)[: round(AGREE * asked.sum())]
    affordable = order[np.cumsum(cost.flat[order]) <= budget]
    found = np.full(agreeing.shape, -np.inf)
    found.flat[affordable] = MARGIN
    return found


def p_values(pixels: NDArray[np.uint8], key: str) -> NDArray[np.float64]:
    """For each picture (N,), how likely it is that as many signs agree with a key that has nothing to do with it."""
    return tails(own_signs(pixels) * signs(key, pixels.shape[1:3]))


def tails(agreeing: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each picture, the chance of so many signs (N, h, w) that are 1, where half are expected; 0 counts nothing."""
    found, tossed = (agreeing > 0).sum((1, 2)), (agreeing != 0).sum((1, 2))
    return np.asarray(binom.sf(found - 1, tossed, 0.5))


def p_value_together(chunks: Iterable[NDArray[np.uint8]], key: str) -> float:
    """The same of all pictures of one size as one, however alike they are: small sets tell where single ones do not.

    Each frequency tosses one coin for all of them, so the sum over pictures counts; its tail is bounded by Hoeffding's
    inequality (1963, JASA 58): P(sum >= t |weights|) <= exp(-t^2 / 2). 1 for no pictures.
    """
    total, size = np.zeros((1, 1)), (1, 1)
    for pixels in chunks:
        total, size = total + own_signs(pixels).sum(0), pixels.shape[1:3]
    length = float(np.sqrt(np.square(total).sum()))
    reach = max(0.0, float((total * signs(key, size)).sum())) / length if length else 0.0
    return float(np.exp(-(reach**2) / 2))


def own_signs(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """1 or -1 for each low frequency (N, h, w) of pictures; 0 where they have none, and for the lowest."""
    low = dctn(luminance(pixels), axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES]
    return np.where(np.abs(low) < 1e-6, 0, np.sign(low)) * np.abs(signs("", pixels.shape[1:3]))


def signs(key: str, size: tuple[int, ...]) -> NDArray[np.float64]:
    """1 or -1 for each frequency (h, w) of a picture of that ``size``; 0 for the lowest, which bear no mark."""
    bits = np.frombuffer(
        shake_256(f"amalgan watermark 1 {key}".encode()).digest(FREQUENCIES**2 // 8), np.uint8
    )
    sign = np.unpackbits(bits).reshape(FREQUENCIES, FREQUENCIES).astype(np.float64) * 2 - 1
    rows, columns = np.indices(sign.shape)
    sign[rows + columns < LOWEST] = 0
    return sign[: size[0], : size[1]]


def luminance(pixels: NDArray[np.uint8]) -> NDArray[Any]:
    """(N, H, W) in [0, 255], as JPEG has it."""
    return np.asarray(pixels if are_gray(pixels) else pixels @ LUMA, np.float64)
