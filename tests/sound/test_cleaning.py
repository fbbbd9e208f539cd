"""Noise is removed as a Wiener filter removes it, by what a model knows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from amalgan.core.errors import BadPicture
from amalgan.kinds.sound.cleaning import cleaned, filtered, steady
from amalgan.kinds.sound.geometry import Geometry
from amalgan.kinds.sound.spectra import log_mel, spectrum
from sounding import RATE, note, wav, whole

CLIP = Geometry.lasting(0.5, RATE)


def ratio(clean: Tensor, made: Tensor) -> float:
    """Signal to noise in dB."""
    return float(10 * (clean.square().sum() / (made - clean).square().sum()).log10())


def noisy(decibels: float) -> tuple[Tensor, Tensor]:
    """A note in white noise, and without."""
    clean = torch.from_numpy(np.pad(note(400), (0, CLIP.samples - 2400)))[None]
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return clean + noise * (clean.norm() / noise.norm()) * 10 ** (-decibels / 20), clean


@pytest.mark.parametrize("decibels", [0.0, 10.0])
def test_a_model_that_knows_the_sound_removes_most_of_the_noise(decibels: float) -> None:
    hurt, clean = noisy(decibels)
    assert ratio(clean, hurt) == pytest.approx(decibels, abs=0.01)
    known = filtered(hurt, CLIP, lambda x: log_mel(clean, CLIP))
    ignorant = filtered(hurt, CLIP, lambda x: x)
    assert ratio(clean, known) > decibels + 8
    assert ratio(clean, known) > ratio(clean, ignorant) + 2


def test_what_has_no_noise_is_left_as_it_is() -> None:
    _, clean = noisy(0)
    assert ratio(clean, filtered(clean, CLIP, lambda x: x)) > 25


def test_the_power_of_steady_noise_is_found() -> None:
    noise = torch.randn(64, CLIP.samples, generator=torch.Generator().manual_seed(0))
    power = spectrum(noise, CLIP).abs().square()[:, 2:-2, 2:-2]
    share = float(steady(power).mean() / power.mean())
    assert 0.1 < share < 1.0, "the quietest frames are quieter than the mean; never louder"


def test_a_longer_sound_is_named() -> None:
    with pytest.raises(BadPicture, match=r"lasts 0\.[89]. s; this model cleans sounds of at most 0.5"):
        cleaned(wav(whole(note(300, 0.9), 16)), CLIP, lambda x: x)
