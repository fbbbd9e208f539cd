"""How unlike sets of windows are in what makes a series: its dependence in time, its frequencies, its scale.

    made, real (N, C, T) ─┬─► autocorrelation at each lag ────► mean absolute difference
                          ├─► log power spectrum ─────────────► mean absolute difference in decibels
                          ├─► variance of each channel ───────► largest relative difference
                          └─► ridge regression of the last quarter on the rest ─► R² on real windows

The regression, learned from made windows and tested on real ones, is train-on-synthetic-test-on-real (Esteban, Hyland
& Rätsch 2017, arXiv:1706.02633; the predictive score of Yoon, Jarrett & van der Schaar 2019), without a network whose
training would add its own noise. Where there are classes, ``evaluate`` gives the accuracy of a classifier as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import mean

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.kinds.measures import SetMeasure, Sets

DRAWS = 5
"""So many sets of training windows, at most, are measured for the floor, and averaged."""
LAST = 4
"""The last part of so many is forecast."""
RIDGE = 1e-2
"""Of the regression, relative to the mean variance of its inputs."""
FAINT = 1e-6
"""Power below this share of a channel's mean power is as good as none."""
Windows = Float[Tensor, "N C T"]


def measures() -> tuple[SetMeasure, ...]:
    """All of them, each beside that of training windows."""
    made = (SetMeasure(key, title, up, unit) for key, (title, unit, up, *_) in OWN.items())
    floor = (
        SetMeasure(f"{key}_floor", f"{title} of real examples", None, unit)
        for key, (title, unit, *_) in OWN.items()
    )
    return (*made, *floor)


def compute_measures(sets: Sets) -> Iterator[tuple[str, float, str]]:
    """Yield key, value and full name of each measure, of new windows and of as many training ones as are held out."""
    new, seen, real = (torch.cat(list(side)) for side in (sets.generated, sets.train, sets.test))
    of = f"{len(real)} held-out ones"
    draws = torch.randperm(len(seen), generator=torch.Generator().manual_seed(sets.seed)).split(len(real))[
        :DRAWS
    ]
    for key, (_, _, _, measure, name) in OWN.items():
        yield key, measure(new, real), name.format(made=f"{len(new)} generated windows", of=of)
        floor = [measure(seen[rows], real) for rows in draws if len(rows) == len(draws[0])]
        said = (
            f"{len(floor)} times {len(draws[0])} training windows"
            if len(floor) > 1
            else f"{len(draws[0])} training windows"
        )
        yield f"{key}_floor", mean(floor), name.format(made=said, of=of)


def varying(made: Windows, real: Windows) -> tuple[Windows, Windows]:
    """Both without the channels that are constant in ``real``, float64."""
    chosen = real.double().var((0, 2)) > 0
    return made.double()[:, chosen], real.double()[:, chosen]


def autocorrelation_error(made: Windows, real: Windows) -> float:
    """Mean absolute difference over channels and lags."""
    made, real = varying(made, real)
    return float((autocorrelation(made) - autocorrelation(real)).abs().mean())


def autocorrelation(x: Windows) -> Float[Tensor, "C L"]:
    """Of each channel at lags 1 to T / 2: the mean product of values so far apart, over the variance."""
    steps = x.shape[2]
    apart = x - x.mean((0, 2), keepdim=True)
    variance = apart.square().mean((0, 2)).clamp(min=1e-12)
    lags = range(1, max(2, steps // 2 + 1))
    found = [(apart[..., lag:] * apart[..., : steps - lag]).mean((0, 2)) / variance for lag in lags]
    return torch.stack(found, 1)


def spectrum_error(made: Windows, real: Windows) -> float:
    """Mean absolute difference in decibels over channels and frequencies."""
    made, real = varying(made, real)
    there = spectrum(real)
    least = FAINT * there.mean(1, keepdim=True)
    return float((10 * torch.log10((spectrum(made) + least) / (there + least))).abs().mean())


def spectrum(x: Windows) -> Float[Tensor, "C F"]:
    """Mean power of each channel at the frequencies above 0, of Hann windows."""
    taper = torch.hann_window(x.shape[2], periodic=False, dtype=x.dtype)
    return torch.fft.rfft((x - x.mean(2, keepdim=True)) * taper).abs().square().mean(0)[:, 1:]


def variance_error(made: Windows, real: Windows) -> float:
    """The largest relative difference of a channel's variance over windows and steps."""
    made, real = varying(made, real)
    there = real.var((0, 2))
    return float(((made.var((0, 2)) - there).abs() / there).max())


def forecast(made: Windows, real: Windows) -> float:
    """R² on ``real`` of the last quarter, by a regression on what is before that was learned from ``made``."""
    made, real = varying(made, real)
    (before, after), (shown, asked) = parted(made), parted(real)
    center, middle = before.mean(0), after.mean(0)
    apart = before - center
    gram = apart.T @ apart
    gram += RIDGE * gram.diagonal().mean().clamp(min=1e-12) * torch.eye(len(gram), dtype=gram.dtype)
    weight = torch.linalg.solve(gram, apart.T @ (after - middle))
    wrong = (shown - center) @ weight + middle - asked
    return float(1 - wrong.square().sum() / (asked - asked.mean(0)).square().sum().clamp(min=1e-12))


def parted(x: Windows) -> tuple[Float[Tensor, "N P"], Float[Tensor, "N Q"]]:
    """What a forecast is made from, at most 256 steps of it, and what is forecast."""
    steps = x.shape[2] - max(1, x.shape[2] // LAST)
    return x[:, :, max(0, steps - 256) : steps].flatten(1), x[:, :, steps:].flatten(1)


OWN = {
    "autocorrelation_error": (
        "ACF error",
        "",
        False,
        autocorrelation_error,
        "mean absolute error of the autocorrelation over channels and lags up to half a window, {made} against {of}",
    ),
    "spectrum_error": (
        "Spectrum error",
        "dB",
        False,
        spectrum_error,
        "mean absolute error of the power spectrum in dB over channels and frequencies, {made} against {of}",
    ),
    "variance_error": (
        "Variance error",
        "",
        False,
        variance_error,
        "largest relative error of the variance of a channel, {made} against {of}",
    ),
    "forecast": (
        "Forecast R²",
        "",
        True,
        forecast,
        "R² of forecasts of the last quarter of a window by ridge regression, learned from {made}, on {of}",
    ),
}
"""By key: title, unit, whether higher is better, the measure, and its name."""
