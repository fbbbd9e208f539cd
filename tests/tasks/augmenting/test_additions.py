"""New examples against closed forms: a system whose code is the example itself shows what is done to codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.features.classifier_training import Labeled
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Augmenter, Policy, counts_of, recipe_of
from amalgan.tasks.augment.smote import smote

SPEC = DataSpec(kind="vector", shape=(2,), classes=("a", "b"), center=(0.0,) * 2, spread=(1.0,) * 2)


class Plain(System):
    """Its code is the example; it generates the number of the class that is asked for."""

    def __init__(self) -> None:
        super().__init__(None, SPEC)
        self.weight = nn.Parameter(torch.zeros(1))

    def encode(self, x: Tensor) -> Tensor:
        return x

    def decode(self, code: Tensor) -> Tensor:
        return code

    def generate(self, label: Tensor, draws: Draws) -> Tensor:
        return label[:, None].float() + draws.uniform("made", 2) / 2


def augmenter(x: Tensor, labels: list[int], kind: str, *, seed: int = 0, **settings) -> Augmenter:
    model = Model(Plain(), {"system": "test", "spec": SPEC.__dict__}, "0" * 16)
    return Augmenter(
        model=model,
        policy=Policy.of(model, kind, **settings),
        take=lambda rows: x[torch.from_numpy(rows)],
        labels=np.array(labels),
        seed=seed,
    )


def test_noise_varies_as_codes_do_within_their_class():
    """Classes far apart: noise scaled to all codes together would be a hundred times too wide."""
    generator = torch.Generator().manual_seed(0)
    within = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    x = torch.randn(4000, 2, generator=generator) @ within.T
    labels = [0] * 2000 + [1] * 2000
    x[2000:] += 100
    by = augmenter(x, labels, "noise", strength=0.5)
    recipe = by.recipe({0: 4000, 1: 4000})
    added = torch.cat(list(by.chunks(recipe))) - x[torch.from_numpy(recipe.source)]
    assert torch.allclose(torch.cov(added.T), 0.25 * within @ within.T, atol=0.02)
    assert added.mean(0).abs().max() < 0.02


@pytest.mark.parametrize(("kind", "low", "high"), [("interpolate", 0.0, 1.0), ("extrapolate", -0.5, 0.0)])
def test_ways_between_codes_of_one_class(kind, low, high):
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0], [5.0, 5.0], [6.0, 8.0]])
    by = augmenter(x, [0, 0, 1, 1], kind)
    recipe = by.recipe({0: 300, 1: 300})
    made = torch.cat(list(by.chunks(recipe)))
    source, other = x[torch.from_numpy(recipe.source)], x[torch.from_numpy(recipe.other)]
    assert (recipe.source != recipe.other).all() and (recipe.source // 2 == recipe.other // 2).all()
    share = (made - source) / (other - source)
    assert torch.allclose(share[:, 0], share[:, 1], atol=1e-5)
    assert low - 1e-5 <= share.min() < low + 0.02 and high - 0.02 < share.max() <= high + 1e-5


def test_generates_the_class_that_is_asked_for():
    by = augmenter(torch.zeros(4, 2), [0, 0, 1, 1], "generate")
    recipe = by.recipe({0: 300, 1: 100})
    made = torch.cat(list(by.chunks(recipe)))
    assert (made.floor() == torch.from_numpy(recipe.label)[:, None]).all()
    assert made.unique(dim=0).shape == made.shape


def test_each_example_is_a_source_as_often_as_any_other():
    labels = np.array([0] * 7 + [1] * 3)
    recipe = recipe_of(labels, {0: 17, 1: 3}, "noise", 0)
    assert sorted(np.bincount(recipe.source)[:7]) == [2, 2, 2, 2, 3, 3, 3]
    assert (np.bincount(recipe.source)[7:] == 1).all()
    assert (labels[recipe.source] == recipe.label).all()


def test_a_chunk_is_the_same_whoever_asks():
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    by, labels = augmenter(x, [0] * 40, "noise"), {0: 2 * CHUNK + 9}
    every = list(by.chunks(by.recipe(labels)))
    assert torch.equal(by.chunk(by.recipe(labels), 2), every[2]) and len(every[2]) == 9
    other = augmenter(x, [0] * 40, "noise", seed=1)
    assert not torch.equal(other.chunk(other.recipe(labels), 0), every[0])


def test_how_many():
    labels = np.array([0] * 10 + [1] * 4)
    assert counts_of(labels, None, False) == {0: 10, 1: 4}
    assert counts_of(labels, 0.5, False) == {0: 5, 1: 2}
    assert counts_of(labels, None, True) == {0: 0, 1: 6}
    assert counts_of(labels, 1.0, True) == {0: 10, 1: 16}
    with pytest.raises(UsageError, match="cannot be negative"):
        counts_of(labels, -1.0, False)
    with pytest.raises(UsageError, match="nothing is labeled"):
        counts_of(np.full(4, -1), None, True)


def test_policies_that_cannot_be():
    model = augmenter(torch.zeros(2, 2), [0, 1], "noise").model
    for settings in (
        {"kind": "generate", "strength": 1.0},
        {"kind": "noise", "strength": 0.0},
    ):
        with pytest.raises(UsageError):
            Policy.of(model, **settings)
    with pytest.raises(AbilityError, match="decode realistically"):
        Policy.of(model, "noise", decoder="realistic")
    assert Policy.of(model).kind == "extrapolate"


def test_smote_stays_on_lines_between_near_neighbors():
    """Two clusters of one class: a line between them would be a neighbor that is far."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(20, 2, generator=generator)
    x[10:] += 1000
    real = Labeled.of(torch.cat([x, torch.tensor([[7.0, 7.0]])]), torch.tensor([0] * 20 + [1]), SPEC)
    made = smote(real, {0: 500, 1: 3}, seed=0)
    assert torch.equal(made.label, torch.tensor([0] * 500 + [1] * 3))
    assert (torch.from_numpy(made.x[500:]) == 7).all()
    new = torch.from_numpy(made.x[:500])
    assert ((new < 10).all(1) | (new > 990).all(1)).all()
    assert min(distance_to_lines(x, one) for one in new[:20]) >= 0
    assert max(distance_to_lines(x, one) for one in new[:20]) < 1e-3


def distance_to_lines(x: Tensor, point: Tensor) -> float:
    """From the nearest line between two of ``x``."""
    a, b = x[:, None], x[None]
    along = ((point - a) * (b - a)).sum(2) / (b - a).square().sum(2).clamp(min=1e-9)
    nearest = a + along.clamp(0, 1)[..., None] * (b - a)
    return float((nearest - point).norm(dim=2).min())
