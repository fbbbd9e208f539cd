"""A system judges examples where it says that it does, whatever networks it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan import networks
from amalgan.core.errors import UsageError
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data import Dataset
from amalgan.evaluation.evaluate import evaluate
from amalgan.networks import Critic
from amalgan.studies.explore.explore import explore
from amalgan.systems.abilities import Judges
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.signals import signals
from amalgan.tasks.judging import judge_of, why_silent

Trained = Callable[[str, str], Model]


class Coded(System):
    """Encodes, decodes and generates; its critic looks at codes."""

    def __init__(self, config: Any, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.encoder = networks.encoder(networks_of(config), spec, 6)
        self.decoder = networks.decoder(networks_of(config), spec, 6)
        self.critic = Critic(torch.nn.Linear(6, Critic.FEATURES), classes=0)

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(draws.normal("code", 6))


class Silent(Coded):
    """Judges, but not on this machine."""

    def judge(self, x: Float[Tensor, "B ..."], label: Int[Tensor, " B"] | None) -> Float[Tensor, " B"]:
        raise UsageError("its weights are not installed")


def networks_of(config: Any) -> Any:
    return config.network


def of(kind: type[System], model: Model) -> Model:
    system = kind(model.system.config, model.spec).eval().requires_grad_(False)
    return replace(model, system=system, coder=None)


@pytest.mark.parametrize("name", ["gan", "regularized", "augmented", "fusion"])
def test_critics_of_examples_judge_with_a_label_and_without(
    name: str, trained: Trained, digits: Dataset
) -> None:
    model, x = trained(name, "digits"), digits.test.take(slice(0, 5))
    judge = judge_of(model)
    assert judge is not None and why_silent(model) == ""
    each = torch.stack([judge.judge(x, torch.full((5,), number)) for number in range(10)])
    torch.testing.assert_close(judge.judge(x, None), each.max(0).values, atol=1e-5, rtol=0)


def test_a_critic_of_codes_is_no_judge_of_pictures(trained: Trained, digits: Dataset) -> None:
    model = of(Coded, trained("fusion", "digits"))
    assert model.part(Critic) is not None and not isinstance(model.system, Judges)
    assert set(signals(model, digits.test.take([0, 1]))) == {"reconstruction", "drift"}
    found = evaluate(model, digits, features=None, count=60)
    assert "critic_overfit" not in found.metrics and found.metrics["anomaly_auroc"] is not None
    assert {look["network"] for look in explore(model, digits, count=16).facts["looks"]} == {"encoder"}


def test_a_critic_that_cannot_judge_here_is_left_out_and_it_is_said_why(
    trained: Trained, digits: Dataset
) -> None:
    model = of(Silent, trained("fusion", "digits"))
    why = "the critic cannot judge here: its weights are not installed"
    assert judge_of(model) is None and why_silent(model) == why
    assert "critic" not in signals(model, digits.test.take([0, 1]))
    found = evaluate(model, digits, features=None, count=60)
    assert found.metrics["critic_overfit"] is None and why in found.names["critic_overfit"]
    assert any(why in warning for warning in found.warnings)
    facts = explore(model, digits, count=16).facts
    assert why in facts["cautions"] and {look["network"] for look in facts["looks"]} == {"encoder"}
