"""Filling holes from a model's range: what is known stays, what is hidden is found where the model can show it."""

from __future__ import annotations

import pytest
import torch

from amalgan.core.errors import AbilityError, UsageError
from amalgan.systems.model_file import Model
from amalgan.tasks.restore.project import Spread, fill_holes, project
from amalgan.tasks.restore.restore import Answers, check, restore
from amalgan.tasks.restore.windows import Repair
from support import GRAY, build, examples, settled, stretches, warmed

INPAINT = Repair(task="inpaint")


def model(name: str = "fusion") -> Model:
    """A small model, some rounds into training."""
    system = build(name)
    state = warmed(system, examples(), stretches(system)[-1])
    header = {
        "system": name,
        "spec": {"kind": "image", "shape": list(GRAY.shape), "classes": list(GRAY.classes)},
    }
    return Model(settled(state.system, examples()).eval().requires_grad_(False), header, "0", None)


def with_hole(count: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures and what is known of them."""
    known = torch.ones(count, 1, 8, 8)
    known[..., 2:6, 2:6] = 0
    return examples(count=count).x.clamp(-1, 1), known


def test_what_is_known_stays_and_samples_differ() -> None:
    fused, (x, known) = model(), with_hole()
    found = project(fused, x, known, samples=4)
    assert found.shape == (3, 4, 1, 8, 8)
    kept = known.bool()[:, None].expand_as(found)
    assert torch.equal(found[kept], x[:, None].expand_as(found)[kept])
    holes = found[~kept].view(3, 4, -1)
    assert all(not torch.equal(holes[0, a], holes[0, b]) for a in range(4) for b in range(a))
    assert torch.equal(project(fused, x, known, samples=4), found)
    assert not torch.equal(project(fused, x, known, samples=4, decoder="realistic"), found)


def test_a_picture_that_the_model_can_show_is_found_again() -> None:
    fused, (_, known) = model(), with_hole()
    with torch.no_grad():
        fused.system.decoder.last.weight.mul_(5)  # type: ignore[operator, union-attr]  # untrained pictures hardly differ
        code = fused.system.encode(examples(count=3, seed=5).x)  # type: ignore[operator]
        shown = fused.system.decode(code).clamp(-1, 1)  # type: ignore[operator]
    before = (fill_holes(shown * known, known) - shown).square().sum()
    after = (project(fused, shown * known, known)[:, 0] - shown).square().sum()
    assert after < before / 4


def test_places_are_codes_in_deviations() -> None:
    generator = torch.Generator().manual_seed(0)
    code = torch.randn(2000, 3, generator=generator) @ torch.tensor([[2.0, 0, 0], [1, 1, 0], [0, 0, 0.1]]) + 5
    spread = Spread.of(code)
    place = spread.place(code)
    assert torch.allclose(place.T @ place / 2000, torch.eye(3), atol=1e-3)
    assert torch.allclose(spread.code(place), code, atol=1e-4)


def test_pictures_of_another_size_and_color_are_filled_at_their_own() -> None:
    fused = model()
    color = torch.rand(3, 20, 14, generator=torch.Generator().manual_seed(0)) * 2 - 1
    known = torch.ones(1, 20, 14)
    known[:, 5:12, 3:9] = 0
    first, second = restore(fused, color, INPAINT, known=known, answers=Answers(samples=2))
    for found in (first, second):
        assert found.shape == color.shape
        assert torch.equal(found[:, known[0] > 0], color[:, known[0] > 0])
    assert not torch.equal(first, second)


def test_what_cannot_be_is_refused_in_words() -> None:
    fused, color = model(), torch.zeros(1, 8, 8)
    with pytest.raises(AbilityError, match="these can: restorer"):
        check(fused, Repair(task="denoise"))
    with pytest.raises(AbilityError, match="'gan' cannot encode"):
        check(model("gan"), INPAINT)
    with pytest.raises(UsageError, match="a mask says where holes are"):
        restore(fused, color, INPAINT)
    with pytest.raises(UsageError, match="a restorer has one answer"):
        check(model("restorer"), INPAINT, Answers(samples=2))
    with pytest.raises(UsageError, match="samples is 0"):
        Answers(samples=0)
