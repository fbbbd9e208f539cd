"""Augmentation and corruption: keyed, differentiable, and exactly what they say."""

import pytest
import torch

from amalgan.config.data import AugmentConfig
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data import add_noise, augment, describe_augment, hide_squares, resolve_augment
from amalgan.data.transforms.augmentation import OFF
from amalgan.data.transforms.corruption import hidden
from amalgan.kinds import kind_named

COLOR = DataSpec(kind="image", shape=(3, 16, 24))
GRAY = DataSpec(kind="image", shape=(1, 16, 24))
VECTOR = DataSpec(kind="vector", shape=(5,))
ALL = AugmentConfig(flip=True, shift=0.1, rotate=15.0, zoom=0.2, color=0.2)


def draws(total=64, round=0, **rows):
    return Draws(seed=0, round=round, total=total, **rows)


@pytest.fixture
def x():
    return torch.rand(64, 3, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_defaults_mirror_color_only():
    assert resolve_augment(AugmentConfig(), COLOR).flip is True
    assert resolve_augment(AugmentConfig(), GRAY) == OFF
    assert resolve_augment(AugmentConfig(), VECTOR) == OFF
    assert resolve_augment(AugmentConfig(flip=True), GRAY).flip is True
    assert describe_augment(resolve_augment(AugmentConfig(), COLOR)) == "mirrored"
    assert describe_augment(OFF) == "none"
    with pytest.raises(ConfigError, match="leave out --flip, --shift, --rotate, --zoom and --color"):
        resolve_augment(AugmentConfig(rotate=5.0), VECTOR)


def test_off_is_the_very_same(x):
    assert augment(x, OFF, draws()) is x


def test_a_mirror_alone_moves_pixels_and_changes_none(x):
    out = augment(x, AugmentConfig(flip=True), draws())
    turned = [torch.equal(out[row], x[row].flip(2)) for row in range(64)]
    kept = [torch.equal(out[row], x[row]) for row in range(64)]
    assert all(one != other for one, other in zip(turned, kept, strict=True))
    assert 16 < sum(turned) < 48


def test_a_mirror_by_resampling_is_the_mirror(x):
    tiny = AugmentConfig(flip=True, shift=1e-7)
    assert torch.allclose(augment(x, tiny, draws()), augment(x, AugmentConfig(flip=True), draws()), atol=1e-4)


def test_a_shift_moves_by_up_to_its_share():
    spot = torch.zeros(64, 1, 20, 30)
    spot[:, :, 10, 15] = 1
    out = augment(spot, AugmentConfig(shift=0.2), draws())
    rows = (out.sum(dim=(1, 3)) * torch.arange(20)).sum(1) - 10
    columns = (out.sum(dim=(1, 2)) * torch.arange(30)).sum(1) - 15
    assert 3 < rows.abs().max() <= 4.01 and 4.5 < columns.abs().max() <= 6.01
    assert torch.allclose(out.sum(dim=(1, 2, 3)), torch.ones(64), atol=1e-4)


def test_a_turn_keeps_distances_on_pictures_that_are_not_square():
    spots = torch.zeros(64, 1, 33, 65)
    spots[:, :, 16, 42] = 1  # ten to the right of the center
    out = augment(spots, AugmentConfig(rotate=45.0), draws())
    mass = out.sum(dim=(1, 2, 3))
    rows = (out.sum(dim=(1, 3)) * torch.arange(33.0)).sum(1) / mass - 16
    columns = (out.sum(dim=(1, 2)) * torch.arange(65.0)).sum(1) / mass - 32
    assert torch.allclose(torch.hypot(rows, columns), torch.full((64,), 10.0), atol=0.35)
    assert torch.atan2(rows, columns).abs().max() > 0.6


def test_color_changes_move_the_mean_within_their_strength(x):
    out = augment(x, AugmentConfig(color=0.3), draws())
    moved = (out.mean(dim=(1, 2, 3)) - x.mean(dim=(1, 2, 3))).abs()
    assert 0.2 < moved.max() <= 0.31


def test_changes_are_keyed_by_round_and_row(x):
    whole = augment(x, ALL, draws())
    assert torch.equal(augment(x, ALL, draws()), whole)
    assert not torch.equal(augment(x, ALL, draws(round=1)), whole)
    part = augment(x[8:24], ALL, draws(start=8, count=16))
    assert torch.allclose(part, whole[8:24], atol=1e-6)


def test_gradients_reach_the_pictures():
    x = torch.rand(2, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: augment(x, ALL, draws(2)), x)


def test_noise_has_its_deviation_and_is_keyed():
    x = torch.zeros(64, 1, 32, 32)
    noisy = add_noise(x, 0.25, draws())
    assert abs(noisy.std() - 0.25) < 0.005 and abs(noisy.mean()) < 0.005
    assert torch.equal(noisy[3:5], add_noise(x[3:5], 0.25, draws(start=3, count=2)))


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 28, 28), (3, 16, 40)])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.6])
def test_hidden_squares_cover_their_share(shape, share):
    x = torch.ones(64, *shape)
    out = hide_squares(x, share, draws())
    mask = hidden(x, share, draws())
    assert torch.equal(out, (1 - mask).expand_as(out))
    assert abs((out == 0).float().mean() - share) < 0.03
    assert torch.equal(out[5:9], hide_squares(x[5:9], share, draws(start=5, count=4)))


def test_hidden_entries_of_vectors():
    x = torch.ones(64, 10)
    assert (kind_named("vector").masked(x, 0.3, draws()) == 0).sum(dim=1).tolist() == [3] * 64
