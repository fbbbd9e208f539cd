"""A tiny data set on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """48 smooth pictures of 8x8 in three classes, a few without a label."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(64, 1, 3, 3, generator=generator)
    x = torch.nn.functional.interpolate(coarse, (8, 8), mode="bilinear", align_corners=True)[:, 0]
    y = np.arange(64) % 3
    y[:5] = -1
    np.savez(tmp_path / "data.npz", x=(255 * x).byte().numpy(), y=y)
    return Workshop(tmp_path, monkeypatch, Console(stderr=True, width=200))
