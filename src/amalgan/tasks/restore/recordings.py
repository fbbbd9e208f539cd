"""Recordings, restored as a whole: missing stretches filled, or noise taken away.

    gaps      steps (n, C) ─► windows around each hole ─► project: the decode that agrees with what is known ─► holes
              its ends are drawn to the values beside the hole, so that no jump is left
    denoise   steps ─► windows, a quarter apart ─► encode, decode ─► mean of all that lie over a step

What is known stays as it was in ``gaps``, to the last digit of its cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.data.decoding.pixels import from_pixels, to_pixels
from amalgan.systems.abilities import Decodes, Encodes, Samples
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName
from amalgan.tasks.restore.project import project

RecordingTask = Literal["gaps", "denoise"]
Steps = NDArray[np.float32]
"""(n, C) in the data's units; NaN where a value is missing."""
MOST = 0.75
"""Share of a window that a hole may take; a longer one says too little of what is in it."""


@dataclass(frozen=True)
class Mended:
    """A recording, restored."""

    steps: Steps
    filled: int
    """Values that are there now and were missing before; of ``denoise``, values that were replaced."""
    left: int
    """Values that are still missing, since their hole is too long, or that no whole window lies over."""


def check(model: Model, task: RecordingTask) -> None:
    """Refuse a model that lacks what the task needs.

    Raises:
        AbilityError: names the systems that can.
    """
    for ability in (Encodes, Decodes, Samples) if task == "gaps" else (Encodes, Decodes):
        model.require(ability)


def mend_recording(
    model: Model, steps: Steps, task: RecordingTask, *, decoder: DecoderName, seed: int
) -> Mended:
    """A recording with its gaps filled, or without noise.

    Raises:
        AbilityError: the model cannot do it.
    """
    check(model, task)
    return without_gaps(model, steps, decoder, seed) if task == "gaps" else without_noise(model, steps)


def without_gaps(model: Model, steps: Steps, decoder: DecoderName, seed: int) -> Mended:
    """Every hole filled that is not too long, those before it first."""
    found, window = steps.copy(), model.spec.shape[1]
    for start, stop in holes(steps):
        if stop - start > MOST * window or len(found) < window:
            continue
        first = int(np.clip((start + stop - window) // 2, 0, len(found) - window))
        part = slice(first, first + window)
        filling = filled(model, found[part], decoder, seed)
        inside = slice(start - first, stop - first)
        drawn = to_its_ends(found[part], filling, inside)
        gone = np.isnan(found[start:stop])
        found[start:stop][gone] = drawn[inside][gone]
    left = int(np.isnan(found).sum())
    return Mended(found, int(np.isnan(steps).sum()) - left, left)


def holes(steps: Steps) -> list[tuple[int, int]]:
    """Stretches of rows that miss a value each."""
    gone = np.isnan(steps).any(1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], gone, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def filled(model: Model, part: Steps, decoder: DecoderName, seed: int) -> Steps:
    """One window as the model can show it that agrees with what is known of it."""
    known = torch.from_numpy(np.isfinite(part).T[None].astype(np.float32))
    x = from_pixels(np.nan_to_num(part).T[None].copy(), model.spec)
    answer = project(model, (x * known).to(model.device), known.to(model.device), decoder=decoder, seed=seed)
    return np.asarray(to_pixels(answer[:, 0].cpu(), model.spec))[0].T


def to_its_ends(part: Steps, filling: Steps, inside: slice) -> Steps:
    """``filling``, moved so that it meets the known values beside a hole; between these it is moved less and less."""
    before, after = inside.start - 1, inside.stop
    ends = [at for at in (before, after) if 0 <= at < len(part) and np.isfinite(part[at]).all()]
    if not ends:
        return filling
    moved, at = filling.copy(), np.arange(len(part))
    # ``project`` gives known values back as they are, so its own trend beside the hole is continued from inside it
    edges = {before: inside.start, after: inside.stop - 1}
    for channel in range(part.shape[1]):
        apart = [part[end, channel] - filling[edges[end], channel] for end in ends]
        usual = np.abs(np.diff(part[:, channel][np.isfinite(part[:, channel])])).mean()
        jumps = [np.sign(one) * max(0.0, abs(one) - usual) for one in apart]
        moved[inside, channel] += np.interp(at[inside], ends, jumps).astype(np.float32)
    return moved


@torch.no_grad()
def without_noise(model: Model, steps: Steps) -> Mended:
    """The mean of the decodes of all windows over each step; steps under no whole window stay as they are."""
    window = model.spec.shape[1]
    apart = max(1, window // 4)
    whole = [(a, b) for a, b in solid(steps) if b - a >= window]
    starts = [at for a, b in whole for at in sorted({*range(a, b - window + 1, apart), b - window})]
    total, weight = np.zeros(steps.shape), np.zeros((len(steps), 1))
    taper = (np.hanning(window + 2)[1:-1] + 1e-3)[:, None]
    for number in range(0, len(starts), CHUNK):
        chosen = starts[number : number + CHUNK]
        decoded = passed_through(model, np.stack([steps[at : at + window].T for at in chosen]))
        for at, one in zip(chosen, decoded, strict=True):
            total[at : at + window] += one.T * taper
            weight[at : at + window] += taper
    reached = weight[:, 0] > 0
    found = steps.copy()
    found[reached] = (total[reached] / weight[reached]).astype(np.float32)
    return Mended(found, int(reached.sum()) * steps.shape[1], int((~reached).sum()) * steps.shape[1])


def solid(steps: Steps) -> list[tuple[int, int]]:
    """Stretches of rows between holes."""
    edges = [0, *(edge for hole in holes(steps) for edge in hole), len(steps)]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def passed_through(model: Model, windows: Float[Steps, "N C T"]) -> Float[Steps, "N C T"]:
    """Windows, encoded and decoded."""
    x: Tensor = from_pixels(windows, model.spec).to(model.device)
    again = model.require(Decodes).decode(model.require(Encodes).encode(x))
    return np.asarray(to_pixels(again.cpu(), model.spec))
