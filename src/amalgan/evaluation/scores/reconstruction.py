"""How much of an example its code keeps.

test examples ─► code ─┬─► x'   PSNR, SSIM, Fréchet distance        vectors: mean squared error, R²
                       └─► x''  the same; spread over the noise; what it costs and gains beside x', picture by picture
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.randomness import Draws, key
from amalgan.evaluation.scores.baselines import baseline_scores, in_decibels, score_mean
from amalgan.evaluation.scores.generation import distance
from amalgan.evaluation.scores.score import Score, Trial, compute_score
from amalgan.metrics.distortion import decibels
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.metrics.novelty import spread
from amalgan.metrics.statistics import bootstrap
from amalgan.systems.abilities import Encodes, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName
from amalgan.tasks.reconstruct import reconstruct_pairs

SPREAD_CODES, SPREAD_DRAWS = 64, 8
RESAMPLED_EXAMPLES = 2_000


class Rebuilt(NamedTuple):
    """What one pass over the reconstructions finds."""

    errors: Float[Tensor, " N"]
    """Mean squared error of each, in the units of [-1, 1] or standardized entries."""
    alike: dict[str, float]
    """The kind's further measures, each the mean over examples, by key."""
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
    if (peak := trial.kind.peak()) is None:
        return

    def cost(rows: Tensor) -> float:
        return decibels(float(faithful.errors[rows].mean()), peak) - decibels(
            float(realistic.errors[rows].mean()), peak
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
    score = compute_score(key, lambda: statistic(torch.arange(trial.n)), name)
    if score.value is None:
        return score
    n = min(trial.n, RESAMPLED_EXAMPLES)
    chosen = torch.randperm(trial.n, generator=torch.Generator().manual_seed(trial.seed))[:n]
    return replace(score, interval=bootstrap(lambda rows: statistic(chosen[rows]), n, seed=trial.seed))


def decoder_scores(trial: Trial, found: Rebuilt, suffix: str, what: str) -> Iterator[Score]:
    """The scores of one decoder."""
    of = f"{trial.n} {what} of the {trial.split}"
    if (peak := trial.kind.peak()) is not None:
        name = f"PSNR in dB, mean error of {of}, {trial.kind.steps()}"
        score = compute_score(f"psnr{suffix}", lambda: decibels(found.error, peak), name)
        yield in_decibels(score, found.errors, peak)
    else:
        name = f"mean squared error, {of}, {trial.kind.units()}"
        yield score_mean(compute_score(f"squared_error{suffix}", lambda: found.error, name), found.errors)
    if not trial.kind.refuses("r_squared"):
        kept = f"R², share of the variance that is kept, {of}, {trial.kind.units()}"
        yield compute_score(f"r_squared{suffix}", lambda: 1 - found.error / variance(trial), kept)
    for alike in trial.kind.likenesses():
        mean = partial(found.alike.__getitem__, alike.key)
        yield compute_score(f"{alike.key}{suffix}", mean, alike.name.format(of=of))
    if found.features is not None:
        yield distance(trial, f"frechet_distance_reconstruction{suffix}", found.features, what)


def rebuild(model: Model, trial: Trial, decoder: DecoderName) -> Rebuilt:
    """Reconstruct the held-out examples and compare, a chunk at a time."""
    errors, looks, kind = [], [], trial.kind
    alike = {one.key: 0.0 for one in kind.likenesses()}
    for x, decoded in reconstruct_pairs(model, trial.held_out, decoder=decoder, seed=trial.seed):
        shown = trial.delivered(decoded)
        errors.append(kind.apart(shown.double(), x.double()).square().flatten(1).mean(1))
        for one in kind.likenesses():
            alike[one.key] += float(one.measure(shown, x).sum())
        looks += [trial.judge(shown)] if trial.features else []
    features = torch.cat(looks) if looks else None
    means = {key: total / trial.n for key, total in alike.items()}
    return Rebuilt(torch.cat(errors), means, features)


def variance(trial: Trial) -> float:
    """Of the held-out vectors about their mean, averaged over entries; never quite 0."""
    return float(trial.held_out.take(slice(None)).double().var(0, correction=0).mean().clamp(min=1e-12))


@torch.no_grad()
def variety(model: Model, trial: Trial) -> Score:
    """How much the realistic decodes of one code differ."""
    codes = min(SPREAD_CODES, trial.n)
    of = f"realistic decodes of each of {codes} codes, in {trial.kind.units()}"
    name = f"spread, deviation over {SPREAD_DRAWS} {of}"
    return compute_score("spread", lambda: spread(repainted(model, trial, codes)), name)


def repainted(model: Model, trial: Trial, codes: int) -> Float[Tensor, "N R ..."]:
    """Several realistic decodes of each of some held-out examples."""
    code = model.require(Encodes).encode(trial.held_out.take(trial.held_out.spaced(codes)).to(model.device))
    paint = model.require(Realizes).realize
    rounds = [
        Draws(seed=key(trial.seed, "spread"), round=turn, total=codes, device=model.device)
        for turn in range(SPREAD_DRAWS)
    ]
    return torch.stack([trial.delivered(paint(code, draws)).cpu() for draws in rounds], dim=1)
