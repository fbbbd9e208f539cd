"""What pictures take at one and the same PSNR, so that models which trade bits for decibels otherwise can be compared.

principal components, twice as many as a natural code has entries ─► the PSNR to meet, a matter of the data alone
qualities of the model ─► (PSNR, bits a pixel) of each ─► bits a pixel where the line between two meets it
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor

from amalgan.config.code import natural_code_size
from amalgan.core.errors import DataError
from amalgan.core.limits import CHUNK
from amalgan.data import Records
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.score import Score, Trial, compute_score
from amalgan.kinds import kind_of
from amalgan.metrics.distortion import pooled_psnr
from amalgan.systems.model_file import Model
from amalgan.tasks.compress import compress
from amalgan.tasks.compress.bound import Numbers

WEIGHED = 256
"""Examples that are compressed."""
FITTED = 4096
"""Examples that principal components are fitted to."""


def size_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Bits a pixel, without headers; nothing where there are no pictures or no tables."""
    if model.coder is None or trial.kind.refuses("bits_per_pixel"):
        return
    records = picked(trial.held_out, WEIGHED, trial.seed)
    psnr = psnr_of_components(trial, records)
    name = f"bits a pixel at {psnr:.2f} dB, pictures of {len(records)} of the {trial.split}, without headers"
    yield compute_score("bits_per_pixel", lambda: bits_at(model, records, psnr), name)


def psnr_of_components(trial: Trial, records: Records) -> float:
    """What the PSNR is to be."""
    from sklearn.decomposition import PCA  # scikit-learn takes a second to import

    entries = picked(trial.data.whole, FITTED, trial.seed).take(slice(None)).flatten(1).numpy()
    most = 2 * natural_code_size(trial.data.spec)
    net = PCA(min(most, *entries.shape), svd_solver="randomized", random_state=trial.seed).fit(entries)
    x = records.take(slice(None))
    again = net.inverse_transform(net.transform(x.flatten(1).numpy())).astype(np.float32)
    return pooled_psnr(trial.delivered(torch.from_numpy(again).reshape(x.shape)), x, 2.0)


def bits_at(model: Model, records: Records, psnr: float) -> float:
    """Bits a pixel at that PSNR, on the line between the two qualities next to it.

    Raises:
        DataError: no two qualities enclose it.
    """
    x = records.take(slice(None))

    @cache
    def at(level: int) -> tuple[float, float]:
        return reached(model, x, level)

    low, high = 0, compress.coder_of(model).qualities - 1
    if not at(low)[0] <= psnr <= at(high)[0]:
        raise DataError(f"its qualities decode at {at(low)[0]:.2f} to {at(high)[0]:.2f} dB")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle)[0] <= psnr else (low, middle)
    (worse, fewer), (better, more) = at(low), at(high)
    return fewer + (more - fewer) * (psnr - worse) / max(better - worse, 1e-9)


def reached(model: Model, x: Tensor, level: int) -> tuple[float, float]:
    """PSNR, and bits a pixel, at one quality."""
    parts, size = [], 0
    for chunk in x.split(CHUNK):
        codes = compress.pack_chunk(model, chunk, level)
        size += sum(map(len, codes))
        rows = [Numbers(level, compress.coder_of(model).unpack(code, level)) for code in codes]
        parts.append(kind_of(model.spec).delivered(compress.decode_chunk(model, rows)))
    return pooled_psnr(torch.cat(parts), x, 2.0), 8 * size / (len(x) * x.shape[2] * x.shape[3])
