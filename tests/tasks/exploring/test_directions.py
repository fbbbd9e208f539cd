"""Directions of codes whose covariance is known, under a linear decoder whose effect is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from amalgan.core.errors import DataError
from amalgan.core.types import DataSpec
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import (
    Direction,
    between_classes,
    class_means,
    decoded,
    effect,
    measure_turned,
    principal,
    strength,
    strips,
    to_classes,
)

SPEC = DataSpec(kind="vector", shape=(3,), classes=("a", "b", "c"), center=(0.0,) * 3, spread=(1.0,) * 3)


class Linear(System):
    """x = code @ weight, and back."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__(None, SPEC)
        self.weight = torch.nn.Parameter(weight, requires_grad=False)

    def encode(self, x: Tensor) -> Tensor:
        return x @ self.weight.pinverse()

    def decode(self, code: Tensor) -> Tensor:
        return code @ self.weight


def linear(weight: Tensor) -> Model:
    return Model(Linear(weight), {"system": "linear", "spec": SPEC}, "0" * 16)


@pytest.fixture
def code() -> Tensor:
    """Codes with deviations 3, 2, 0.5 along the rows of a rotation."""
    raw = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    raw = raw - raw.mean(0)
    white = raw @ torch.linalg.inv(torch.linalg.cholesky(raw.T @ raw / len(raw))).T
    return (white * torch.tensor([3.0, 2.0, 0.5])) @ rotation() + torch.tensor([5.0, -1.0, 2.0])


def rotation() -> Tensor:
    random = torch.randn(3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return torch.linalg.qr(random).Q


def test_principal_directions_are_those_of_the_covariance(code: Tensor) -> None:
    found = principal(code.float(), 9)
    assert [direction.name for direction in found] == ["component 1", "component 2", "component 3"]
    total = 9 + 4 + 0.25
    assert [direction.share for direction in found] == pytest.approx(
        [9 / total, 4 / total, 0.25 / total], rel=1e-4
    )
    for direction, deviation, axis in zip(found, (3, 2, 0.5), rotation(), strict=True):
        assert float(direction.step.norm()) == pytest.approx(deviation, rel=1e-4)
        assert abs(float(direction.step @ axis.float())) == pytest.approx(deviation, rel=1e-4)
        assert direction.step[direction.step.abs().argmax()] > 0


def test_codes_that_do_not_vary_have_no_directions() -> None:
    assert principal(torch.ones(5, 4), 3) == []
    flat = torch.tensor([[1.0, 2.0], [3.0, 2.0]])
    assert [float(d.share or 0) for d in principal(flat, 3)] == pytest.approx([1.0])


def test_strips_and_effects_of_a_linear_decoder(code: Tensor) -> None:
    weight = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    model, direction = linear(weight), principal(code.float(), 1)[0]
    start = code[:2].float()
    steps = torch.tensor([-3.0, 0.0, 1.5])
    made = strips(model, direction, start, steps)
    expected = start @ weight + steps[:, None, None] * (direction.step @ weight)
    assert torch.allclose(made, expected.transpose(0, 1), atol=1e-4)
    assert torch.allclose(effect(model, direction, start), direction.step @ weight, atol=1e-4)


def test_strength_is_the_share_of_what_tells_decodes_apart(code: Tensor) -> None:
    """Of a linear decode W: |step W| over the root of twice the trace of its covariance."""
    weight = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]], dtype=torch.float64)
    direction = principal(code.float(), 1)[0]
    covariance = weight.T @ torch.cov(code.T, correction=0) @ weight
    expected = (direction.step.double() @ weight).norm() / (2 * covariance.trace()).sqrt()
    found = strength(linear(weight.float()), direction, code.float())
    assert found == pytest.approx(float(expected), rel=1e-4)


@pytest.fixture
def classes() -> tuple[Tensor, Tensor]:
    """Codes close around (0, 0, 0), (10, 0, 0) and (0, 4, 0); one unlabeled, one alone in its class."""
    means = torch.tensor([[0.0, 0, 0], [10, 0, 0], [0, 4, 0]])
    noise = torch.randn(60, 3, generator=torch.Generator().manual_seed(0)) * 0.1
    label = torch.arange(60) % 3
    extra = torch.tensor([[99.0, 0, 0]])
    return torch.cat([means[label] + noise, extra]), torch.cat([label, torch.tensor([-1])])


def test_class_means_and_the_ways_between_them(classes: tuple[Tensor, Tensor]) -> None:
    code, label = classes
    means = class_means(code, label)
    assert means is not None and means.classes.tolist() == [0, 1, 2]
    assert torch.allclose(means.mean[1], torch.tensor([10.0, 0, 0]), atol=0.1)
    to = to_classes(means, ("a", "b", "c"), 2)
    assert [direction.name for direction in to] == ["to a", "to b"]
    assert torch.allclose(means.whole + to[1].step, means.mean[1], atol=1e-5)
    between = between_classes(means, ("a", "b", "c"), 9)
    assert {(d.name, d.start, d.goal) for d in between} == {
        ("a to b", 0, 1),
        ("a to c", 0, 2),
        ("b to c", 1, 2),
    }
    lengths = [float((d.step / means.spread).norm()) for d in between]
    assert lengths == sorted(lengths)


def test_a_class_mean_needs_two_codes_and_two_classes(classes: tuple[Tensor, Tensor]) -> None:
    code, label = classes
    alone = torch.where(torch.arange(61) == 0, 1, torch.zeros(61, dtype=torch.int64))
    assert class_means(code, alone) is None
    assert class_means(code, torch.full_like(label, -1)) is None


def test_the_whole_way_turns_a_class_that_the_decoder_can_draw(classes: tuple[Tensor, Tensor]) -> None:
    code, label = classes
    means = class_means(code, label)
    assert means is not None
    way = between_classes(means, ("a", "b", "c"), 9)
    a_to_b = next(direction for direction in way if direction.name == "a to b")
    own = code[label == 0]
    assert measure_turned(linear(torch.eye(3)), own, a_to_b.step, 1, means) == (0.0, 1.0)
    blind = linear(torch.diag(torch.tensor([0.0, 1.0, 1.0])))  # a decoder that cannot draw the first entry
    assert measure_turned(blind, own, a_to_b.step, 1, means) == (0.0, 0.0)


def test_a_broken_model_is_named_as_such() -> None:
    broken = linear(torch.full((3, 3), torch.inf))
    with pytest.raises(DataError, match="decodes of this model: 2 of 2 examples hold NaN or infinity"):
        decoded(broken, torch.ones(2, 3))


def test_half_a_step_is_half_the_strength(code: Tensor) -> None:
    model, whole = linear(torch.eye(3)), principal(code.float(), 1)[0]
    half = replace(whole, step=whole.step / 2)
    both: Any = [strength(model, each, code.float()) for each in (half, whole)]
    assert 2 * both[0] == pytest.approx(both[1], rel=1e-5)
    assert isinstance(half, Direction)
