"""How much of an example its code keeps.

test examples ─► code ─┬─► x'   PSNR, SSIM, Fréchet distance        vectors: mean squared error, R²
                       └─► x''  the same; spread over the noise; what it costs and gains beside x', picture by picture
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.data.decoding.pixels import delivered
from amalgan.evaluation.scores.baselines import averaged, baseline_scores, in_decibels
from amalgan.evaluation.scores.generation import distance
from amalgan.evaluation.scores.score import Score, Trial, scored
from amalgan.metrics.distortion import decibels, mean_squared_error, ssim
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.metrics.novelty import spread
from amalgan.metrics.statistics import bootstrap
from amalgan.systems.abilities import Encodes, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName
from amalgan.tasks.reconstruct import reconstruct

BLACK, RANGE = -1.0, 2.0
"""The value of black, and how far white is from it."""
SSIM = "SSIM of intensities"
"""What its name begins with."""
SPREAD_CODES, SPREAD_DRAWS = 64, 8
RESAMPLED_EXAMPLES = 2_000


class Rebuilt(NamedTuple):
    """What one pass over the reconstructions finds."""

    errors: Float[Tensor, " N"]
    """Mean squared error of each, in the units of [-1, 1] or standardized entries."""
    similarity: float | None
    """Mean SSIM; None for vectors."""
    features: Tensor | None

    @property
    def error(self) -> float:
        """Mean squared error of all."""
        return float(self.errors.mean())


def reconstruction_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Everything about the reconstructions of the held-out examples."""
    faithful = rebuild(model, trial, "faithful")
    yield from decoder_scores(trial, faithful, "", "reconstructions x'")
    yield from baseline_scores(model, trial)
    if isinstance(model.system, Realizes):
        realistic = rebuild(model, trial, "realistic")
        yield from decoder_scores(trial, realistic, "_realistic", "realistic reconstructions x''")
        yield from differences(trial, faithful, realistic)
        yield variety(model, trial)


def differences(trial: Trial, faithful: Rebuilt, realistic: Rebuilt) -> Iterator[Score]:
    """What the realistic decodes cost and gain, each beside the faithful decode of the same picture."""
    if faithful.similarity is None:
        return

    def cost(rows: Tensor) -> float:
        return decibels(float(faithful.errors[rows].mean()), RANGE) - decibels(
            float(realistic.errors[rows].mean()), RANGE
        )

    def gain(rows: Tensor) -> float:
        real = Moments.of(trial.real[rows])
        far, near = (
            Moments.of(side.features[rows]) for side in (faithful, realistic) if side.features is not None
        )
        return frechet_distance(far, real) - frechet_distance(near, real)

    of = f"same {trial.n} of the {trial.split}, bootstrap interval"
    yield paired(trial, "psnr_cost", cost, f"PSNR of x' less that of x'' in dB, {of}")
    if faithful.features is not None and "frechet_distance" not in trial.judge.unfit:
        name = f"Fréchet distance of x' less that of x'', {of}, features {trial.judge.name}"
        yield paired(trial, "realism_gain", gain, name)


def paired(trial: Trial, key: str, statistic: Callable[[Tensor], float], name: str) -> Score:
    """The score of a statistic of the held-out examples, with its bootstrap interval over at most 2,000 of them."""
    score = scored(key, lambda: statistic(torch.arange(trial.n)), name)
    if score.value is None:
        return score
    n = min(trial.n, RESAMPLED_EXAMPLES)
    chosen = torch.randperm(trial.n, generator=torch.Generator().manual_seed(trial.seed))[:n]
    return replace(score, interval=bootstrap(lambda rows: statistic(chosen[rows]), n, seed=trial.seed))


def decoder_scores(trial: Trial, found: Rebuilt, suffix: str, what: str) -> Iterator[Score]:
    """The scores of one decoder."""
    of = f"{trial.n} {what} of the {trial.split}"
    if found.similarity is None:
        name = f"mean squared error, {of}, standardized units"
        yield averaged(scored(f"squared_error{suffix}", lambda: found.error, name), found.errors)
        kept = f"R², share of the variance that is kept, {of}, standardized units"
        yield scored(f"r_squared{suffix}", lambda: 1 - found.error / variance(trial), kept)
    else:
        similarity = found.similarity
        name = f"PSNR in dB, mean error of {of}, 8 bits"
        yield in_decibels(scored(f"psnr{suffix}", lambda: decibels(found.error, RANGE), name), found.errors)
        yield scored(f"ssim{suffix}", lambda: similarity, f"{SSIM}, mean of {of}, 8 bits")
    if found.features is not None:
        yield distance(trial, f"frechet_distance_reconstruction{suffix}", found.features, what)


def rebuild(model: Model, trial: Trial, decoder: DecoderName) -> Rebuilt:
    """Reconstruct the held-out examples and compare, a chunk at a time."""
    errors, similarity, looks = [], 0.0, []
    pictures = trial.data.spec.kind == "image"
    decodes = reconstruct(model, trial.held_out, decoder=decoder, seed=trial.seed)
    for batch, decoded in zip(trial.held_out.batches(CHUNK), decodes, strict=True):
        shown = delivered(decoded)
        errors.append(mean_squared_error(shown, batch.x))
        similarity += float(ssim(shown, batch.x, RANGE, black=BLACK).sum()) if pictures else 0.0
        looks += [trial.judge(shown)] if trial.features else []
    features = torch.cat(looks) if looks else None
    return Rebuilt(torch.cat(errors), similarity / trial.n if pictures else None, features)


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
