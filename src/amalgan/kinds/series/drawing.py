"""Windows as pictures: a panel a channel with its range and unit, time below.

 2.1 ┐      ╭╮
     │  ╭╮  ││            lines in the range of the training data, the same in every picture of one model
-0.9 ┘──╯╰──╯╰────
     0          128 steps
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from amalgan.core.types import DataSpec

WIDTH, LEFT, BELOW = 128, 34, 12
"""Pixels of a panel's width, and beside and below it for what the axes say."""
HIGH, LEAST, TALLEST = 64, 20, 240
"""Pixels of a panel's height, the least of them, and of all panels together."""
SHOWN = TALLEST // LEAST
"""At most so many channels have a panel; the last line says how many have none."""
INK, AXIS, PAPER = (31, 78, 121), (150, 150, 150), (255, 255, 255)
TEXT, FAINT = (90, 90, 90), (160, 160, 160)


def panels(stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
    """Draw windows (N, C, T) in the data's units, uint8 (N, H, W, 3)."""
    from amalgan.kinds.series import titles

    channels = min(spec.shape[0], SHOWN)
    high = max(LEAST, min(HIGH, TALLEST // channels))
    names, unshown = titles(spec)[:channels], spec.shape[0] - channels
    frame = Image.new("RGB", (LEFT + WIDTH + 2, channels * high + BELOW), PAPER)
    ends = [ends_of(spec, channel) for channel in range(channels)]
    pen, font = ImageDraw.Draw(frame), ImageFont.load_default(9)
    for channel, name in enumerate(names):
        axes(pen, font, channel * high, high, ends[channel], name if spec.shape[0] > 1 else "")
    below = f"{extent(spec)}, {unshown} more channels" if unshown else extent(spec)
    pen.text((LEFT, channels * high), "0", fill=TEXT, font=font)
    pen.text((LEFT + WIDTH, channels * high), below, fill=TEXT, font=font, anchor="ra")
    return np.stack([lined(frame, window[:channels], ends, high) for window in stored])


def axes(
    pen: ImageDraw.ImageDraw, font: Any, top: int, high: int, ends: tuple[float, float], name: str
) -> None:
    """The axes of a panel: its range, and the channel's name."""
    pen.line([(LEFT - 1, top + 1), (LEFT - 1, top + high - 2)], fill=AXIS)
    pen.line([(LEFT - 1, top + high - 2), (LEFT + WIDTH, top + high - 2)], fill=AXIS)
    pen.text((LEFT - 3, top), f"{ends[1]:.3g}", fill=TEXT, font=font, anchor="ra")
    pen.text((LEFT - 3, top + high - 1), f"{ends[0]:.3g}", fill=TEXT, font=font, anchor="rd")
    pen.text((LEFT + 2, top), name, fill=FAINT, font=font)


def lined(
    frame: Image.Image, window: NDArray[Any], ends: list[tuple[float, float]], high: int
) -> NDArray[np.uint8]:
    """One window drawn into a copy of the frame."""
    picture = frame.copy()
    pen = ImageDraw.Draw(picture)
    across = LEFT + np.linspace(0, WIDTH - 1, window.shape[1])
    for channel, (values, (low, up)) in enumerate(zip(window, ends, strict=True)):
        share = np.clip((np.nan_to_num(values) - low) / (up - low), 0, 1)
        down = channel * high + 2 + (1 - share) * (high - 6)
        pen.line([*zip(across.tolist(), down.tolist(), strict=True)], fill=INK)
    return np.asarray(picture, np.uint8)


def ends_of(spec: DataSpec, channel: int) -> tuple[float, float]:
    """The range of a channel in the training data; of a constant one, a little around it."""
    low, high = spec.facts["low"][channel], spec.facts["high"][channel]
    around = abs(low) * 0.1 or 1.0
    return (low, high) if high > low else (low - around, low + around)


def extent(spec: DataSpec) -> str:
    """How long a window is."""
    steps, apart = spec.shape[1], spec.facts["interval"]
    return f"{steps} steps" if apart is None else f"{steps * apart:.4g} {spec.facts['time_unit']}"


def with_units(name: str, unit: str) -> str:
    """``voltage (mV)``; the name alone where there is no unit."""
    return f"{name} ({unit})" if unit else name
