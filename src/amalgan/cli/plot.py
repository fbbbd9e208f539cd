"""A map of codes: their two main directions, a color a class.

code (N, K) ─► principal components ─► (N, 2) ─► one dot each ─► map.png
"""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from amalgan import files
from amalgan.cli.output import harmless
from amalgan.errors import UsageError

if TYPE_CHECKING:
    from amalgan.tasks.embed import Codes

MOST_CLASSES = 20


def check_plot(target: Path | None) -> None:
    """Refuse a map that could not be drawn, before the work is done.

    Raises:
        UsageError: it is no PNG, or matplotlib is missing.
    """
    if target is None:
        return
    if target.suffix.lower() != ".png":
        raise UsageError(f"--plot {target}: a map is a .png file.")
    if find_spec("matplotlib") is None:
        raise UsageError("--plot needs matplotlib, which is not installed. Run: pip install amalgan[demo]")


def draw(codes: Codes, target: Path) -> None:
    """Write the map."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 8), layout="constrained")
    axes = figure.add_subplot(title=f"{len(codes):,} codes of {codes.code.shape[1]} entries")
    place, shares = plane(codes.code)
    for name, rows in by_class(codes):
        axes.scatter(place[rows, 0], place[rows, 1], s=6, alpha=0.7, linewidths=0, label=name)
    axes.set_xlabel(f"first principal component, {shares[0]:.0%} of the variance")
    axes.set_ylabel(f"second, {shares[1]:.0%}")
    if len(axes.collections) > 1:
        axes.legend(markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    written = BytesIO()
    figure.savefig(written, format="png", dpi=120)
    files.write_bytes(target, written.getvalue())


def by_class(codes: Codes) -> list[tuple[str, NDArray[np.bool_]]]:
    """The rows of each class; of all together where there are no classes, or too many to tell apart."""
    names = np.unique(codes.label)
    if len(names) > MOST_CLASSES:
        return [("all", np.ones(len(codes), bool))]
    return [(harmless(str(name)).replace("$", r"\$") or "unlabeled", codes.label == name) for name in names]


def plane(code: NDArray[Any]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Coordinates (N, 2) on the two main directions, and the share of the variance along each."""
    centered = code.astype(np.float64) - code.mean(axis=0)
    values, vectors = np.linalg.eigh(centered.T @ centered)
    first, second = vectors[:, -1], vectors[:, -2] if len(values) > 1 else np.zeros(len(values))
    whole = max(float(values.sum()), 1e-300)
    shares = (float(values[-1]) / whole, float(values[-2]) / whole if len(values) > 1 else 0.0)
    return centered @ np.stack([first, second], axis=1), shares
