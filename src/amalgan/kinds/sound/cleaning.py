"""A sound without its noise, by a Wiener filter that a model tells what the sound should be.

    noisy clip ─► spectrum ─┬─► the quietest frames ─► power of the noise N ────────┐
                            └─► map less the noise ─► model ─► power of the sound S ┴─► S / (S + N) x spectrum ─► clip

The phases are those of the noisy sound, so nothing is guessed. The noise is taken to be steady. Wiener 1949; the noise
by the quietest frames: Martin 2001, IEEE Transactions on Speech and Audio Processing 9(5), in its simplest form.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.errors import BadPicture
from amalgan.kinds.sound.clips import clip, one_channel, without_silence
from amalgan.kinds.sound.geometry import FLOOR, Geometry
from amalgan.kinds.sound.recordings import recording
from amalgan.kinds.sound.spectra import LEAST, bank, inverse, spectrum

QUIET_SHARE = 0.2
"""Share of the frames, the quietest of each frequency, by which the noise is measured,"""
UNDERRATED = 2.0
"""and what their power is multiplied by: the quietest frames of steady noise have about half its power."""

Through = Callable[[Tensor], Tensor]
"""Maps through a model."""


def cleaned(data: bytes, geometry: Geometry, through: Through) -> NDArray[np.int16]:
    """Return the sound of a file as a clip, int16 (T,), without its noise.

    Raises:
        BadPicture: it is no sound, or longer than a clip.
    """
    found = recording(data)
    lasts = len(without_silence(one_channel(found.samples), found.rate)) / found.rate
    if lasts > geometry.seconds + 0.02:
        raise BadPicture(
            f"lasts {lasts:.2f} s; this model cleans sounds of at most {geometry.seconds:.2f} s. Cut it"
        )
    noisy = torch.from_numpy(clip(found, geometry, longest=None))[None].float() / 32767
    wave = filtered(noisy, geometry, through)[0].clamp(-1, 1)
    return np.asarray(np.rint(wave.numpy() * 32767), np.int16)


@torch.no_grad()
def filtered(noisy: Float[Tensor, "B T"], geometry: Geometry, through: Through) -> Float[Tensor, "B T"]:
    """Return waves without what is steady and unlike what the model makes of them."""
    found, weights = spectrum(noisy, geometry), bank(geometry)
    power = found.abs().square()
    noise = weights @ steady(power)
    less = (weights @ power - noise).clamp(min=LEAST)
    loudest = less.amax((1, 2), keepdim=True)
    x = (1 + 20 * (less / loudest).log10() / FLOOR).clamp(min=-1)[:, None]
    sound = loudest * torch.pow(10.0, (through(x).clamp(-1, 1)[:, 0] - 1) * FLOOR / 20)
    gain = weights.T @ (sound / (sound + noise)) / weights.sum(0).clamp(min=1e-3)[:, None]
    return inverse(found * gain.clamp(0, 1), geometry)


def steady(power: Float[Tensor, "B bins frames"]) -> Float[Tensor, "B bins 1"]:
    """Return the power of what is there all the time."""
    frames = max(1, round(QUIET_SHARE * power.shape[2]))
    return UNDERRATED * power.sort(dim=2).values[:, :, :frames].mean(2, keepdim=True)
