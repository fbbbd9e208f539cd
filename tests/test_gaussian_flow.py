"""The prior that begins as Gaussians: what it is before training, what training changes, and that drawing is exact."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from amalgan.config.parts import Prior as Config
from amalgan.core.randomness import Draws, build_seeded
from amalgan.core.types import UNLABELED
from amalgan.networks import priors
from amalgan.networks.priors import GaussianFlowPrior

FACTOR = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [-3.0, 1.0, 0.2]])


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def fitted(code: Tensor, label: Tensor, classes: int, **changes: float) -> GaussianFlowPrior:
    config = Config(kind="flow", guidance=changes.pop("guidance", 0.0), **changes)  # type: ignore[arg-type]
    prior = build_seeded(lambda: priors.build(config, code.shape[1], classes), 0)
    assert isinstance(prior, GaussianFlowPrior)
    prior.fit(code, label, Draws(seed=3, round=0, total=1))
    return prior


@torch.no_grad()
def sampled(prior: GaussianFlowPrior, count: int, label: int = UNLABELED) -> Tensor:
    return prior.sample(torch.full((count,), label), Draws(seed=3, round=1, total=count))


@pytest.mark.parametrize("solver_steps", [1, 7])
def test_before_training_it_is_a_gaussian_in_any_number_of_steps(solver_steps: int) -> None:
    code = normal(4000, 3) @ FACTOR.T + torch.tensor([5.0, -1.0, 100.0])
    found = sampled(fitted(code, torch.full((4000,), UNLABELED), 0, solver_steps=solver_steps), 20_000)
    deviation = code.std(0)
    assert ((found.mean(0) - code.mean(0)).abs() < 5 * deviation / 20_000**0.5).all()
    error = (torch.cov(found.T) - torch.cov(code.T)) / torch.outer(deviation, deviation)
    assert error.abs().max() < 0.05


def test_each_class_begins_as_its_own_gaussian() -> None:
    label = torch.arange(3000) % 3
    center = 4 * normal(3, 5, seed=1)
    prior = fitted(center[label] + 0.5 * normal(3000, 5), label, 3)
    for number in range(3):
        found = sampled(prior, 4000, number)
        assert torch.allclose(found.mean(0), center[number], atol=0.1)
        assert torch.allclose(found.std(0), torch.full((5,), 0.5), atol=0.1)


@torch.no_grad()
def test_the_closed_form_is_what_its_exact_solution_moves_by() -> None:
    prior = fitted(normal(2000, 3) @ FACTOR.T, torch.full((2000,), UNLABELED), 0)
    z, group, step = normal(50, 3, seed=4), torch.zeros(50, dtype=torch.int64), 1e-3
    for at in (0.05, 0.5, 0.9):
        now, then = torch.full((50, 1), at), torch.full((50, 1), at + step)
        slope = (prior.carried(z, now, then, group) - z) / step
        expected = prior.closed_form(z, now, group)
        torch.testing.assert_close(slope, expected, rtol=0.05, atol=0.05)


def ring(count: int, seed: int) -> Tensor:
    """Points on a circle: nothing like a Gaussian."""
    angle = torch.rand(count, generator=torch.Generator().manual_seed(seed)) * 2 * torch.pi
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * normal(count, 2, seed=seed)


def test_training_learns_what_a_gaussian_cannot() -> None:
    code, label = ring(2000, 0), torch.full((2000,), UNLABELED)
    prior = fitted(code, label, 0)

    def off() -> float:
        return (sampled(prior, 2000).norm(dim=1) - 1).abs().mean().item()

    before, adam = off(), torch.optim.Adam(prior.parameters(), lr=2e-3)
    for round in range(300):
        rows = torch.randint(2000, (256,), generator=torch.Generator().manual_seed(round))
        loss = prior.matching_loss(code[rows], label[rows], Draws(seed=0, round=round, total=256)).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert off() < before / 2


def test_guidance_moves_codes_away_from_what_any_class_has() -> None:
    label = torch.arange(2000) % 2
    code = normal(2000, 2) + 2.0 * label[:, None]
    plain, guided = (sampled(fitted(code, label, 2, guidance=g), 2000, 1).mean(0) for g in (0.0, 1.0))
    assert (guided > plain + 0.1).all()


def test_it_is_fitted_once_and_its_density_is_that_of_all_codes() -> None:
    code = normal(2000, 3) * torch.tensor([2.0, 1.0, 0.5])
    prior = fitted(code, torch.full((2000,), UNLABELED), 0)
    assert prior.settled
    normal_of_all = torch.distributions.MultivariateNormal(code.mean(0).double(), torch.cov(code.T).double())
    torch.testing.assert_close(
        prior.log_density(code[:50]), normal_of_all.log_prob(code[:50].double()), rtol=0, atol=0.1
    )


class Bent(torch.nn.Module):
    """A field that bends smoothly, another one for each group."""

    def forward(self, z: Tensor, time: Tensor, group: Tensor) -> Tensor:
        return torch.sin(2 * z.flip(1) + 3 * time + group[:, None])


def test_twice_the_steps_leave_a_quarter_of_the_error() -> None:
    code, label = ring(2000, 0), torch.arange(2000) % 2
    found = []
    for steps in (8, 16, 32, 512):
        prior = fitted(code, label, 2, guidance=0.5, solver_steps=steps)
        prior.net = Bent()
        found.append(sampled(prior, 200, 1).double())
    off = [(few - found[-1]).square().mean().sqrt().item() for few in found[:-1]]
    assert 3 < off[0] / off[1] < 5.5 and 3 < off[1] / off[2] < 5.5, off
