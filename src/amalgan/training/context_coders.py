"""The coder of a system that learned itself what its numbers cost: weights and tables in whole numbers.

examples ─► whole numbers at every quality ─► the context, fitted to them anew: what training saw seldom costs too much
context: weights, floats ─► whole numbers of 2^-12           spreads, 2^(1/4) apart, x means, 1/4 apart ─► tables
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor
from torch.nn.functional import softplus

from amalgan.codec.context_coder import PHASES, UNIT_BITS, MapCoder
from amalgan.codec.context_model import LEAST_SPREAD, PASSES, Context, known
from amalgan.codec.frequency_tables import frequencies
from amalgan.systems.abilities import Quantizes

SPREADS = LEAST_SPREAD * 2.0 ** (np.arange(45) / 4)
"""Of logistic distributions, in steps, for which there are tables."""
MOST_NUMBERS, AT_ONCE = 2**21, 2**17
"""Numbers of all examples, at each quality; and of a step of the fit."""
STEPS, RATE = 250, 0.02
REACH = 9.0
"""Spreads up to which a table has symbols."""
HEAVIEST = 2**18
"""Magnitude of the largest weight: nothing overflows."""


def fitted(system: Quantizes, x: Tensor, generator: torch.Generator) -> Context:
    """A copy of the system's context that has descended the cost of the numbers of ``x`` as they are written."""
    context = copy.deepcopy(system.context).cpu().requires_grad_(True)
    levels = range(len(context.log_step))
    every = torch.stack([system.quantize(x, level).cpu().to(torch.int32) for level in levels])
    size, count = every[0, 0].numel(), len(x)
    at_once = max(8, min(256, AT_ONCE // size))
    moved = [weight for name, weight in context.named_parameters() if name != "log_step"]
    adam = torch.optim.Adam(moved, RATE)
    for step in range(STEPS):
        adam.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        level = torch.randint(len(levels), (at_once,), generator=generator)
        number = every[level, torch.randint(count, level.shape, generator=generator)].float()
        bits = context.bits(number, level)
        loss = (bits / (bits.detach() + size / 64)).mean()  # each quality by its own measure
        adam.zero_grad()
        loss.backward()
        adam.step()
    return context


@torch.no_grad()
def of_context(system: Quantizes, x: Tensor, generator: torch.Generator) -> MapCoder:
    """The coder of ``system`` for numbers such as those of the examples ``x``; without any, as its context is."""
    context = system.context
    if len(x):
        some = max(8, MOST_NUMBERS // system.quantize(x[:1], 0).numel())
        with torch.enable_grad():
            context = fitted(system, x[:some], generator)
    channels, before = len(context.same_mean), torch.ones_like(context.same_mean).tril(-1)
    tables = [frequencies(bell(spread, phase / PHASES)) for spread in SPREADS for phase in range(PHASES)]
    between = np.sqrt(SPREADS[1:] * SPREADS[:-1])
    return MapCoder(
        size=torch.tensor(system.own_size, dtype=torch.int32),
        usual=torch.tensor(system.usual, dtype=torch.int32),
        base=quantize(context.base.exp().clamp(min=LEAST_SPREAD)),
        same_mean=quantize(context.same_mean * before),
        same_spread=quantize(softplus(context.same_spread) * before),
        **near_weights(context, channels),
        bound=quantize(torch.from_numpy(between)),
        frequency=torch.from_numpy(np.concatenate(tables)).int(),
        length=torch.tensor([len(table) for table in tables]).int(),
        lowest=torch.tensor([-reach(spread) for spread in SPREADS for _ in range(PHASES)]).int(),
    )


def near_weights(context: Context, channels: int) -> dict[str, Tensor]:
    """Weights of what stands around a place; zeros where there are no places."""
    if context.near is None:
        around, ring = torch.zeros(1, channels, 3, 3), torch.zeros(channels, channels)
        return {"near_mean": quantize(around), "near_spread": quantize(around), "ring_spread": quantize(ring)}
    there = known().to(context.base.device).reshape(PASSES, 1, 3, 3)
    return {
        "near_mean": quantize(context.near.mean * there),
        "near_spread": quantize(softplus(context.near.spread) * there),
        "ring_spread": quantize(softplus(context.near.ring).tril(-1)),
    }


def quantize(weight: Tensor) -> Tensor:
    """In units of 2^-12."""
    return (weight.cpu().double() * 2**UNIT_BITS).round().clamp(-HEAVIEST, HEAVIEST).int()


def reach(spread: float) -> int:
    """The largest number, from the mean, that the table of that spread has a symbol for."""
    return int(np.ceil(REACH * spread)) + 1


def bell(spread: float, mean: float) -> NDArray[np.float64]:
    """What a logistic distribution puts nearest to each whole number, and beyond them all: 2 reach + 2 weights."""
    edges = np.arange(-reach(spread), reach(spread) + 2) - 0.5 - mean
    below, above = expit(edges / spread), expit(-edges / spread)
    inside = np.where(edges[:-1] < 0, below[1:] - below[:-1], above[:-1] - above[1:])
    return np.append(inside, below[0] + above[-1])
