"""Large pictures by tiles: what is done to every tile is done to the picture, and no seam shows."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from amalgan.core.errors import DataError
from amalgan.tasks.tiles import apply_tiled, bump


def picture(channels: int, height: int, width: int) -> Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1


@settings(deadline=None, max_examples=60)
@given(
    channels=st.sampled_from([1, 3]),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    tile=st.tuples(st.sampled_from([8, 16, 30]), st.sampled_from([8, 22, 32])),
    chunk=st.sampled_from([1, 7, 256]),
)
def test_doing_nothing_gives_the_picture_back(
    channels: int, height: int, width: int, tile: tuple[int, int], chunk: int
) -> None:
    shown = picture(channels, height, width)
    sizes: set[tuple[int, ...]] = set()

    def same(tiles: Tensor) -> Tensor:
        sizes.add(tuple(tiles.shape[1:]))
        assert len(tiles) <= chunk
        return tiles

    result = apply_tiled(same, shown, tile, chunk)
    assert result.shape == shown.shape and (result - shown).abs().max() < 1e-6
    assert sizes == {(channels, *tile)}


def test_a_constant_is_added_everywhere_alike() -> None:
    shown = picture(3, 50, 37)
    result = apply_tiled(lambda tiles: 0.5 * tiles + 0.25, shown, (16, 8))
    assert (result - (0.5 * shown + 0.25)).abs().max() < 1e-6


def test_what_differs_from_tile_to_tile_fades_and_does_not_jump() -> None:
    """Tiles shifted at random by up to 1: neighbors disagree by up to 2, pixels side by side by what a bump allows."""
    side = 32
    generator = torch.Generator().manual_seed(0)

    def shifted(tiles: Tensor) -> Tensor:
        return tiles + torch.rand(len(tiles), 1, 1, 1, generator=generator) * 2 - 1

    result = apply_tiled(shifted, torch.zeros(1, 150, 130), (side, side))
    steepest = torch.pi / side  # of sin^2 over one tile; two tiles side by side disagree by at most 2
    for along in (1, 2):
        assert result.diff(dim=along).abs().max() <= 2 * steepest
    hard = (
        torch.rand(1, 5, 5, generator=generator).repeat_interleave(side, 1).repeat_interleave(side, 2) * 2 - 1
    )
    assert hard.diff(dim=1).abs().max() > 5 * steepest  # what tiles side by side would show


@given(half=st.integers(1, 64))
def test_bumps_shifted_by_half_add_up_to_one(half: int) -> None:
    weight = bump(2 * half).double()
    assert (weight[:half] + weight[half:] - 1).abs().max() < 1e-6 and weight.min() > 0


def test_tiles_of_odd_sides_are_refused() -> None:
    with pytest.raises(DataError, match="tiles of 9x8 cannot overlap by half; use a model with even sides"):
        apply_tiled(lambda tiles: tiles, picture(1, 20, 20), (9, 8))
