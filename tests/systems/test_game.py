"""What the critic is shown, and what comes back from it."""

import torch

from amalgan.config.parts import Critic as CriticConfig
from amalgan.core.randomness import Draws
from amalgan.kinds import kind_named
from amalgan.kinds.image.storing import clamp
from amalgan.systems import gan_losses

RANGE = torch.tensor([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0]).reshape(6, 1, 1, 1)


def returned(x: torch.Tensor, slope: float) -> list[float]:
    """What reaches pictures ``x`` of a loss with the same slope everywhere."""
    x = x.clone().requires_grad_()
    (clamp(x) * slope).sum().backward()
    assert x.grad is not None
    return x.grad.flatten().tolist()


def test_the_critic_sees_what_users_get() -> None:
    assert torch.equal(clamp(RANGE), RANGE.clamp(-1, 1))


def test_a_gradient_outward_is_dropped_and_one_inward_passes() -> None:
    assert returned(RANGE, 1.0) == [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]  # descent lowers: below -1 it may not
    assert returned(RANGE, -1.0) == [-1.0, -1.0, -1.0, -1.0, -1.0, 0.0]  # and raises: above 1 it may not


def test_vectors_have_no_range() -> None:
    vectors = torch.tensor([[-3.0, 3.0]])
    assert kind_named("vector").shown_to_critic(vectors) is vectors


class Bright(torch.nn.Module):
    """A critic that likes bright pictures."""

    shown = staticmethod(clamp)

    def forward(self, x: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        return x.flatten(1).sum(1)


def test_what_lies_beyond_the_range_earns_nothing() -> None:
    label, config = torch.zeros(6, dtype=torch.long), CriticConfig(loss="hinge")
    wide, narrow = (
        gan_losses.fool(Bright(), config, RANGE, x, label, Draws(seed=0, round=0, total=6))
        for x in (RANGE, RANGE.clamp(-1, 1))
    )  # type: ignore[arg-type]
    assert torch.equal(wide, narrow)
