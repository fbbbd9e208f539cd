"""Views: keyed, within what the configuration allows, and of the same size for every kind of data."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from amalgan.config.parts import Views
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data.transforms.views import view

STILL = Views(stretch=0, shift=0, bend=0, hide=0, noise=0)
GRAY = DataSpec(kind="image", shape=(1, 12, 9))
VECTOR = DataSpec(kind="vector", shape=(10,))
DRAWS = Draws(seed=0, round=3, total=64)


def pictures(count: int = 64, height: int = 12, width: int = 9) -> torch.Tensor:
    coarse = torch.rand(count, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear") * 2 - 1


def test_nothing_allowed_changes_nothing() -> None:
    torch.testing.assert_close(view(pictures(), STILL, DRAWS, GRAY), pictures(), atol=1e-5, rtol=0)


def test_a_view_is_a_function_of_seed_round_and_position() -> None:
    whole = view(pictures(), Views(), DRAWS, GRAY)
    assert torch.equal(whole, view(pictures(), Views(), DRAWS, GRAY))
    part = view(pictures()[16:48], Views(), DRAWS.narrow(16, 32), GRAY)
    torch.testing.assert_close(part, whole[16:48], atol=1e-6, rtol=0)
    assert not torch.equal(whole, view(pictures(), Views(), replace(DRAWS, round=4), GRAY))


@pytest.mark.parametrize("name", ["stretch", "shift", "bend", "hide", "noise"])
def test_each_setting_alone_changes_the_picture_and_more_of_it_changes_more(name: str) -> None:
    x = pictures()
    little, much = (
        (view(x, replace(STILL, **{name: size}), DRAWS, GRAY) - x).abs().mean() for size in (0.1, 0.3)
    )
    assert 0 < little < much


def test_a_shift_moves_by_a_share_of_the_side() -> None:
    x = torch.zeros(64, 1, 20, 20)
    x[:, :, 10, 10] = 1.0
    moved = view(x, replace(STILL, shift=0.1), DRAWS, GRAY)
    rows = torch.arange(20.0).view(1, 20, 1)
    center = (moved[:, 0] * rows).sum((1, 2)) / moved[:, 0].sum((1, 2))
    assert 1.5 < (center - 10).abs().max() < 2.1


def test_only_flip_mirrors_and_half_of_the_time() -> None:
    x = torch.zeros(64, 1, 8, 8)
    x[..., :4] = 1.0
    mirrored = view(x, replace(STILL, flip=True), DRAWS, GRAY)[..., 7].mean((1, 2)) > 0.5
    assert 0.3 < mirrored.float().mean() < 0.7
    assert not (view(x, Views(hide=0), DRAWS, GRAY)[..., 7].mean((1, 2)) > 0.9).any()


def test_vectors_get_noise_and_hidden_entries() -> None:
    x = torch.ones(64, 10)
    assert ((view(x, replace(STILL, hide=0.3), DRAWS, VECTOR) == 0).sum(1) == 3).all()
    assert (view(x, replace(STILL, noise=0.5), DRAWS, VECTOR) - x).std() == pytest.approx(0.5, rel=0.1)
    assert torch.equal(view(x, replace(STILL, stretch=1, shift=1, bend=1, flip=True), DRAWS, VECTOR), x)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Views(bend=-1, hide=1)
    assert "views.bend is -1" in str(caught.value) and "views.hide is 1" in str(caught.value)
