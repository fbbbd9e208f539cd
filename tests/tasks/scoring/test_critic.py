"""A critic that knows its training examples by heart is told from one that does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from amalgan.core.errors import DataError
from amalgan.core.randomness import Draws
from amalgan.data import Dataset, open_data
from amalgan.evaluation.scores.critic import critic_scores, overfitting
from amalgan.evaluation.scores.score import Trial
from amalgan.networks import Critic
from amalgan.systems import gan_losses
from amalgan.systems.base import System
from amalgan.systems.model_file import Model


class Nearest(nn.Module):
    """One feature: minus the squared distance to the nearest remembered example, so a memory and nothing else."""

    def __init__(self, memory: Tensor) -> None:
        super().__init__()
        self.memory = memory.flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        near = torch.cdist(x.flatten(1), self.memory).min(1).values.square()
        return torch.cat([near[:, None], torch.zeros(len(x), Critic.FEATURES - 1)], dim=1)


class Game(System):
    """Paints gray; judges by a given network."""

    judge = gan_losses.judge

    def __init__(self, data: Dataset, judge: nn.Module) -> None:
        super().__init__(None, data.spec)
        self.critic = Critic(judge, classes=0)
        nn.init.zeros_(self.critic.last.weight)
        self.critic.last.weight.data[0, 0] = -1.0

    def generate(self, label: Tensor, draws: Draws) -> Tensor:
        return torch.zeros(len(label), *self.spec.shape)


def overfit(data: Dataset, judge: nn.Module) -> float:
    model = Model(Game(data, judge), {"system": "game"}, "")
    (score,) = critic_scores(model, Trial(data=data, features=None, count=150, seed=0))
    assert score.value is not None
    return score.value


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_data("digits")


def test_a_memory_is_far_on_the_way(digits: Dataset) -> None:
    seen = digits.train.take(slice(None))
    mean = Nearest(seen.mean(0, keepdim=True))
    by_heart, in_general = overfit(digits, Nearest(seen)), overfit(digits, mean)
    assert 0.1 < by_heart < 1
    assert abs(in_general) < 0.1 < by_heart


def test_the_share_is_that_of_the_way() -> None:
    seen, new, made = (torch.full((4,), value) for value in (5.0, 4.0, 1.0))
    assert overfitting(seen, new, made) == pytest.approx(0.25)


def test_without_a_way_there_is_no_share() -> None:
    with pytest.raises(DataError, match="as real"):
        overfitting(torch.randn(50), torch.randn(50), torch.randn(50) + 5)
