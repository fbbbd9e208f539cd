"""How data becomes examples: kind, size, color, and what is done to them on the way to training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from amalgan.config.fields import check


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """How a data set is read."""

    kind: str | None = None
    """What the examples are: image, sound, text, series, vector, or a kind of a plugin; by default what they look
    like."""
    size: str | None = None
    """Height x width of the images, such as 32 or 48x64; by default chosen by their proportions, and printed."""
    channels: Literal[1, 3] | None = None
    """1 gray, 3 color; by default gray only if every image is."""
    fit: Literal["crop", "pad", "stretch", "cut"] = "crop"
    """For other proportions: cut the long side, fill the short side, or distort; cut: the middle, not scaled."""
    background: str = "white"
    """Background color for transparent pixels and padding: a name or #rrggbb."""
    range: str | None = None
    """Values of black and white in images of more than eight bits, such as 0:4095; by default found in the data."""
    seconds: float | None = None
    """Sounds: seconds of a clip, at most 4; longer sounds are cut. By default 95 % of them are kept whole."""
    rate: int | None = None
    """Sounds: samples a second; by default that of most files, at most 24000. Arrays of waves do not say theirs."""
    label_column: str | None = None
    """Column of a label file that holds the class; by default found by its name."""
    layout: Literal["channels-first", "channels-last"] | None = None
    """series: axes of arrays of windows: (N, C, T) is channels-first, (N, T, C) channels-last."""
    window: int | None = None
    """series: steps of a window; recordings are cut into windows of so many."""
    step: int | None = None
    """series: steps from one window to the next; by default a quarter of a window."""
    time_column: str | None = None
    """series: column of a table that holds the time; by default found by its name."""
    text_column: str | None = None
    """Column of a table that holds the strings (--kind text); by default found by its name."""
    follow_links: bool = False
    """Read links that lead out of the folder, for data sets that consist of links."""
    keep: float | None = None
    """Train on a part of the training images: a fraction (0.1) or a number (600), balanced over classes."""
    labeled: float | None = None
    """Keep a part of the training labels: a fraction (0.01) or a number (100), balanced over classes; 0 hides all."""
    max_bad: int | None = None
    """Stop if more than N files are unusable; by default they are skipped and listed."""
    cache: str | None = None
    """Folder of the decoded cache; by default the user's cache folder."""
    decode: Literal["once", "on-demand"] | None = None
    """When files of images are decoded: once, into the cache, or on-demand, each time one is drawn. By default once, if
    the decoded images fit. The model is the same."""
    shuffle_buffer: int | None = None
    """Read archives in sequence, and shuffle images in a buffer of N. By default each epoch is shuffled as a whole."""

    @property
    def height_width(self) -> tuple[int, int] | None:
        """``size`` as numbers."""
        if self.size is None:
            return None
        parts = [int(part) for part in self.size.lower().split("x")]
        return (parts[0], parts[-1])

    @property
    def black_white(self) -> tuple[float, float] | None:
        """``range`` as numbers."""
        if self.range is None:
            return None
        black, _, white = self.range.partition(":")
        return (float(black), float(white))

    def _range_is_one(self) -> bool:
        try:
            found = self.black_white
        except ValueError:
            return False
        return found is None or (all(map(math.isfinite, found)) and found[0] < found[1])

    def __post_init__(self) -> None:
        parts = (self.size or "32").lower().split("x")
        check(
            (
                self._range_is_one(),
                f"--range is {self.range!r}; write what is black and what is white, the lower first, as 0:4095",
            ),
            (
                len(parts) in (1, 2)
                and all(part.isdecimal() and len(part) <= 4 and 8 <= int(part) <= 4096 for part in parts),
                f"--size is {self.size!r}; write one side (32) or height x width (48x64), each between 8 and 4096",
            ),
            (
                self.seconds is None or 0 < self.seconds <= 4,
                f"--seconds is {self.seconds:g}; sounds last at most 4 s here. Cut longer ones into clips"
                if self.seconds is not None
                else "",
            ),
            (
                self.rate is None or 1000 <= self.rate <= 96_000,
                f"--rate is {self.rate}; give samples a second, 1000 to 96000",
            ),
            (
                self.keep is None or 0 < self.keep < math.inf,
                f"--keep is {self.keep}; write a share below 1 (0.1) or a number of pictures (600)",
            ),
            (
                self.labeled is None or 0 <= self.labeled < math.inf,
                f"--labeled is {self.labeled}; write a share below 1 (0.01), a number of labels (100), or 0",
            ),
            (
                self.shuffle_buffer is None or self.shuffle_buffer >= 1,
                f"--shuffle-buffer is {self.shuffle_buffer}; the least is 1 image",
            ),
            (self.window is None or self.window >= 8, f"--window is {self.window}; the least is 8 steps"),
            (self.step is None or self.step >= 1, f"--step is {self.step}; the least is 1"),
            (
                self.max_bad is None or self.max_bad >= 0,
                f"--max-bad is {self.max_bad}; it cannot be negative",
            ),
        )


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """Random changes to training pictures, drawn anew each round. ``None`` takes the default of the data's kind."""

    flip: bool | None = None
    """Mirror left-right, half of the time. Default: on for color pictures, off for gray ones (digits, scans)."""
    shift: float | None = None
    """Move by up to this share of the side. Default 0."""
    rotate: float | None = None
    """Turn by up to so many degrees. Default 0."""
    zoom: float | None = None
    """Scale by up to this share, in or out. Default 0."""
    color: float | None = None
    """Change brightness, contrast and saturation by up to this share. Default 0."""

    def __post_init__(self) -> None:
        shares = {"shift": self.shift, "zoom": self.zoom, "color": self.color}
        check(
            *(
                (share is None or 0 <= share <= 1, f"{name} is {share}; it is a share, in [0, 1]")
                for name, share in shares.items()
            ),
            (
                self.rotate is None or 0 <= self.rotate <= 180,
                f"rotate is {self.rotate}; it is degrees, in [0, 180]",
            ),
        )
