"""What a model makes of noise that it was not asked about: does a picture that passes through it come out cleaner?

test pictures ─► + noise of 25 levels of 255 ─┬─► restorer ─────────────► PSNR ─┐
                                              ├─► encoder ─► decoder ───► PSNR ─┴─► gain over
                                              └─► as they are ──────────► PSNR ───────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from amalgan.config.systems.restoration import TASKS
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.data.transforms.corruption import add_noise
from amalgan.data.transforms.damage import UNTOLD, Damaged
from amalgan.evaluation.scores.score import Score, Trial, compute_score
from amalgan.metrics.distortion import decibels, mean_squared_error
from amalgan.systems.abilities import Decodes, Encodes, Restores
from amalgan.systems.model_file import Model

SIGMA = 25
"""Deviation of the noise, in gray levels of 255."""
RANGE = 2.0
"""From black to white."""


def denoising_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """The gain, for models of pictures that reconstruct or restore."""
    denoise = find_denoiser(model)
    if denoise is not None and not trial.kind.refuses("gray_noise"):
        name = f"gain in PSNR in dB, {trial.n} of the {trial.split} with noise of deviation {SIGMA}, passed through"
        yield compute_score("denoising_gain", lambda: gain(denoise, model, trial), name)


def find_denoiser(model: Model) -> Callable[[Tensor], Tensor] | None:
    """How ``model`` passes pictures through."""
    system = model.system
    if isinstance(system, Restores):
        return (lambda x: system.restore(blind(x))) if "denoise" in system.tasks else None
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        return lambda x: system.decode(system.encode(x))
    return None


def blind(x: Tensor) -> Damaged:
    """Pictures with noise of which nobody knows how much it is."""
    task = torch.full((len(x),), TASKS.index("denoise"), device=x.device)
    return Damaged(x, task, torch.full((len(x),), UNTOLD, device=x.device), torch.ones_like(x[:, :1]))


@torch.no_grad()
def gain(denoise: Callable[[Tensor], Tensor], model: Model, trial: Trial) -> float:
    """Decibels, of the mean errors of all held-out pictures."""
    before = after = 0.0
    for chunk, batch in enumerate(trial.held_out.batches(CHUNK)):
        draws = Draws(seed=key(trial.seed, "denoising"), round=chunk, total=CHUNK, count=len(batch.x))
        noisy = add_noise(batch.x, SIGMA / 127.5, draws)
        before += float(mean_squared_error(trial.delivered(noisy), batch.x).sum())
        after += float(
            mean_squared_error(trial.delivered(denoise(noisy.to(model.device)).cpu()), batch.x).sum()
        )
    return decibels(after / trial.n, RANGE) - decibels(before / trial.n, RANGE)
