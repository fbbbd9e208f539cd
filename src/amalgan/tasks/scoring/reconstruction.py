"""How much of an example its code keeps.

test examples ─► code ─┬─► x'   PSNR, SSIM, Fréchet distance        vectors: mean squared error, R²
                       └─► x''  the same; spread over the noise
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.metrics.distortion import decibels, mean_squared_error, ssim
from amalgan.metrics.novelty import spread
from amalgan.modelfile import Model
from amalgan.streams import Draws, key
from amalgan.systems.abilities import Encodes, Realizes
from amalgan.tasks.generate import CHUNK, DecoderName
from amalgan.tasks.reconstruct import reconstruct
from amalgan.tasks.scoring.generation import distance
from amalgan.tasks.scoring.scores import Score, Trial, delivered, scored

RANGE = 2.0
"""From black to white."""
SPREAD_CODES, SPREAD_DRAWS = 64, 8


class Rebuilt(NamedTuple):
    """What one pass over the reconstructions finds."""

    error: float
    """Mean squared error, in the units of [-1, 1] or standardized entries."""
    similarity: float | None
    """Mean SSIM; None for vectors."""
    features: Tensor | None


def reconstruction_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Everything about the reconstructions of the held-out examples."""
    yield from decoder_scores(model, trial, "faithful", "", "reconstructions x'")
    if isinstance(model.system, Realizes):
        yield from decoder_scores(model, trial, "realistic", "_realistic", "realistic reconstructions x''")
        yield variety(model, trial)


def decoder_scores(
    model: Model, trial: Trial, decoder: DecoderName, suffix: str, what: str
) -> Iterator[Score]:
    """The scores of one decoder."""
    found = rebuild(model, trial, decoder)
    of = f"{trial.n} {what} of the {trial.split}"
    if found.similarity is None:
        name = f"mean squared error, {of}, standardized units"
        yield scored(f"squared_error{suffix}", lambda: found.error, name)
        kept = f"R², share of the variance that is kept, {of}, standardized units"
        yield scored(f"r_squared{suffix}", lambda: 1 - found.error / variance(trial), kept)
    else:
        similarity = found.similarity
        name = f"PSNR in dB, mean error of {of}, 8 bits"
        yield scored(f"psnr{suffix}", lambda: decibels(found.error, RANGE), name)
        yield scored(f"ssim{suffix}", lambda: similarity, f"SSIM, mean of {of}, 8 bits")
    if found.features is not None:
        yield distance(trial, f"frechet_distance_reconstruction{suffix}", found.features, what)


def rebuild(model: Model, trial: Trial, decoder: DecoderName) -> Rebuilt:
    """Reconstruct the held-out examples and compare, a chunk at a time."""
    error, similarity, looks = 0.0, 0.0, []
    pictures = trial.data.spec.kind == "image"
    decodes = reconstruct(model, trial.held_out, decoder=decoder, seed=trial.seed)
    for batch, decoded in zip(trial.held_out.batches(CHUNK), decodes, strict=True):
        shown = delivered(decoded)
        error += float(mean_squared_error(shown, batch.x).sum())
        similarity += float(ssim(shown, batch.x, RANGE).sum()) if pictures else 0.0
        looks += [trial.judge(shown)] if trial.features else []
    features = torch.cat(looks) if looks else None
    return Rebuilt(error / trial.n, similarity / trial.n if pictures else None, features)


def variance(trial: Trial) -> float:
    """Of the held-out vectors about their mean, averaged over entries; never quite 0."""
    return float(trial.held_out.take(slice(None)).double().var(0, correction=0).mean().clamp(min=1e-12))


@torch.no_grad()
def variety(model: Model, trial: Trial) -> Score:
    """How much the realistic decodes of one code differ."""
    codes = min(SPREAD_CODES, trial.n)
    units = "the range [-1, 1]" if trial.data.spec.kind == "image" else "standardized units"
    name = f"spread, deviation over {SPREAD_DRAWS} realistic decodes of each of {codes} codes, in {units}"
    return scored("spread", lambda: spread(repainted(model, trial, codes)), name)


def repainted(model: Model, trial: Trial, codes: int) -> Float[Tensor, "N R ..."]:
    """Several realistic decodes of each of some held-out examples."""
    code = model.require(Encodes).encode(trial.held_out.take(trial.held_out.spaced(codes)).to(model.device))
    paint = model.require(Realizes).realize
    rounds = [
        Draws(seed=key(trial.seed, "spread"), round=turn, total=codes, device=model.device)
        for turn in range(SPREAD_DRAWS)
    ]
    return torch.stack([delivered(paint(code, draws)).cpu() for draws in rounds], dim=1)
