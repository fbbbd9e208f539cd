"""The restorer: what it learns from, how far it sees, and that it learns to mend."""

from __future__ import annotations

import pytest
import torch

from amalgan.config import fields
from amalgan.config.parts import Networks
from amalgan.config.systems import RestorerConfig
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import Draws, build_seeded
from amalgan.core.types import DataSpec
from amalgan.data.transforms.damage import UNTOLD, Damaged, damaged
from amalgan.metrics.distortion import pooled_psnr
from amalgan.systems.restorer import ORIENTATIONS, Restorer, cut_parts, turn
from amalgan.training.state import TrainState
from support import build, examples, take_round, tick
from workshop import Workshop

SPEC = DataSpec(kind="image", shape=(1, 32, 32))


def shaken(width: int = 8, blocks: int = 2, channels: int = 1) -> Restorer:
    """A restorer whose last layers are not zero."""
    spec = DataSpec(kind="image", shape=(channels, 32, 32))
    system = build_seeded(
        lambda: Restorer(RestorerConfig(network=Networks(width=width, blocks=blocks)), spec), 0
    )
    with torch.no_grad():
        for weight in system.parameters():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)) * 0.1)
    return system.eval()


def hurt(x: torch.Tensor, task: int = 0, level: float = UNTOLD) -> Damaged:
    count = len(x)
    return Damaged(x, torch.full((count,), task), torch.full((count,), level), torch.ones_like(x[:, :1]))


def test_untrained_it_changes_nothing() -> None:
    x = torch.randn(2, 1, 9, 13)
    assert torch.equal(build("restorer", SPEC).restore(hurt(x)), x)


@torch.no_grad()
def test_a_pixel_sways_no_other_beyond_the_reach_and_some_near_it() -> None:
    system, side = shaken(), 101
    x = torch.zeros(1, 1, side, side)
    poked = x.clone()
    poked[..., side // 2, side // 2] = 1
    moved = (system.restore(hurt(poked)) - system.restore(hurt(x)))[0, 0].abs() > 0
    down, across = torch.nonzero(moved).T - side // 2
    far = int(torch.maximum(down.abs(), across.abs()).max())
    assert system.reach - 4 <= far <= system.reach < side // 2


@torch.no_grad()
def test_it_hears_the_task_and_the_level_and_keeps_what_is_known() -> None:
    system, x = shaken(), torch.rand(2, 1, 16, 16)
    said = [system.restore(hurt(x, *how)) for how in ((0, UNTOLD), (0, 0.0), (0, 1.0), (2, UNTOLD))]
    assert all(not torch.equal(a, b) for at, a in enumerate(said) for b in said[:at])
    known = torch.ones(2, 1, 16, 16)
    known[..., 4:8, 4:8] = 0
    filled = system.restore(
        Damaged(x * known, torch.ones(2, dtype=torch.long), torch.full((2,), UNTOLD), known)
    )
    assert torch.equal(filled[known > 0], x[known > 0]) and bool((filled[known == 0] != 0).all())


def test_parts_are_parts_of_the_picture_turned_in_every_way() -> None:
    x = torch.arange(36.0).view(1, 1, 6, 6).expand(200, 1, 6, 6)
    found = cut_parts(x, 2, Draws(seed=0, round=0, total=200))
    corners = {tuple(one.flatten().tolist()) for one in found}
    every = {
        tuple(turn(x[0, :, top : top + 2, left : left + 2], way).flatten().tolist())
        for top in range(5)
        for left in range(5)
        for way in range(ORIENTATIONS)
    }
    assert corners <= every and len(corners) > 100
    assert cut_parts(x, 64, Draws(seed=0, round=0, total=200)).shape == x.shape


def test_it_learns_to_denoise() -> None:
    system = build("restorer", SPEC, tasks=("denoise",), patch=32, network=Networks(width=16))
    state, batch = TrainState.fresh(system), examples(SPEC, count=8)
    for number in range(120):
        take_round(state, batch, tick(number, number / 120, 8))
    noise = damaged(batch.x, ("denoise",), Draws(seed=9, round=0, total=8), noise=0.3, known_level=0)
    with torch.no_grad():
        mended = system.restore(noise)
    assert pooled_psnr(mended, batch.x, 2.0) > pooled_psnr(noise.x, batch.x, 2.0) + 3


def test_a_run_tells_how_well_it_restores_and_shows_it(workshop: Workshop) -> None:
    result = workshop.run(workshop.order("restorer"))
    assert 10 < result.metrics["validation_restored"] < 60
    assert list((workshop.folder / "run" / "samples").glob("restored-*.png"))


def test_what_cannot_be_is_refused_all_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        RestorerConfig(tasks=(), noise=0, patch=4)
    assert len(error.value.faults) == 3
    with pytest.raises(ConfigError, match="tasks are denois; there are denoise"):
        RestorerConfig(tasks=("denois",))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="mends pictures, and the data is vectors"):
        Restorer(RestorerConfig(), DataSpec(kind="vector", shape=(4,)))


def test_settings_of_an_earlier_version_are_read() -> None:
    settings = fields.to_json(RestorerConfig(known_level=0.5))
    before = {"told" if name == "known_level" else name: value for name, value in settings.items()}
    assert fields.from_json(RestorerConfig, before) == RestorerConfig(known_level=0.5)
