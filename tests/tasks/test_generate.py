"""Temperature: how far from the typical new examples are drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.core.randomness import Draws
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate
from amalgan.tasks.walk.walk import walk

Trained = Callable[[str, str], Model]


def test_normal_numbers_have_it_as_their_deviation_and_no_others_hear_it() -> None:
    plain, cool = (Draws(seed=1, round=2, total=9, temperature=t) for t in (1.0, 0.5))
    assert torch.equal(cool.normal("code", 3), plain.normal("code", 3) / 2)
    assert torch.equal(cool.narrow(2, 4).normal("code", 3), plain.narrow(2, 4).normal("code", 3) / 2)
    assert torch.equal(cool.uniform("part"), plain.uniform("part"))
    assert torch.equal(cool.integers("part", 5), plain.integers("part", 5))


@pytest.mark.parametrize("system", ["autoencoder", "fusion", "gan", "quantized"])
def test_new_examples_are_nearer_to_their_mean_the_lower_it_is(trained: Trained, system: str) -> None:
    model = trained(system, "digits")
    drawn = [next(generate(model, 200, label="3", temperature=t)) for t in (0.3, 0.6, 1.0, 1.4)]
    assert torch.equal(drawn[2], next(generate(model, 200, label="3")))
    assert all(low < high for low, high in pairwise(float(x.var(0).mean()) for x in drawn))


def test_at_zero_a_gan_of_a_class_has_one_picture_and_a_mixture_one_a_part(trained: Trained) -> None:
    gan, mixture = (trained(system, "digits") for system in ("gan", "autoencoder"))
    (one,) = generate(gan, 50, label="4", temperature=0.0)
    assert torch.allclose(one, one[:1].expand_as(one), atol=1e-6)
    own: Any = mixture.system
    (some,) = generate(mixture, 50, label="4", temperature=0.0)
    parts = int((own.prior.weight[4] > 0).sum())
    assert len(torch.unique((some * 1e3).round(), dim=0)) <= parts


def test_walks_hear_it(trained: Trained) -> None:
    for system in ("gan", "fusion"):
        lively, calm = (
            walk(trained(system, "digits"), label="3", frames=40, temperature=t) for t in (1.0, 0.3)
        )
        assert moved(calm) < moved(lively)


def moved(film: Tensor) -> float:
    return float((film[1:] - film[:-1]).square().mean())


@pytest.mark.parametrize("temperature", [-0.1, float("nan"), float("inf")])
def test_no_other_deviation_is_taken(trained: Trained, temperature: float) -> None:
    with pytest.raises(UsageError, match="it is 0 or more, and 1 draws as the model was trained"):
        next(generate(trained("gan", "digits"), 1, temperature=temperature))
    with pytest.raises(UsageError, match="it is 0 or more"):
        walk(trained("gan", "digits"), temperature=temperature)
