"""The coder that a model is published with, fitted to the codes of training examples.

    examples ─► codes ─► how much each direction moves the decode: warp ─► parts and their axes (clusters)
                     └─► the largest step at which decodes lose no more than 0.1 dB ─► integer tables

Near a code z a change e moves the decode by |J e|, J the decoder's derivative; with G = mean of J'J over codes and
G = warp warp', the squared error of a decode is that of (z warp) on average, and one step for all of its directions is
right (Gersho 1979; Linder, Zamir & Zeger 1999 for such a metric).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor

from amalgan.codec.base import Coder
from amalgan.codec.frequency_tables import frequencies
from amalgan.codec.transform_coder import TransformCoder
from amalgan.config.run import RunConfig
from amalgan.core.randomness import key
from amalgan.core.types import Batch
from amalgan.data import Dataset
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Quantizes, Rates
from amalgan.systems.base import System
from amalgan.training import clusters, context_coders, loop

MOST_CODES = 10_000
PARTS = 16
CODES_PER_PART = 8
"""Times K codes that a part needs."""
MOST_AXES = 2**18
"""Numbers in the axes of all parts: a megabyte."""
LARGEST_CODE = 1024
PROBES = 2048
"""Decodes that tell how much each direction moves the decode."""
JUDGED = 256
"""Examples on which a step is judged."""
LOSS = 10**0.01
"""0.1 dB."""
FINEST_ERROR = (2 / 255) ** 2 / 12
"""Squared error of rounding to eight bits: nothing needs to be nearer than that."""
QUALITIES, USUAL = 8, 5
WIDTHS = 2.0 ** (np.arange(-16, 28) / 4)
"""Deviations, in steps, for which there are tables."""
PER_QUALITY = 2
"""Tables from one quality to the next: sqrt(2)."""
REACH = 6.0
"""Deviations up to which a table has symbols."""


def codes_of(system: Encodes, batches: Iterable[Batch]) -> tuple[Tensor, Tensor]:
    """Codes (N, K) of all examples, and the first few examples themselves."""
    codes: list[Tensor] = []
    kept: list[Tensor] = []
    for batch in batches:
        codes.append(system.encode(batch.x).cpu())
        if sum(map(len, kept)) < JUDGED:
            kept.append(batch.x)
    return torch.cat(codes), torch.cat(kept)[:JUDGED]


def examples(system: System, run: RunConfig, data: Dataset) -> int:
    """How many of the examples that ``system`` settles on its coder is fitted to; none where it has no coder."""
    able = isinstance(system, Encodes) and isinstance(system, Decodes)
    return min(MOST_CODES, loop.settling_examples(run, data)) if able else 0


@torch.no_grad()
def fit(system: System, batches: Iterable[Batch], *, seed: int = 0) -> Coder | None:
    """The coder of ``system``; None where it has no code or no decoder, or its codes are too large for it."""
    if not isinstance(system, Encodes) or not isinstance(system, Decodes):
        return None
    if (own := kind_of(system.spec).coder(system, batches, seed)) is not None:
        return own
    if isinstance(system, Quantizes):
        parts = [batch.x for batch in batches]
        x = torch.cat(parts) if parts else torch.empty(0, *system.spec.shape)
        return context_coders.of_context(system, x, torch.Generator().manual_seed(key(seed, "coder")))
    code, x = codes_of(system, batches)
    if not len(code) or code.shape[1] > LARGEST_CODE or not bool(code.isfinite().all()):
        return None
    generator = torch.Generator().manual_seed(key(seed, "coder"))
    if isinstance(system, Rates):
        return of_levels(code, system.levels, generator)
    return of_axes(system, code, x, generator)


def of_axes(
    system: Decodes, code: Float[Tensor, "N K"], x: Tensor, generator: torch.Generator
) -> TransformCoder:
    """Codes of any numbers: parts with axes of their own."""
    size = code.shape[1]
    warp = warped(system, code, x.device)
    unwarp = torch.linalg.inv(warp)
    count = max(1, min(PARTS, len(code) // (CODES_PER_PART * size), MOST_AXES // size**2))
    found = clusters.gaussians(code.double() @ warp, count, generator)
    spread = found.variance.sqrt()
    shared = torch.bincount(found.part, minlength=len(spread)).numpy()

    def coder(step: float) -> TransformCoder:
        steps = step * 2.0 ** ((USUAL - torch.arange(QUALITIES).double()) / 2)
        return assembled(
            warp=warp,
            unwarp=unwarp,
            center=found.center @ unwarp,
            axes=found.axes,
            step=steps,
            table=1 + nearest_width(spread / step),
            tables=[shared, *map(bell, WIDTHS)],
            lowest=[0, *(-reach(width) for width in WIDTHS)],
        )

    return coder(usual_step(system, code[: len(x)], x, coder, float(spread.max())))


def warped(system: Decodes, code: Float[Tensor, "N K"], device: torch.device) -> Float[Tensor, "K K"]:
    """The lower triangle L, G = L L', with G estimated by small changes of single entries."""
    size = code.shape[1]
    deviation = code.std(0, correction=0).clamp(min=1e-6)
    some = code[: max(4, PROBES // size)].to(device)
    before = system.decode(some).flatten(1)
    moved = []
    for entry in range(size):
        apart = torch.zeros(size, device=device)
        apart[entry] = deviation[entry] / 4
        moved.append((system.decode(some + apart).flatten(1) - before) / apart[entry])
    slope = torch.stack(moved, 2).double().cpu().flatten(0, 1)
    metric = slope.T @ slope / len(slope)
    scale = deviation.double()
    felt = metric * scale[:, None] * scale
    felt += torch.eye(size) * (1e-4 * felt.diagonal().mean() + 1e-12)
    return torch.linalg.cholesky(felt) / scale[:, None]


def usual_step(
    system: Decodes, code: Tensor, x: Tensor, make: Callable[[float], TransformCoder], widest: float
) -> float:
    """The largest step, of eight an octave, at which decodes lose at most 0.1 dB."""
    error = float((system.decode(code.to(x.device)) - x).double().square().mean())
    allowed = LOSS * max(error, FINEST_ERROR)
    low, high = 0, 8 * 16  # octaves below four deviations of the widest axis
    while low < high:
        middle = (low + high) // 2
        step = 4 * widest * 2.0 ** (-middle / 8)
        made = make(step)
        again = made.values(made.numbers(code, USUAL), USUAL)
        lost = float((system.decode(again.to(x.device)) - x).double().square().mean())
        low, high = (low, middle) if lost <= allowed else (middle + 1, high)
    return 4 * widest * 2.0 ** (-low / 8)


def nearest_width(deviation: Float[Tensor, "M K"]) -> Int[Tensor, "Q M K"]:
    """The table, from 0, of each axis at each quality; ``deviation`` is in steps of the usual one."""
    usual = (deviation / WIDTHS[0]).log2().mul(4).round().long()
    apart = (torch.arange(QUALITIES) - USUAL) * PER_QUALITY
    return (usual + apart[:, None, None]).clamp(0, len(WIDTHS) - 1)


def reach(width: float) -> int:
    """The largest number that the table of that width has a symbol for."""
    return int(np.ceil(REACH * width))


def bell(width: float) -> NDArray[np.float64]:
    """What a normal distribution puts nearest to each whole number, and beyond them all: 2 reach + 2 weights."""
    edges = np.arange(-reach(width), reach(width) + 2) - 0.5
    below = ndtr(-np.abs(edges) / width)
    inside = np.where(edges[:-1] < 0, below[1:] - below[:-1], below[:-1] - below[1:])
    middle = reach(width)
    inside[middle] = 1 - 2 * below[middle]
    return np.append(inside, 2 * below[0])


def of_levels(code: Float[Tensor, "N K"], levels: int, generator: torch.Generator) -> TransformCoder:
    """Codes of ``levels`` values, evenly over [-1, 1]: coded as they are, by counts."""
    size = code.shape[1]
    number = ((code.double() + 1) / 2 * (levels - 1)).round().long().clamp(0, levels - 1)
    count = max(1, min(PARTS, len(code) // (CODES_PER_PART * size)))
    counted, part = clusters.levels(number, levels, count, generator)
    parts, same = len(counted), torch.eye(size)
    each = [np.append(weight, 0.0) for weight in counted.flatten(0, 1).numpy()]
    return assembled(
        warp=same,
        unwarp=same,
        center=-torch.ones(parts, size),
        axes=same.expand(parts, size, size),
        step=torch.tensor([2 / (levels - 1)]),
        table=1 + torch.arange(parts * size).reshape(1, parts, size),
        tables=[torch.bincount(part, minlength=parts).numpy(), *each],
        lowest=[0] * (1 + len(each)),
    )


def assembled(
    *,
    warp: Tensor,
    unwarp: Tensor,
    center: Tensor,
    axes: Tensor,
    step: Tensor,
    table: Tensor,
    tables: Sequence[NDArray[Any]],
    lowest: Sequence[int],
) -> TransformCoder:
    """A coder whose weights have become whole numbers; table 0, of the parts, is given its escape here."""
    whole = [frequencies(weight) for weight in (np.append(tables[0], 0.0), *tables[1:])]
    return TransformCoder(
        warp=warp.float(),
        unwarp=unwarp.float(),
        center=center.float(),
        axes=axes.float().contiguous(),
        step=step.float(),
        usual=torch.tensor(min(USUAL, len(step) - 1)),
        table=table.int(),
        frequency=torch.from_numpy(np.concatenate(whole)).int(),
        length=torch.tensor([len(one) for one in whole]).int(),
        lowest=torch.tensor(lowest).int(),
    )
