"""Changes that both players' pictures go through."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import Tensor

from amalgan.config.parts import Changes
from amalgan.core.randomness import Draws
from amalgan.data.transforms import differentiable

COUNT = 4000
every_change = pytest.mark.parametrize("changes", get_args(Changes))


def draws(count: int = COUNT, seed: int = 0) -> Draws:
    return Draws(seed=seed, round=0, total=count)


def pictures(count: int = 6, channels: int = 3) -> Tensor:
    return torch.rand(count, channels, 9, 13, generator=torch.Generator().manual_seed(0)) * 2 - 1


@every_change
def test_gradients_pass_and_equal_draws_give_equal_pictures(changes: Changes) -> None:
    x = pictures().double().requires_grad_()
    now = draws(len(x))
    assert torch.equal(
        differentiable.change(x, changes, now, "real"), differentiable.change(x, changes, now, "real")
    )
    assert torch.autograd.gradcheck(lambda x: differentiable.change(x, changes, now, "real"), (x,))


@every_change
def test_a_part_of_a_batch_is_changed_as_in_the_whole(changes: Changes) -> None:
    x, now = pictures(), draws(6)
    whole = differentiable.change(x, changes, now, "real")
    assert torch.equal(differentiable.change(x[2:5], changes, now.narrow(2, 3), "real"), whole[2:5])


@every_change
def test_real_and_generated_pictures_are_changed_apart(changes: Changes) -> None:
    x = pictures()
    real, fake = (differentiable.change(x, changes, draws(6), whose) for whose in ("real", "fake"))
    assert torch.equal(real, fake) == (changes == "none")


def test_translation_moves_by_whole_pixels_up_to_an_eighth_all_as_often() -> None:
    x = torch.zeros(COUNT, 1, 16, 16)
    x[:, :, 8, 8] = 1.0
    moved = differentiable.translation(x, draws(), "x")
    assert set(moved.unique().tolist()) == {0.0, 1.0} and bool((moved.sum((1, 2, 3)) == 1).all())
    often = moved.mean((0, 1))[6:11, 6:11]  # 16 / 8 = 2 pixels each way
    assert often.sum().item() == pytest.approx(1.0)
    assert (often - 1 / 25).abs().max() < 5 * (1 / 25 / COUNT) ** 0.5


def test_translation_shows_gray_beyond_the_edge() -> None:
    moved = differentiable.translation(torch.ones(COUNT, 1, 16, 16), draws(), "x")
    lost = 1 - moved.mean((1, 2, 3))
    assert set(moved.unique().tolist()) == {0.0, 1.0}
    assert lost.max().item() == pytest.approx(1 - (14 / 16) ** 2) and lost.min().item() == 0


def test_cutout_hides_half_of_each_side_when_it_lies_inside() -> None:
    left = differentiable.cutout(torch.ones(COUNT, 1, 16, 8), draws(), "x")
    hidden = 128 - left.sum((1, 2, 3))
    assert hidden.max().item() == 8 * 4
    assert hidden.min().item() == 4 * 2, "half of each half when the middle is at a corner"
    often = 1 - left.mean((0, 1))
    assert often[8, 4] > 2 * often[0, 0], "the middle is hidden more often than a corner"


def test_color_keeps_a_flat_gray_picture_flat_and_moves_it_by_at_most_half() -> None:
    x = torch.full((COUNT, 3, 4, 4), 0.25)
    colored = differentiable.color(x, draws(), "x")
    moved = colored[:, 0, 0, 0] - 0.25
    assert (colored.flatten(1).std(1) < 1e-6).all()
    assert -0.5 <= moved.min() < -0.49 and 0.49 < moved.max() <= 0.5
    assert moved.mean().abs() < 5 * (1 / 12 / COUNT) ** 0.5


def test_color_scales_contrast_between_a_half_and_one_and_a_half() -> None:
    x = torch.zeros(COUNT, 1, 1, 2)
    x[..., 0], x[..., 1] = -0.5, 0.5
    colored = differentiable.color(x, draws(), "x")
    contrast = colored[..., 1] - colored[..., 0]
    assert 0.5 <= contrast.min() < 0.51 and 1.49 < contrast.max() <= 1.5
