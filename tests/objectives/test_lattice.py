"""The pattern that lies on all of a picture alike is measured, and nothing else."""

from __future__ import annotations

import torch

from amalgan.objectives.lattice import lattice


def test_a_pattern_is_measured_with_its_strength_and_content_is_not() -> None:
    y = torch.rand(2, 3, 32, 32)
    weave = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(16, 16)
    inside = (1 - 1 / 9) ** 2 * 0.1**2  # of 3x3 places five have one sign and four the other
    found = lattice(y + 0.1 * weave, y)
    assert torch.allclose(found, torch.tensor(inside), rtol=0.06), "only places at the border differ"
    assert lattice(y + 0.3, y).max() < 1e-10, "a shade is no pattern"
    assert lattice(y, y).max() == 0


def test_what_differs_from_cell_to_cell_averages_out() -> None:
    noise = torch.randn(4, 1, 64, 64)
    assert lattice(noise, torch.zeros_like(noise)).max() < 0.02 * noise.square().mean()


def test_sides_that_are_no_multiples_and_tiny_ones_are_taken() -> None:
    assert lattice(torch.rand(1, 1, 9, 13), torch.rand(1, 1, 9, 13)).shape == (1,)
    assert lattice(torch.rand(1, 1, 3, 13), torch.rand(1, 1, 3, 13)).tolist() == [0]
