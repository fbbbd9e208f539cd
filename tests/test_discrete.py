"""Codes of finitely many values: rounded to the nearest, drawn as often as their bits say."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from scipy import stats
from torch import Tensor

from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.networks.priors.rounded import LevelPrior, log_between, nearest_level, round_tanh


def draws(total: int = 1, round: int = 0) -> Draws:
    return Draws(seed=3, round=round, total=total)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def fitted(code: Tensor, label: Tensor, levels: int, classes: int = 0, parts: int = 4) -> LevelPrior:
    prior = LevelPrior(code.shape[1], levels, classes, parts=parts, codes=60_000)
    prior.fit(code, label, draws())
    return prior


def unlabeled(count: int) -> Tensor:
    return torch.full((count,), UNLABELED)


def every_code(levels: int, size: int) -> Tensor:
    grid = torch.linspace(-1, 1, levels).tolist()
    return torch.tensor(list(itertools.product(grid, repeat=size)))


@pytest.mark.parametrize("levels", [2, 3, 8])
def test_a_code_is_the_level_nearest_to_the_bounded_number(levels: int) -> None:
    x = 2 * normal(500, 3)
    grid = torch.linspace(-1, 1, levels)
    nearest = grid[(x.tanh()[..., None] - grid).abs().argmin(-1)]
    assert torch.allclose(round_tanh(x, levels), nearest, atol=1e-6)


def test_a_gradient_passes_the_rounding() -> None:
    x = normal(20, 3).requires_grad_()
    round_tanh(x, 5).sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, 1 - x.detach().tanh().square())


@pytest.mark.parametrize(("below", "above"), [(-1.0, 2.0), (5.0, 5.1), (-9.0, -8.9), (30.0, 31.0)])
def test_what_lies_between_two_bounds_is_exact_in_the_tails(below: float, above: float) -> None:
    found = log_between(*torch.tensor([below, above], dtype=torch.float64))
    side = (below, above) if below + above < 0 else (-above, -below)
    low, high = stats.norm.logcdf(side[0]), stats.norm.logcdf(side[1])
    assert float(found) == pytest.approx(high + math.log1p(-math.exp(low - high)), rel=1e-12)


def test_an_open_end_takes_the_whole_tail() -> None:
    ends = log_between(torch.tensor([-math.inf, 1.0]).double(), torch.tensor([1.0, math.inf]).double())
    assert ends.exp().sum().item() == pytest.approx(1, rel=1e-12)


def test_the_chances_of_all_codes_sum_to_one() -> None:
    label = torch.arange(900) % 3 - 1
    code = nearest_level(0.5 * normal(900, 3) @ normal(3, 3, seed=1) + 0.3 * label[:, None], 4)
    prior = fitted(code, label, 4, classes=2)
    assert prior.gaussians.weight.count_nonzero() > 3
    assert torch.exp2(-prior.bits(every_code(4, 3)).double()).sum().item() == pytest.approx(1, rel=1e-5)


def test_codes_are_drawn_as_often_as_their_bits_say() -> None:
    first = normal(2000, 1)
    prior = fitted(
        nearest_level(torch.cat([first, -first + 0.3 * normal(2000, 1, seed=1)], 1), 3), unlabeled(2000), 3
    )
    count, codes = 20_000, every_code(3, 2)
    made = prior.sample(unlabeled(count), draws(count, round=1))
    found = (made[:, None] == codes).all(2).sum(0)
    expected = count * torch.exp2(-prior.bits(codes).double())
    assert int(found.sum()) == count, "every code drawn is on the grid"
    often = expected > 5
    rest = torch.stack([expected[~often].sum(), found[~often].sum().double()])
    chi = ((found[often] - expected[often]).square() / expected[often]).sum()
    assert stats.chi2.sf(float(chi), int(often.sum())) > 0.001
    assert rest[1] < rest[0] + 20


def test_bits_know_that_one_entry_follows_from_another() -> None:
    code = nearest_level(normal(4000, 4).repeat(1, 2), 8)
    alone, both = fitted(code[:, :4], unlabeled(4000), 8), fitted(code, unlabeled(4000), 8)
    fixed = 4 * math.log2(8)
    said = alone.bits(code[:500, :4]).mean().item()
    assert 0.75 * fixed < said < fixed
    assert both.bits(code[:500]).mean().item() < said + 0.05 * fixed


def test_a_code_never_seen_has_finite_bits() -> None:
    code = nearest_level(0.05 * normal(200, 3), 8)
    assert fitted(code, unlabeled(200), 8).bits(torch.tensor([[1.0, -1.0, 1.0]])).isfinite().all()
