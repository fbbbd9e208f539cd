"""Between waves and the maps that networks see.

    wave (B, T) ─► short-time spectrum ─► power in mel bands ─► dB under the loudest ─► map (B, 1, bands, frames)
    map ─► power in bands ─► magnitudes of the spectrum ─► phases by Griffin-Lim ─► wave (B, T), its peak at PEAK

A map is 1 where the clip is loudest and -1 at ``FLOOR`` dB under it and below. Low bands are the first rows. What lies
under the floor is not told apart: there, a network would learn the hiss and the padding.

The mel scale: Stevens, Volkmann & Newman 1937, as 2595 log10(1 + f / 700). Phases: fast Griffin-Lim, Perraudin, Balazs
& Søndergaard 2013. Magnitudes from bands: multiplicative updates, Lee & Seung 2001.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from amalgan.kinds.sound.geometry import FLOOR, PEAK, Geometry

ROUNDS, MOMENTUM = 32, 0.99
"""Of Griffin-Lim."""
UPDATES = 12
"""From bands to magnitudes."""
TOGETHER = 32
"""Maps that are made into waves at a time."""
SILENT = -60.0
"""dB; a wave with nothing louder is silent, and its map is all floor."""
LEAST = 1e-10
"""The smallest power; digital silence has none."""


def log_mel(wave: Float[Tensor, "B T"], geometry: Geometry) -> Float[Tensor, "B 1 bands frames"]:
    """Return the maps of waves, in [-1, 1]."""
    power = spectrum(wave, geometry).abs().square()
    level = (bank(geometry).to(wave.device) @ power).clamp(min=LEAST).log10().mul(10)
    loudest = level.amax((1, 2), keepdim=True).clamp(min=SILENT)
    return (1 + 2 * (level - loudest) / FLOOR).clamp(min=-1)[:, None]


def waves_of(x: Float[Tensor, "N 1 bands frames"], geometry: Geometry) -> Float[Tensor, "N T"]:
    """Return waves that have about those maps, a few at a time."""
    if not len(x):
        return torch.zeros(0, geometry.samples)
    return torch.cat([wave_of(part, geometry) for part in x.split(TOGETHER)])


def wave_of(x: Float[Tensor, "B 1 bands frames"], geometry: Geometry) -> Float[Tensor, "B T"]:
    """Return waves that have about those maps."""
    level = (x[:, 0].float().clamp(-1, 1) - 1) * (FLOOR / 2)
    power = torch.pow(10.0, level / 10) * (x[:, 0] > -1)
    wave = griffin_lim(magnitudes(power, geometry), geometry)
    return wave * (PEAK / wave.abs().amax(1, keepdim=True).clamp(min=1e-9))


def spectrum(wave: Float[Tensor, "B T"], geometry: Geometry) -> Complex[Tensor, "B bins frames"]:
    """Return the short-time spectrum, a frame for each hop."""
    found = torch.stft(
        wave,
        geometry.window,
        geometry.hop,
        window=torch.hann_window(geometry.window, device=wave.device),
        pad_mode="constant",
        return_complex=True,
    )
    return found[..., : geometry.frames]


def inverse(found: Complex[Tensor, "B bins frames"], geometry: Geometry) -> Float[Tensor, "B T"]:
    """Return the wave whose spectrum is nearest to the one given."""
    window = torch.hann_window(geometry.window, device=found.device)
    return torch.istft(found, geometry.window, geometry.hop, window=window, length=geometry.samples)


def griffin_lim(size: Float[Tensor, "B bins frames"], geometry: Geometry) -> Float[Tensor, "B T"]:
    """Return waves whose spectra have about these magnitudes; the same ones at every call."""
    generator = torch.Generator().manual_seed(0)
    angle = torch.rand(size.shape[1:], generator=generator).to(size.device) * (2 * np.pi)
    phase = torch.polar(torch.ones_like(size), angle.expand_as(size))
    last = torch.zeros_like(phase)
    for _ in range(ROUNDS):
        now = spectrum(inverse(size * phase, geometry), geometry)
        phase = now + MOMENTUM * (now - last)
        phase, last = phase / phase.abs().clamp(min=1e-9), now
    return inverse(size * phase, geometry)


def magnitudes(power: Float[Tensor, "B bands frames"], geometry: Geometry) -> Float[Tensor, "B bins frames"]:
    """Return magnitudes whose power in the bands is about ``power``, none below 0."""
    weights = bank(geometry).to(power.device)
    found = weights.T @ power
    for _ in range(UPDATES):
        found = found * (weights.T @ power) / (weights.T @ (weights @ found)).clamp(min=1e-12)
    return found.sqrt()


@cache
def bank(geometry: Geometry) -> Float[Tensor, "bands bins"]:
    """Return the weights of the bands: triangles that are evenly spaced in mel, no narrower than a bin."""
    hertz = torch.linspace(0, geometry.rate / 2, geometry.window // 2 + 1)
    top = 2595 * np.log10(1 + geometry.rate / 2 / 700)
    edge = 700 * (10 ** (torch.linspace(0, top, geometry.bands + 2) / 2595) - 1)
    bin_width = geometry.rate / geometry.window
    rise, fall = (edge[k : k + geometry.bands + 1].diff().clamp(min=bin_width) for k in (0, 1))
    apart = hertz - edge[1:-1, None]
    weight = 1 - torch.where(apart < 0, -apart / rise[:, None], apart / fall[:, None])
    return weight.clamp(min=0)
