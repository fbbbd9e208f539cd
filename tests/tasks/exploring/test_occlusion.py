"""Maps of networks that look at a known place light up exactly there; every pixel is covered; memory is bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from amalgan.data import Dataset
from amalgan.kinds import kind_named
from amalgan.kinds.image import parts
from amalgan.kinds.image.parts import patch_of, squares, squares_of
from amalgan.networks import Critic
from amalgan.systems import abilities
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.occlusion import occlusion
from amalgan.tasks.explore.watched_networks import WatchedNetwork, list_networks

Trained = Callable[[str, str], Model]
IMAGE, VECTOR = kind_named("image"), kind_named("vector")


def changes_of(look: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[Tensor], Tensor]:
    """How far ``look`` (B, F) moves."""
    return lambda hidden: (look(hidden) - look(x[None])).norm(dim=1)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (28, 28)])
def test_an_encoder_of_one_corner_lights_up_exactly_there(size: tuple[int, int]) -> None:
    """Light reaches as far as a square that touches the corner, and is strongest in the corner itself."""
    x, fill = torch.ones(1, *size), torch.zeros(1, *size)
    heat, count = occlusion(changes_of(lambda x: x[:, 0, :2, -2:].flatten(1), x), x, fill, IMAGE)
    patch, stride = patch_of((1, *size))
    reach = patch - 1
    lit = torch.zeros(size, dtype=torch.bool)
    lit[: 2 + reach, -2 - reach :] = True
    assert heat.shape == size and not heat[~lit].any() and heat[:2, -2:].min() > 0
    if stride == 1:
        assert (heat[lit] > 0).all()
    assert heat[:2, -2:].max() == heat.max() and count == len(torch.cat(list(squares_of((1, *size)))))


def test_a_map_is_the_mean_over_the_squares_that_hold_a_pixel() -> None:
    x, fill = torch.rand(3, 9, 12), torch.rand(3, 9, 12)
    weight = torch.randn(3, 9, 12)
    change = lambda hidden: ((x - hidden) * weight).flatten(1).sum(1)  # noqa: E731
    heat, _ = occlusion(change, x, fill, IMAGE)
    masks = torch.cat(list(squares_of((3, 9, 12)))).double()[:, 0]
    losses = ((x - fill) * weight).sum(0).double()
    amounts = (masks * losses).flatten(1).sum(1)
    expected = (amounts[:, None, None] * masks).sum(0) / masks.sum(0)
    assert torch.allclose(heat.double(), expected, atol=1e-4)


def test_single_pixels_are_mapped_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "patch_of", lambda shape: (1, 1))
    x, weight = torch.rand(1, 6, 7), torch.randn(1, 6, 7)
    heat, count = occlusion(
        lambda hidden: ((x - hidden) * weight).flatten(1).sum(1), x, torch.zeros(1, 6, 7), IMAGE
    )
    assert count == 42 and torch.allclose(heat, (x * weight)[0], atol=1e-6)


@pytest.mark.parametrize(("patch", "stride"), [(1, 1), (2, 1), (4, 2), (5, 2), (7, 3)])
def test_squares_cover_every_pixel_about_as_often(patch: int, stride: int) -> None:
    masks = torch.cat(list(squares(20, 11, patch, stride)))[:, 0]
    assert masks.flatten(1).any(1).all()
    cover = masks.sum(0)
    assert cover.min() >= (patch // stride) ** 2 and cover.max() <= (-(-patch // stride)) ** 2


def test_few_examples_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "HELD", 10 * 3 * 64)
    seen = []

    def change(hidden: Tensor) -> Tensor:
        seen.append(len(hidden))
        return hidden.flatten(1).sum(1)

    x = torch.rand(3, 8, 8)
    whole, _ = occlusion(change, x, torch.zeros(3, 8, 8), IMAGE)
    assert max(seen) == 10
    monkeypatch.undo()
    assert torch.allclose(whole, occlusion(change, x, torch.zeros(3, 8, 8), IMAGE)[0], atol=1e-4)


def test_entries_of_vectors_are_hidden_one_by_one() -> None:
    x, weight = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([3.0, 0.0, -4.0])
    heat, count = occlusion(lambda hidden: (x - hidden) @ weight, x, torch.zeros(3), VECTOR)
    assert count == 3 and heat.tolist() == [3.0, 0.0, -2.0]


def found(model: Model, size: int) -> dict[str, WatchedNetwork]:
    return {scorer.name: scorer for scorer in list_networks(model, torch.ones(size))}


def test_what_can_be_watched_follows_from_the_system(trained: Trained, digits: Dataset) -> None:
    fusion, gan = trained("fusion", "digits"), trained("gan", "digits")
    assert set(found(fusion, fusion.system.code_size)) == {"encoder", "critic"}
    assert [scorer.name for scorer in list_networks(gan, None)] == ["critic"]
    x, label = digits.test.take([3]), torch.tensor([2])
    for scorer in found(fusion, fusion.system.code_size).values():
        change = scorer.watch(x, label)
        assert change(x.repeat(3, 1, 1, 1)).abs().max() < 1e-5  # nothing hidden, nothing changed
        assert change(-x).abs().max() > 1e-3


def test_the_critic_is_told_the_label_and_its_sign_is_what_the_part_adds(
    trained: Trained, digits: Dataset
) -> None:
    model = trained("gan", "digits")
    critic = next(part for part in model.system.modules() if isinstance(part, Critic))
    x, hidden, label = digits.test.take([3]), digits.test.take([4, 5]), torch.tensor([2])
    expected = critic(x, label) - critic(hidden, label.repeat(2))
    (scorer,) = list_networks(model, None)
    assert torch.equal(scorer.watch(x, label)(hidden), expected)


def test_a_class_head_is_watched_once_there_is_the_ability(
    trained: Trained, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained("gan", "digits")
    whole: Any = type(model.system)

    class Classifying(whole):  # type: ignore[misc]
        def classify(self, x: Tensor) -> Tensor:
            return torch.stack([x.sum((1, 2, 3)), torch.zeros(len(x))], dim=1)

    system = Classifying(model.system.config, model.system.spec)
    monkeypatch.setitem(abilities.ABILITIES, "classify", object)
    watched = {scorer.name: scorer for scorer in list_networks(replace(model, system=system), None)}
    assert set(watched) == {"critic", "classes"}
    x = torch.full((1, 1, 8, 8), 1 / 64)  # logits (1, 0): class 0 is seen
    change = watched["classes"].watch(x, torch.tensor([1]))(torch.zeros(1, 1, 8, 8))
    expected = torch.tensor([1.0, 0.0]).log_softmax(0)[0] - torch.tensor(0.5).log()
    assert float(change) == pytest.approx(float(expected), abs=1e-6)
