"""What is done to pictures that are to be mended: every flaw at its level, and the numbers it follows from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from amalgan.config.systems.restoration import TASKS
from amalgan.core.randomness import Draws
from amalgan.data.transforms.damage import (
    FACTORS,
    UNTOLD,
    blocky,
    coded,
    damaged,
    larger,
    level_of_factor,
    noisy,
    shrunk,
    smaller,
    strokes,
)
from amalgan.metrics.distortion import psnr


def picture(count: int = 4, channels: int = 1, side: int = 48) -> torch.Tensor:
    """Smooth random pictures in 256 steps."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, channels, 6, 6, generator=generator) * 1.6 - 0.8
    x = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=True)
    return x.add(1).mul(127.5).round().clamp(0, 255).div(127.5).sub(1)


def draws(total: int = 4, round: int = 0) -> Draws:
    return Draws(seed=0, round=round, total=total)


def test_noise_has_the_deviation_that_its_level_says() -> None:
    x, level = torch.zeros(4, 1, 100, 100), torch.tensor([0.0, 0.25, 0.5, 1.0])
    apart = noisy(x, level, draws(), 0.4)
    assert apart.std((1, 2, 3)).tolist() == pytest.approx([0, 0.1, 0.2, 0.4], rel=0.03, abs=1e-9)
    assert apart.mean((1, 2, 3)).abs().max().item() < 0.02


def test_scaling_is_pillows_and_goes_back_to_the_same_size() -> None:
    x = picture()
    small = shrunk(x, 2)
    pixels = (x[0, 0].numpy() * 127.5 + 127.5).round().astype(np.uint8)
    pillow = np.asarray(Image.fromarray(pixels).resize((24, 24), Image.Resampling.BICUBIC), np.float32)
    assert np.abs((small[0, 0].numpy() + 1) * 127.5 - pillow).max() < 1.01
    assert larger(small, x.shape[2:]).shape == x.shape


def test_the_level_of_a_factor_leads_to_that_factor() -> None:
    x = picture(count=1)
    for factor in FACTORS:
        hurt = smaller(x, torch.tensor([level_of_factor(factor)]), draws(1), 0.0)
        assert torch.equal(hurt, larger(shrunk(x, factor), x.shape[2:]))


def test_jpeg_is_worse_the_higher_the_level() -> None:
    x = picture(channels=3)
    losses = [
        float(psnr(blocky(x, torch.full((4,), level), draws(), 0.0), x, 2.0).mean()) for level in (0, 0.5, 1)
    ]
    assert losses == sorted(losses, reverse=True) and losses[0] > losses[2] + 3
    assert coded(x, 90).shape == x.shape


def test_strokes_hide_more_the_higher_the_level_and_never_all() -> None:
    x = torch.zeros(64, 1, 48, 48)
    shares = [float(strokes(x, torch.full((64,), level), draws(64)).mean()) for level in (0.0, 0.5, 1.0)]
    assert 0 < shares[0] < shares[1] < shares[2] < 0.5


def test_pictures_take_turns_and_only_some_are_told() -> None:
    x = picture(count=40)
    hurt = damaged(x, TASKS, draws(40), noise=0.4, known_level=0.25)
    assert hurt.task.tolist() == [position % 4 for position in range(40)]
    assert damaged(x, TASKS, draws(40, round=1), noise=0.4, known_level=0).task[0] == 1
    many = damaged(torch.zeros(4000, 1, 8, 8), ("denoise",), draws(4000), noise=0.4, known_level=0.25)
    assert float((many.level != UNTOLD).float().mean()) == pytest.approx(0.25, abs=0.03)
    assert bool((hurt.x * (1 - hurt.known) == 0).all())
    holes = (hurt.known == 0).flatten(1).any(1)
    assert not bool(holes[hurt.task != 1].any()) and bool(holes[hurt.task == 1].any())


def test_a_slice_of_the_batch_is_damaged_as_within_the_whole() -> None:
    x = picture(count=8)
    whole = damaged(x, TASKS, draws(8), noise=0.4, known_level=0.5)
    part = damaged(x[3:6], TASKS, draws(8).narrow(3, 3), noise=0.4, known_level=0.5)
    assert all(torch.equal(a[3:6], b) for a, b in zip(whole, part, strict=True))
