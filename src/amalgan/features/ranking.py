"""Which measures can be trusted on this data: those that put sets of known quality in order.

    half of the held-out pictures ─┬─► compared with ─► every measure ─► in order, by a margin?
    sets of as many pictures ──────┘

    the other half ≤ slightly bent (as of a good model) < blurred < the mean picture, noise of the data's mean and
                                                                    covariance, white noise

The mean picture and the two kinds of noise have no order among themselves. A set that already scores as badly as a
measure can needs no margin to the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.randomness import key
from amalgan.data import Dataset
from amalgan.features import views
from amalgan.metrics.distribution import WIDEST_RADIUS, Moments, Prdc, frechet_distance, kernel_distance, prdc

FeatureExtractor = Callable[[Tensor], Float[Tensor, "N F"]]

LEAST, MOST = 100, 500
"""Pictures of each half; where there are fewer held-out ones, training pictures join them."""
BENT, BLUR, BLUR_PIXELS = 0.02, 1 / 32, 0.6
"""Displacement, and deviation of the blur, as shares of the side; the blur's least deviation in pixels."""
SOUND = 0.95
MARGIN, FARTHER, BOTTOM = 0.05, 1.1, 0.1
"""A worse set must lose so much of a share, or one over the root of n if that is more; or lie so many times as far;
a share below the last says that a set is bad, whatever the better one has."""
HIGHER_IS_BETTER = {
    "frechet_distance": False,
    "kernel_distance": False,
    "precision": True,
    "recall": True,
    "density": True,
    "coverage": True,
}


def find_fooled_measures(extract: FeatureExtractor, data: Dataset) -> dict[str, str]:
    """What each measure takes for better than it is; measures that keep the order are absent."""
    real, held_out = split_halves(data)
    found = {name: values(extract(real), extract(x)) for name, x in grade_sets(real, held_out).items()}
    return {
        measure: reason
        for measure in HIGHER_IS_BETTER
        if (
            reason := next(
                disorder(measure, {name: of[measure] for name, of in found.items()}, len(real)), ""
            )
        )
    }


def split_halves(data: Dataset) -> tuple[Tensor, Tensor]:
    """Two sets of as many held-out pictures, in a random order."""
    parts, found = [data.test, data.validation], len(data.test) + len(data.validation)
    if found < 2 * LEAST:
        parts.append(data.whole.select(data.whole.spaced(2 * LEAST - found)))
    rows = [part.select(part.spaced(2 * MOST)) for part in parts]
    x = torch.cat([part.take(slice(None)) for part in rows if len(part)])
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(key(0, "halves")))
    half = min(MOST, len(x) // 2)
    return x[order[:half]], x[order[half : 2 * half]]


def grade_sets(real: Float[Tensor, "N C H W"], held_out: Float[Tensor, "N C H W"]) -> dict[str, Tensor]:
    """Sets of pictures from good to bad, as files would hold them."""
    generator = torch.Generator().manual_seed(key(0, "ranking"))
    one = torch.ones(len(held_out), 1, 1, 1)
    bent = views.bend(held_out, one * BENT / views.FARTHEST_BEND, real, generator)
    blur = max(BLUR, BLUR_PIXELS / min(real.shape[2:]))
    blurred = views.blur(held_out, one * blur / views.WIDEST_BLUR, real, generator)
    made = {
        "held-out pictures": held_out,
        "slightly bent pictures": bent,
        "blurred pictures": blurred,
        "the mean picture": real.mean(0, keepdim=True).expand_as(real),
        "colored noise": views.colored_noise(len(real), real, generator),
        "white noise": 0.6 * torch.randn(real.shape, generator=generator),
    }
    return {name: views.eight_bits(x) for name, x in made.items()}


def values(real: Float[Tensor, "N F"], made: Float[Tensor, "N F"]) -> dict[str, float]:
    """Every measure of one set."""
    return {
        "frechet_distance": frechet_distance(Moments.of(made), Moments.of(real)),
        "kernel_distance": kernel_distance(made, real),
        **vars(neighborhoods(real, made)),
    }


def neighborhoods(real: Float[Tensor, "N F"], made: Float[Tensor, "M F"]) -> Prdc:
    """Precision and its kin in a feature network's features, the last of which says how damaged a picture looks.

    Distances alone take noise of the data's covariance for real. So what looks more damaged than 95 % of real pictures
    lies among none of them, and covers none.
    """
    ruled_out = damage(made) > damage(real).quantile(SOUND)
    return prdc(real, made, widest=WIDEST_RADIUS, ruled_out=ruled_out)


def damage(features: Float[Tensor, "N F"]) -> Float[Tensor, " N"]:
    """How damaged each picture looks to the feature network; more is worse."""
    return features[:, -1]


def disorder(measure: str, of: dict[str, float], n: int) -> Iterator[str]:
    """Each step at which the order is broken, in words."""
    held_out, bent, blurred, *ruined = of
    higher, margin = HIGHER_IS_BETTER[measure], max(MARGIN, n**-0.5)
    lead = of[bent] - of[held_out] if higher else of[held_out] - of[bent]
    if lead > margin * (1 if higher else abs(of[blurred])):
        yield f"it ranks {bent} ({of[bent]:.3g}) above {held_out} ({of[held_out]:.3g})"
    for better, bad in [(bent, blurred), *((blurred, name) for name in ruined)]:
        least = max(of[better] - margin, BOTTOM) if higher else FARTHER * max(of[better], 0.0)
        if (of[bad] >= least) if higher else (of[bad] <= least):
            yield f"it does not rank {better} ({of[better]:.3g}) above {bad} ({of[bad]:.3g})"
