"""Units of series: those of the data, and standardized ones, channel by channel.

float32 (B, C, T) in the data's units      ◄──►      (v - center) / spread, both (C,)

A channel whose spread is 0 is constant in all training examples: whatever networks make of it, ``center`` comes out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import DataSpec
from amalgan.data.dataset.store import Store

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.config.data import DataConfig
    from amalgan.kinds.protocol import Kind

BLOCK = 1024
FLAT = 1e-6
"""A channel whose deviation is below this share of its size does not vary."""
NOT_SAID: dict[str, Any] = {"units": [], "interval": None, "time_unit": ""}
"""What arrays do not say of their channels and their time."""


def spec_of(kind: Kind, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
    """What the windows of a store are; center, spread and range are those of the rows ``train``."""
    own = json.loads(store.facts.get("own") or "{}")
    center, spread = center_and_spread(store, train)
    low, high = limits(store, train)
    asked = {name: getattr(config, name) for name in kind.options}
    said = {name: own.get(name, value) for name, value in NOT_SAID.items()}
    return DataSpec(
        kind=kind.name,
        shape=store.pixels.shape[1:],
        classes=tuple(store.facts["classes"]),
        center=tuple(center.tolist()),
        spread=tuple(spread.tolist()),
        names=tuple(store.facts.get("names", ())),
        facts=said | {"low": low.tolist(), "high": high.tolist(), "asked": asked},
    )


def center_and_spread(
    store: Store, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel (C,) over windows and steps; 0 for one that does not vary."""
    channels, steps = store.pixels.shape[1:]
    count = max(len(rows) * steps, 1)
    nothing = np.zeros(channels)
    center = sum((block.sum(axis=(0, 2)) for block in blocks(store, rows)), nothing) / count
    squares = (np.square(block - center[:, None]).sum(axis=(0, 2)) for block in blocks(store, rows))
    spread = np.sqrt(sum(squares, nothing) / count)
    return center, np.where(spread > FLAT * np.abs(center), spread, 0.0)


def limits(store: Store, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the greatest value of each channel (C,)."""
    lows = [block.min(axis=(0, 2)) for block in blocks(store, rows)]
    highs = [block.max(axis=(0, 2)) for block in blocks(store, rows)]
    nothing = np.zeros(store.pixels.shape[1])
    return (np.min(lows, axis=0), np.max(highs, axis=0)) if lows else (nothing, nothing)


def blocks(store: Store, rows: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    """The windows, some at a time."""
    for start in range(0, len(rows), BLOCK):
        yield store.rows(rows[start : start + BLOCK]).astype(np.float64)


def scales(spec: DataSpec) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Center and spread, (C, 1)."""
    return np.array(spec.center, np.float32)[:, None], np.array(spec.spread, np.float32)[:, None]


def standardize(values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
    """Windows in the data's units as networks see them, float32 (B, C, T)."""
    import torch

    rows = values.cpu().numpy() if isinstance(values, torch.Tensor) else values
    center, spread = scales(spec)
    spread = np.where(spread == 0, np.float32(1), spread)
    return torch.from_numpy(((rows - center) / spread).astype(np.float32, copy=False))


def in_data_units(x: Tensor, spec: DataSpec) -> NDArray[np.float32]:
    """Windows as networks see them in the data's units, float32 (N, C, T)."""
    center, spread = scales(spec)
    restored: NDArray[np.float32] = x.detach().to("cpu").float().numpy() * spread + center
    return restored
