"""Pictures of any size and color, mended by a restorer in windows of bounded size.

    color (c, H, W) ─► as many channels as the model has ─► damaged as the user says ─► windows ─► mended (c, H, W)

A window sees as far beyond its own pixels as the network's reach, so that what comes out is what the whole picture at
once would give: there are no seams to hide. A gray model mends each channel of a color picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.config.systems.restoration import TASKS, RestoringTask
from amalgan.core.errors import AbilityError, BadPicture, UsageError
from amalgan.core.limits import MOST_PIXELS
from amalgan.data.transforms.damage import FACTORS, UNTOLD, Damaged, larger, level_of_factor
from amalgan.systems.abilities import Restores
from amalgan.systems.model_file import Model

WINDOW = 768
"""Pixels of a side that are mended at a time."""

Picture = Float[Tensor, "c H W"]
Mended = Float[Tensor, "c h w"]
"""At another size where it was enlarged."""


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What is to be done to every picture."""

    task: RestoringTask
    sigma: float | None = None
    """Denoise: the deviation of the noise, in gray levels of 255; None where it is not known."""
    factor: int = 2
    """Upscale: how many times as wide and high."""

    def __post_init__(self) -> None:
        if self.sigma is not None and self.task != "denoise":
            raise UsageError(f"sigma is the noise's deviation, and the task is {self.task}; leave it out")
        if self.factor not in FACTORS:
            raise UsageError(f"factor is {self.factor}; there are {', '.join(map(str, FACTORS))}")


def restorer_of(model: Model, repair: Repair) -> Restores:
    """The system of ``model``, which was trained for the task.

    Raises:
        AbilityError: it was not.
        UsageError: the noise is beyond what it was trained for.
    """
    system = model.require(Restores)
    if repair.task not in system.tasks:
        raise AbilityError(
            f"this restorer was trained to {', '.join(system.tasks)}, not to {repair.task}. Train one for it: "
            f"amalgan train DATA --system restorer --tasks {repair.task}"
        )
    most = 127.5 * system.most_noise
    if repair.sigma is not None and not 0 <= repair.sigma <= most:
        raise UsageError(f"sigma is {repair.sigma:g}; this model was trained for noise up to {most:g}")
    return system


@torch.no_grad()
def mend(model: Model, color: Picture, repair: Repair, known: Float[Tensor, "1 h w"] | None = None) -> Mended:
    """One picture in [-1, 1], mended.

    Args:
        known: inpaint: 0 in holes, 1 elsewhere.

    Raises:
        AbilityError: the model was not trained for that.
        BadPicture: the result would be too large.
    """
    system = restorer_of(model, repair)
    device = model.device
    x = enlarged(color, repair.factor) if repair.task == "upscale" else color
    known = torch.ones_like(x[:1]) if known is None else known
    level = level_of(repair, system)

    def of_part(part: Tensor, shown: Tensor) -> Tensor:
        count = len(part)
        task = torch.full((count,), TASKS.index(repair.task), device=device)
        levels = torch.full((count,), level, device=device)
        shown = shown.to(device).expand(count, -1, -1, -1)
        return system.restore(Damaged(part.to(device) * shown, task, levels, shown)).cpu()

    channels = model.spec.shape[0]
    return as_before(
        in_windows(of_part, as_read(x, channels), known, reach=system.reach, window=WINDOW), len(x)
    )


def level_of(repair: Repair, system: Restores) -> float:
    """How bad it is, as far as the user has said."""
    if repair.task == "upscale":
        return level_of_factor(repair.factor)
    return UNTOLD if repair.sigma is None else repair.sigma / 127.5 / system.most_noise


def enlarged(color: Picture, factor: int) -> Mended:
    """Scaled up, bicubic."""
    height, width = (side * factor for side in color.shape[1:])
    if height * width > MOST_PIXELS:
        raise BadPicture(
            f"would have {width}x{height} pixels; the most is {MOST_PIXELS // 10**6} million. Take a smaller factor"
        )
    return larger(color[None], (height, width))[0]


def as_read(x: Picture, channels: int) -> Float[Tensor, "B C H W"]:
    """One picture as a model of so many channels reads it: a gray one reads each channel."""
    if channels == len(x):
        return x[None]
    return x[:, None] if channels == 1 else x.expand(channels, -1, -1)[None]


def as_before(mended: Float[Tensor, "B C H W"], channels: int) -> Float[Tensor, "c H W"]:
    """Back to the picture's own channels."""
    flat = mended.flatten(0, 1)
    return flat if len(flat) == channels else flat.mean(0, keepdim=True)


def in_windows(
    apply: Callable[[Tensor, Tensor], Tensor],
    x: Float[Tensor, "B C H W"],
    known: Float[Tensor, "1 H W"],
    *,
    reach: int,
    window: int,
) -> Float[Tensor, "B C H W"]:
    """``apply`` to all of ``x``, a window at a time, each with ``reach`` more pixels around it."""
    found = torch.empty_like(x)
    for down, sees_down in windows(x.shape[2], window, reach):
        for across, sees_across in windows(x.shape[3], window, reach):
            done = apply(x[:, :, sees_down, sees_across], known[None, :, sees_down, sees_across])
            rows, columns = inside(down, sees_down), inside(across, sees_across)
            found[:, :, down, across] = done[:, :, rows, columns]
    return found


def windows(side: int, window: int, reach: int) -> Iterator[tuple[slice, slice]]:
    """Stretches of a side, and what is to be seen for each."""
    for start in range(0, side, window):
        stop = min(start + window, side)
        yield slice(start, stop), slice(max(0, start - reach), min(side, stop + reach))


def inside(part: slice, seen: slice) -> slice:
    """Where ``part`` lies within ``seen``."""
    return slice(part.start - seen.start, part.stop - seen.start)
