"""A class can be asked for where asking makes a difference, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.core.randomness import Draws
from amalgan.data import Dataset
from amalgan.evaluation.evaluate import evaluate
from amalgan.evaluation.scores.score import Trial
from amalgan.evaluation.scores.utility import can_generate_classes
from amalgan.features import Features
from amalgan.studies.report.exhibits import by_class
from amalgan.systems.abilities import Generates
from amalgan.systems.fusion import Fusion
from amalgan.systems.model_file import Model
from amalgan.systems.registry import names
from amalgan.tasks.generate import classes_heard, generate
from amalgan.tasks.walk.walk import walk

Trained = Callable[[str, str], Model]


class Deaf(Fusion):
    """Generates whatever it likes."""

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return super().generate(torch.full_like(label, 3), draws)


def deaf(model: Model) -> Model:
    system = Deaf(model.system.config, model.spec)
    system.load_state_dict(model.system.state_dict())
    return replace(model, system=system.eval().requires_grad_(False))


def test_a_system_that_hears_no_label_refuses_it_at_every_door(trained: Trained) -> None:
    model = deaf(trained("fusion", "digits"))
    assert classes_heard(model) == () and model.system.classes_shown
    for ask in (lambda: next(generate(model, 4, label="3")), lambda: walk(model, frames=2, label="3")):
        with pytest.raises(UsageError, match=r"makes the same examples whatever class is asked for. Leave"):
            ask()
    assert len(next(generate(model, 4))) == 4
    assert [said for said, _ in by_class(model, 0)] == ["new"]


def test_what_was_not_asked_for_is_not_measured(trained: Trained, digits: Dataset, judge: Features) -> None:
    model = trained("fusion", "digits")
    found = [set(evaluate(one, digits, features=judge, count=40).metrics) for one in (model, deaf(model))]
    assert "label_agreement" in found[0] and "label_agreement" not in found[1]
    trial = Trial(data=digits, features=judge, count=40, seed=0)
    assert can_generate_classes(model, trial) and not can_generate_classes(deaf(model), trial)


@pytest.mark.parametrize(
    "name", ["autoencoder", "augmented", "fusion", "gan", "quantized", "regularized", "supervised"]
)
def test_built_in_systems_hear(name: str, trained: Trained) -> None:
    model = trained(name, "digits")
    assert name in names() and isinstance(model.system, Generates)
    assert classes_heard(model) == model.system.classes_shown != ()
