"""The average of the weights, and what else a state holds."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from amalgan.config.parts import Prior
from amalgan.core.errors import FileError
from amalgan.training import state
from amalgan.training.state import WARMING, TrainState
from support import build, examples, settled, take_round, tick


def test_an_average_forgets_half_of_what_is_a_half_life_ago() -> None:
    now = TrainState.fresh(build("autoencoder"))
    weight = dict(now.average.named_parameters())["encoder.last.bias"]
    current = dict(now.system.named_parameters())["encoder.last.bias"]
    with torch.no_grad():
        weight.fill_(1.0)
        current.fill_(0.0)
    now.images = 10**9
    for _ in range(10):
        now.average_in(batch=100, half_life=1000)
    assert torch.allclose(weight, torch.full_like(weight, 0.5), atol=1e-5)
    assert current.abs().max() == 0


def test_early_averages_are_short_so_that_the_start_is_forgotten() -> None:
    now = TrainState.fresh(build("autoencoder"))
    weight = dict(now.average.named_parameters())["encoder.last.bias"]
    with torch.no_grad():
        weight.fill_(1.0)
        dict(now.system.named_parameters())["encoder.last.bias"].fill_(0.0)
    now.images = 2000
    now.average_in(batch=100, half_life=10_000)
    assert weight[0].item() == pytest.approx(0.5 ** (100 / (WARMING * 2000)))


def test_what_no_phase_trains_is_copied_not_averaged() -> None:
    system = build("autoencoder", prior=Prior(kind="learned", steps=3))
    now = TrainState.fresh(system)
    settled(system, examples())
    now.images = 10_000
    for number in range(5):
        take_round(now, examples(), tick(number, 0.5, 12))
        now.average_in(batch=12, half_life=10_000)
    owned = {id(parameter) for phase in now.phases for parameter in system.owned(phase)}
    trained = {name for name, parameter in system.named_parameters() if id(parameter) in owned}
    kept, current = now.average.state_dict(), system.state_dict()
    assert any(name.startswith("prior.velocity") for name in kept.keys() - trained)
    for name, value in kept.items():
        assert torch.equal(value, current[name]) == (name not in trained), name


def test_a_saved_state_comes_back_into_a_fresh_one(tmp_path: Path) -> None:
    first = TrainState.fresh(settled(build("fusion"), examples()))
    for number in range(3):
        take_round(first, examples(), tick(number, 0.9, 12))
    first.best = {name: value.clone() for name, value in first.average.state_dict().items()}
    first.curve, first.stop, first.rollbacks, first.rate_scale = [{"images": 12.0}], "enough", 2, 0.25
    state.save(first, tmp_path / "state.safetensors", {"seed": 0})
    second = TrainState.fresh(build("fusion", seed=1))
    state.restore(second, tmp_path / "state.safetensors", {"seed": 0})
    expected, found = state.tensors_of(first), state.tensors_of(second)
    assert expected.keys() == found.keys()
    assert all(torch.equal(value, found[name]) for name, value in expected.items())
    for name in ("round", "images", "rate_scale", "rollbacks", "curve", "stop"):
        assert getattr(first, name) == getattr(second, name)


def test_a_broken_number_is_seen_wherever_it_is_and_never_saved(tmp_path: Path) -> None:
    healthy = TrainState.fresh(settled(build("gan"), examples()))
    take_round(healthy, examples(), tick(1, 0.5, 12))
    assert healthy.finite()
    for place in ("system", "average", "exp_avg", "exp_avg_sq"):
        broken = copy.deepcopy(healthy)
        slot = next(iter(broken.optimizers[1].state.values()))
        owner = slot[place] if place.startswith("exp") else next(getattr(broken, place).critic.parameters())
        owner.data.view(-1)[-1] = float("nan")
        assert not broken.finite(), place
        if not place.startswith("exp"):
            with pytest.raises(FileError, match="holds numbers that are not finite"):
                state.save(broken, tmp_path / "state.safetensors", {})
    assert not (tmp_path / "state.safetensors").exists()
