"""Penalties against closed forms: a linear critic, a quadratic one, a flat one."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck

from amalgan.objectives.penalties import gradient_penalty, lazy, r1, r2, slope, squared_slope


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_of_a_linear_critic_it_is_the_squared_weight_anywhere() -> None:
    weight, x = normal(2, 3, 4), normal(5, 2, 3, 4, seed=1)

    def critic(x: torch.Tensor) -> torch.Tensor:
        return (weight * x).flatten(1).sum(1) + 3

    expected = weight.square().sum().expand(5)
    torch.testing.assert_close(squared_slope(critic, x), expected)
    torch.testing.assert_close(r1(critic, x), expected / 2)
    torch.testing.assert_close(r2(critic, x), expected / 2)
    mix = torch.rand(5, 1, 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(gradient_penalty(critic, x, -x, mix), (expected.sqrt() - 1).square())


def test_of_a_quadratic_critic_in_closed_form() -> None:
    """C(x) = x'Ax / 2 has slope Ax with A symmetric."""
    matrix, x, y = normal(4, 4), normal(6, 4, seed=1), normal(6, 4, seed=2)
    matrix = matrix + matrix.T

    def critic(x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bi,ij,bj->b", x, matrix, x) / 2

    torch.testing.assert_close(slope(critic, x), x @ matrix)
    torch.testing.assert_close(squared_slope(critic, x), (x @ matrix).square().sum(1))
    mix = torch.linspace(0, 1, 6, dtype=torch.float64)[:, None]
    between = (mix * x + (1 - mix) * y) @ matrix
    torch.testing.assert_close(gradient_penalty(critic, x, y, mix), (between.norm(dim=1) - 1).square())


def test_mix_of_one_is_real_and_of_zero_is_fake() -> None:
    real, fake = torch.full((2, 1), 3.0), torch.full((2, 1), 0.25)
    mix = torch.tensor([[1.0], [0.0]])
    penalty = gradient_penalty(lambda x: x.square().sum(1), real, fake, mix)
    torch.testing.assert_close(penalty, torch.tensor([25.0, 0.25]))


def test_it_moves_the_critic_as_the_closed_form_says() -> None:
    """Half of |w|^2 has derivative w; the bias gets none."""
    critic = nn.Linear(3, 1).double()
    r1(lambda x: critic(x).squeeze(1), normal(4, 3)).mean().backward()
    torch.testing.assert_close(critic.weight.grad, critic.weight.detach())
    assert critic.bias.grad is None or critic.bias.grad.abs().sum() == 0


def test_gradients_by_the_parameters_of_the_critic() -> None:
    x, y = normal(3, 4), normal(3, 4, seed=1)
    first, second = normal(4, 5, seed=2).requires_grad_(), normal(5, seed=3).requires_grad_()
    mix = torch.full((3, 1), 0.3, dtype=torch.float64)

    def critic(a: torch.Tensor, b: torch.Tensor):
        return lambda x: torch.tanh(x @ a) @ b

    assert gradcheck(lambda a, b: r1(critic(a, b), x), (first, second))
    assert gradcheck(lambda a, b: r2(critic(a, b), x), (first, second))
    assert gradcheck(lambda a, b: gradient_penalty(critic(a, b), x, y, mix), (first, second))


def test_what_made_the_example_is_never_moved() -> None:
    x = normal(3, 4).requires_grad_()
    weight = normal(4, seed=1).requires_grad_()
    penalty = r2(lambda x: x.square() @ weight, x)
    penalty.sum().backward()
    assert x.grad is None and weight.grad is not None


def test_it_works_where_gradients_are_off_and_leaves_them_so() -> None:
    with torch.no_grad():
        value = squared_slope(lambda x: 2 * x.sum(1), torch.zeros(2, 3))
        assert not torch.is_grad_enabled()
    torch.testing.assert_close(value.detach(), torch.full((2,), 12.0))


def test_a_flat_critic_has_finite_gradients() -> None:
    critic = nn.Linear(3, 1)
    nn.init.zeros_(critic.weight)
    mix = torch.full((2, 1), 0.5)
    penalty = gradient_penalty(lambda x: critic(x).squeeze(1), torch.ones(2, 3), -torch.ones(2, 3), mix)
    torch.testing.assert_close(penalty.detach(), torch.ones(2))
    penalty.sum().backward()
    assert critic.weight.grad is not None and critic.weight.grad.isfinite().all()


@given(
    weight=st.floats(0, 100),
    every=st.integers(1, 32),
    start=st.integers(0, 1000),
)
def test_lazy_weights_average_to_the_weight(weight: float, every: int, start: int) -> None:
    period = [lazy(weight, every, start * every + i) for i in range(every)]
    assert period == [weight * every] + [0.0] * (every - 1)
