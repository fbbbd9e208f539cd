"""Games: values at logit 0 and at the optimum, signs of gradients, saturation."""

import math
from typing import get_args

import pytest
import torch
from torch import Tensor
from torch.autograd import grad, gradcheck

from amalgan.config.parts import Adversarial
from amalgan.objectives.adversarial import LOSSES

LOG2 = math.log(2)
LOGITS = torch.tensor([-3.0, -0.7, 0.0, 0.4, 2.5], dtype=torch.float64)


def slopes(loss, real: Tensor, fake: Tensor) -> tuple[Tensor | None, Tensor | None]:
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    return grad(loss(real, fake).sum(), (real, fake), allow_unused=True)


def test_the_table_holds_what_a_configuration_can_name() -> None:
    assert set(LOSSES) == set(get_args(Adversarial))


@pytest.mark.parametrize(
    ("name", "critic", "generator"),
    [
        ("minimax", 2 * LOG2, -LOG2),
        ("nonsaturating", 2 * LOG2, LOG2),
        ("hinge", 2.0, 0.0),
        ("wasserstein", 0.0, 0.0),
        ("relativistic", LOG2, LOG2),
    ],
)
def test_values_at_logit_zero(name: str, critic: float, generator: float) -> None:
    zero = torch.zeros(3, dtype=torch.float64)
    torch.testing.assert_close(LOSSES[name].critic(zero, zero), torch.full_like(zero, critic))
    torch.testing.assert_close(LOSSES[name].generator(zero, zero), torch.full_like(zero, generator))


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_one_number_a_sample(name: str) -> None:
    game, real, fake = LOSSES[name], LOGITS, LOGITS.flip(0) + 0.3
    for loss in (game.critic, game.generator):
        alone = torch.cat([loss(real[i : i + 1], fake[i : i + 1]) for i in range(5)])
        assert torch.equal(loss(real, fake), alone)


@pytest.mark.parametrize("name", LOSSES)
def test_the_critic_raises_real_and_lowers_fake(name: str) -> None:
    inside = torch.linspace(-0.9, 0.9, 7, dtype=torch.float64)
    on_real, on_fake = slopes(LOSSES[name].critic, inside, inside.flip(0))
    assert on_real is not None and on_fake is not None
    assert (on_real < 0).all() and (on_fake > 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_raises_fake(name: str) -> None:
    on_real, on_fake = slopes(LOSSES[name].generator, LOGITS, LOGITS.flip(0))
    assert on_fake is not None and (on_fake < 0).all()
    if LOSSES[name].needs_real:
        assert on_real is not None and (on_real > 0).all()
    else:
        assert on_real is None
        assert torch.equal(LOSSES[name].generator(None, LOGITS), LOSSES[name].generator(LOGITS, LOGITS))


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name: str) -> None:
    real, fake = LOGITS.clone().requires_grad_(), (LOGITS.flip(0) + 0.1).requires_grad_()
    assert gradcheck(LOSSES[name].critic, (real, fake))
    assert gradcheck(LOSSES[name].generator, (real, fake))


def test_minimax_is_zero_sum_and_nonsaturating_is_not() -> None:
    """What one gains by a fake's logit, the other loses."""
    on_critic = slopes(LOSSES["minimax"].critic, LOGITS, LOGITS)[1]
    on_generator = slopes(LOSSES["minimax"].generator, LOGITS, LOGITS)[1]
    assert on_critic is not None and on_generator is not None
    assert torch.equal(on_critic, -on_generator)
    torch.testing.assert_close(on_generator, -torch.sigmoid(LOGITS))


def test_only_minimax_saturates_when_the_critic_is_sure() -> None:
    sure = torch.tensor([-20.0], dtype=torch.float64)
    expected = {
        "minimax": -torch.sigmoid(sure),
        "nonsaturating": -torch.sigmoid(-sure),
        "hinge": torch.tensor([-1.0]),
        "wasserstein": torch.tensor([-1.0]),
        "relativistic": -torch.sigmoid(-sure - sure),
    }
    for name, game in LOSSES.items():
        on_fake = slopes(game.generator, -sure, sure)[1]
        torch.testing.assert_close(on_fake, expected[name].double())
    assert abs(expected["minimax"]) < 1e-8 < 0.99 < abs(expected["nonsaturating"])


def test_the_classifying_critic_is_at_its_optimum_at_the_log_ratio() -> None:
    """With densities p of real, q of fake: D* = p / (p + q), so the logit is log p - log q."""
    p, q = 0.7, 0.2
    logit = torch.tensor([math.log(p / q)], dtype=torch.float64)
    on_real, on_fake = slopes(LOSSES["nonsaturating"].critic, logit, logit)
    torch.testing.assert_close(p * on_real + q * on_fake, torch.zeros(1, dtype=torch.float64))


def test_the_relativistic_critic_is_at_its_optimum_at_half_the_log_ratio() -> None:
    """Pair (a, b) comes with p(a) q(b), or swapped with p(b) q(a): C(a) - C(b) is the log of that ratio."""
    a = torch.tensor([math.log(0.7 / 0.2)], dtype=torch.float64)
    b = torch.tensor([math.log(0.3 / 0.8)], dtype=torch.float64)
    critic = LOSSES["relativistic"].critic
    straight, swapped = slopes(critic, a, b), slopes(critic, b, a)
    balance = 0.7 * 0.8 * straight[0] + 0.3 * 0.2 * swapped[1]
    torch.testing.assert_close(balance, torch.zeros(1, dtype=torch.float64))


def test_hinge_rests_beyond_its_margins() -> None:
    real, fake = torch.tensor([1.0, 5.0, 0.5]), torch.tensor([-1.0, -2.0, -0.25])
    torch.testing.assert_close(LOSSES["hinge"].critic(real, fake), torch.tensor([0.0, 0.0, 1.25]))
    on_real, on_fake = slopes(LOSSES["hinge"].critic, real[1:2], fake[1:2])
    assert on_real == 0 and on_fake == 0


def test_only_differences_count_for_wasserstein_and_relativistic() -> None:
    real, fake = LOGITS, LOGITS.flip(0)
    for name in ("wasserstein", "relativistic"):
        torch.testing.assert_close(LOSSES[name].critic(real + 7, fake + 7), LOSSES[name].critic(real, fake))
    relativistic = LOSSES["relativistic"]
    torch.testing.assert_close(relativistic.generator(real, fake), relativistic.critic(fake, real))
    torch.testing.assert_close(relativistic.critic(real, fake), -torch.sigmoid(real - fake).log())


@pytest.mark.parametrize("name", LOSSES)
def test_large_logits_stay_finite_in_float32(name: str) -> None:
    real, fake = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert LOSSES[name].critic(real, fake).isfinite().all()
    assert LOSSES[name].generator(real, fake).isfinite().all()
