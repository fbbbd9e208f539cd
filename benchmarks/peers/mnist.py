"""MNIST from its IDX files, and samples back to a file, without amalgan: the peers have a venv of their own.

train-images-idx3-ubyte[.gz] ─► uint8 (60000, 28, 28)          t10k-images-idx3-ubyte[.gz] ─► uint8 (10000, 28, 28)
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARTS = {"train": "train-images-idx3-ubyte", "test": "t10k-images-idx3-ubyte"}
HEADER_BYTES = 16


def pictures(folder: Path, part: str) -> NDArray[np.uint8]:
    """uint8 (N, 28, 28) of ``part``: train or test."""
    plain = folder / PARTS[part]
    packed = plain.with_name(plain.name + ".gz")
    if not plain.exists() and not packed.exists():
        raise SystemExit(f"{folder} has no {plain.name}[.gz]; give the folder of MNIST's IDX files")
    raw = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(raw, np.uint8, offset=HEADER_BYTES).reshape(-1, 28, 28)


def write_samples(target: Path, x: NDArray[np.uint8]) -> None:
    """Write ``x``, uint8 (N, 28, 28), as an npz that amalgan reads; whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.stem}.part.npz")
    np.savez_compressed(part, x=x)
    os.replace(part, target)


def to_bytes(x: Any) -> NDArray[np.uint8]:
    """Pictures (N, 1, 28, 28) in [0, 1] as uint8 (N, 28, 28), rounded."""
    return (x[:, 0].clamp(0, 1) * 255).round().byte().cpu().numpy()


def pooled_psnr(made: NDArray[np.uint8], real: NDArray[np.uint8]) -> float:
    """PSNR in dB of the mean squared error over all pictures, 8 bits."""
    error = np.square(made.astype(np.float64) - real).mean()
    return float(10 * np.log10(255**2 / error))
