"""Spoiled examples are made of two, and a model that knows what is normal tells them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from amalgan.core.randomness import Draws
from amalgan.data import Dataset
from amalgan.evaluation.scores.anomaly import anomaly_scores, spoiled
from amalgan.evaluation.scores.score import Trial
from amalgan.kinds import kind_named
from amalgan.kinds.image.parts import PATCH
from amalgan.systems.model_file import Model

Trained = Callable[[str, str], Model]


def draws(total: int) -> Draws:
    return Draws(seed=0, round=0, total=total)


def test_a_part_is_anothers_or_all_is_between() -> None:
    x = torch.arange(400.0).view(-1, 1, 1, 1).expand(-1, 2, 20, 30).contiguous()
    made = spoiled(x, draws(400), kind_named("image"))
    other = x.roll(1, 0)
    assert ((made[::2] == x[::2]) | (made[::2] == other[::2])).all()
    assert torch.equal(made[1::2], (x + other)[1::2] / 2)
    changed = (made[::2] != x[::2]).double().mean((1, 2, 3))
    assert PATCH[0] ** 2 * 0.8 < changed.min() and changed.max() < PATCH[1] ** 2 * 1.2
    assert changed.mean() == pytest.approx(0.45**2, rel=0.1)


def test_half_of_the_entries_of_a_vector() -> None:
    assert (kind_named("vector").spliced(torch.zeros(50, 9), draws(50)).sum(1) == 4).all()


@pytest.mark.parametrize(("system", "signal"), [("autoencoder", "joint"), ("gan", "critic")])
def test_the_score_says_by_what(trained: Trained, digits: Dataset, system: str, signal: str) -> None:
    trial = Trial(data=digits, features=None, count=500, seed=0)
    (found,) = anomaly_scores(trained(system, "digits"), trial)
    assert found.key == "anomaly_auroc" and found.value is not None
    assert f"189 of the {trial.split}" in found.name and found.name.endswith(f"signal {signal}")
    assert (0.6 if signal == "joint" else 0) < found.value < 1
    assert list(anomaly_scores(trained(system, "digits"), trial)) == [found]
