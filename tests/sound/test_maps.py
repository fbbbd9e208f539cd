"""Waves, their maps, and waves again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from amalgan.core.types import DataSpec
from amalgan.kinds import kind_named
from amalgan.kinds.sound.geometry import FLOOR, PEAK, Geometry
from amalgan.kinds.sound.judging import log_spectral_distance
from amalgan.kinds.sound.spectra import bank, log_mel, magnitudes, waves_of
from sounding import RATE, note

CLIP = Geometry.lasting(0.5, RATE)
SPEC = DataSpec(kind="sound", shape=CLIP.shape, facts=CLIP.facts)


def held(*waves: np.ndarray) -> torch.Tensor:
    """Waves filled up to the length of a clip."""
    return torch.stack([torch.from_numpy(np.pad(one, (0, CLIP.samples - len(one)))) for one in waves])


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100])
@pytest.mark.parametrize("seconds", [0.1, 0.77, 4.0])
def test_clips_hold_what_was_asked_for(rate: int, seconds: float) -> None:
    found = Geometry.lasting(seconds, rate)
    assert seconds <= found.seconds + 1e-9 and found.seconds - seconds < 8 * found.hop / rate
    assert found.frames % 8 == 0 and found.samples == found.frames * found.hop
    assert Geometry.lasting(found.seconds, rate) == found == Geometry.of(found.facts)
    assert 0.02 <= found.window / rate <= 0.05


def test_a_louder_sine_moves_no_map_and_a_higher_one_moves_up() -> None:
    low, loud, high = log_mel(held(note(300), 0.1 * note(300), note(1500)), CLIP)
    assert torch.allclose(low, loud, atol=1e-3)
    assert low.max() == 1 and low.min() == -1
    rows = [int(one[0].sum(1).argmax()) for one in (low, high)]
    centers = bank(CLIP) @ torch.linspace(0, RATE / 2, CLIP.window // 2 + 1) / bank(CLIP).sum(1)
    assert centers[rows[0]] == pytest.approx(300, abs=40) and centers[rows[1]] == pytest.approx(1500, abs=90)


def test_a_map_says_decibels_under_the_peak() -> None:
    twice = np.concatenate([note(500, 0.2) * 0 + 0.5, np.zeros(400, np.float32)])
    time = np.arange(len(twice)) / RATE
    steady = (np.sin(2 * np.pi * 500 * time) * twice).astype(np.float32)
    quieter = steady.copy()
    quieter[len(quieter) // 2 :] *= 0.1  # 20 dB
    x = log_mel(held(quieter), CLIP)[0, 0]
    row = int(x.sum(1).argmax())
    loud, soft = x[row, 4], x[row, int(0.15 * RATE / CLIP.hop)]
    assert float(loud - soft) * FLOOR / 2 == pytest.approx(20, abs=0.5)


def test_waves_come_back_with_the_same_map() -> None:
    chance = np.random.default_rng(0)
    noise = chance.normal(size=2000).astype(np.float32) * np.exp(-np.arange(2000) / 500).astype(np.float32)
    x = log_mel(held(note(300), note(900) + note(1800, level=0.2), noise), CLIP)
    again = waves_of(x, CLIP)
    assert again.shape == (3, CLIP.samples) and torch.allclose(again.abs().amax(1), torch.full((3,), PEAK))
    assert (log_spectral_distance(log_mel(again, CLIP), x) < 2.5).all()
    assert torch.equal(again, waves_of(x, CLIP)), "the same map gives the same wave"


def test_magnitudes_have_the_power_asked_for() -> None:
    x = log_mel(held(note(300)), CLIP)[:, 0]
    power = 10 ** ((x - 1) * FLOOR / 20)
    found = bank(CLIP) @ magnitudes(power, CLIP).square()
    assert float((found - power).norm() / power.norm()) < 0.05


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100])
def test_every_band_hears_something_and_no_pitch_is_lost(rate: int) -> None:
    weights = bank(Geometry.lasting(1, rate))
    assert (weights.max(1).values > 0.5).all()
    inside = weights[:, 2 : int(0.97 * weights.shape[1])]
    assert (inside.sum(0) > 0.4).all()


def test_the_log_spectral_distance_of_a_known_difference() -> None:
    real = torch.zeros(2, 1, 4, 3)
    made = real.clone()
    made[1, 0, :2] = 0.5  # half of the bands by a quarter of the floor
    expected = (0.5 * (0.5 * FLOOR / 2) ** 2) ** 0.5
    assert log_spectral_distance(made, real).tolist() == pytest.approx([0.0, expected])


def test_a_map_is_drawn_upright_and_louder_is_brighter() -> None:
    x = torch.full((1, 1, 4, 3), -1.0)
    x[0, 0, 0, 1] = 1.0  # the lowest band, in the middle
    picture = kind_named("sound").drawn_directly(x, SPEC)
    assert picture.shape == (1, 4, 3, 3) and picture.dtype == np.uint8
    assert picture[0, 3, 1].tolist() == [252, 253, 191] and picture[0, 0, 0].tolist() == [0, 0, 4]


def test_silence_and_what_is_no_number_make_no_noise() -> None:
    assert (waves_of(torch.full((1, *CLIP.shape), -1.0), CLIP) == 0).all()
    assert (log_mel(torch.zeros(1, CLIP.samples), CLIP) == -1).all()
    broken = kind_named("sound").to_stored(torch.full((1, *CLIP.shape), torch.nan), SPEC)
    assert (broken == 0).all()
