"""The examples that a run left for the page: ``shown.npz``, distrusted as any file.

samples (N, …)   real, faithful, realistic (M, …)   map (K, 2), map_label (K,)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

NAMES = ("samples", "real", "faithful", "realistic", "map", "map_label")

Shown = Mapping[str, NDArray[Any]]


def read_shown(folder: Path, place: str | None) -> Shown:
    """The arrays of a file within ``folder``; nothing where it is missing, damaged or elsewhere."""
    if place is None or not inside(folder, folder / place):
        return {}
    try:
        with np.load(folder / place, allow_pickle=False) as file:
            return {name: file[name] for name in NAMES if name in file.files and plain(file[name])}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}


def inside(folder: Path, file: Path) -> bool:
    """Whether ``file`` lies in ``folder``, links followed."""
    return folder.resolve() in file.resolve().parents


def plain(x: NDArray[Any]) -> bool:
    """Whether there is anything, and all of it finite numbers."""
    return x.size > 0 and x.dtype.kind in "uif" and bool(np.isfinite(cast(Any, x)).all())
