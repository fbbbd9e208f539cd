"""New codes near, between and beyond those of pictures."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from amalgan.config.parts import Perturbation
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.networks.priors.perturbation import BANK, Perturber

COUNT = 20_000
MIX = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.0, 0.0, 0.0]])


def codes() -> tuple[Tensor, Tensor]:
    """Correlated codes of two classes a hundred apart, the third entry never moving; every fifth is unlabeled."""
    normal = torch.randn(COUNT, 3, generator=torch.Generator().manual_seed(0)) @ MIX.T
    label = torch.arange(COUNT) % 2
    normal[:, 0] += 100 * label
    label[::5] = UNLABELED
    return normal, label


def fitted(kind: str, strength: float = 1.0) -> Perturber:
    perturber = Perturber(Perturbation(kind=kind, strength=strength), 3, 2)  # type: ignore[arg-type]
    perturber.fit(*codes(), Draws(seed=0, round=0, total=1))
    return perturber


def perturbed(perturber: Perturber, code: Tensor, label: Tensor) -> Tensor:
    return perturber(code, label, Draws(seed=1, round=0, total=len(code)), "x")


def test_noise_varies_as_codes_do() -> None:
    code, _ = codes()
    added = perturbed(fitted("noise", 0.5), torch.zeros(COUNT, 3), torch.zeros(COUNT, dtype=torch.long))
    expected = 0.25 * torch.cov(code.T)
    assert torch.allclose(torch.cov(added.T), expected, rtol=0.05, atol=0.02)
    assert added[:, 2].abs().max() < 1e-3, "what never varies stays"


@pytest.mark.parametrize(("kind", "low", "high"), [("interpolate", 0.0, 0.5), ("extrapolate", -0.5, 0.0)])
def test_the_way_is_toward_a_code_of_the_class_or_from_it(kind: str, low: float, high: float) -> None:
    label = torch.arange(COUNT) % 2
    start = 100.0 * label[:, None] * torch.tensor([1.0, 0.0, 0.0])
    moved = perturbed(fitted(kind, 0.5), start, label) - start
    assert moved[:, 0].abs().max() < 10, "never toward the other class"
    other = fitted(kind, 0.5).other(label, Draws(seed=1, round=0, total=COUNT), "x") - start
    way = (moved * other).sum(1) / other.square().sum(1)
    assert low - 1e-4 <= way.min() and way.max() <= high + 1e-4
    assert way.mean().item() == pytest.approx((low + high) / 2, abs=0.01)


def test_without_a_label_any_class_may_be_the_way() -> None:
    label = torch.full((COUNT,), UNLABELED)
    other = fitted("interpolate").other(label, Draws(seed=1, round=0, total=COUNT), "x")
    assert (other[:, 0] > 50).float().mean().item() == pytest.approx(0.5, abs=0.03)


def test_a_class_that_was_never_seen_goes_toward_any() -> None:
    code, label = codes()
    perturber = Perturber(Perturbation(kind="interpolate"), 3, 3)
    perturber.fit(code, label, Draws(seed=0, round=0, total=1))
    other = perturber.other(torch.full((100,), 2), Draws(seed=1, round=0, total=100), "x")
    assert bool(other.isfinite().all()) and other[:, 1].std() > 0


def test_fewer_codes_than_the_bank_holds_are_all_there_and_nothing_else() -> None:
    perturber = Perturber(Perturbation(kind="interpolate"), 1, 1)
    perturber.fit(torch.arange(5.0, 8.0)[:, None], torch.zeros(3).long(), Draws(seed=0, round=0, total=1))
    other = perturber.other(torch.zeros(BANK).long(), Draws(seed=0, round=1, total=BANK), "x")
    assert sorted(set(other.flatten().tolist())) == [5.0, 6.0, 7.0]


@pytest.mark.parametrize("kind", ["noise", "interpolate", "extrapolate"])
def test_strength_0_changes_nothing(kind: str) -> None:
    code, label = codes()
    assert torch.equal(perturbed(fitted(kind, 0.0), code, label), code)
