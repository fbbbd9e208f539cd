"""What every picture of a data set is made into: height, width, channels, and how other proportions fit.

    --size, --channels, or a model's own ─────────────────────────────────────────────► Layout
    neither: headers of all pictures ─► sizes (see proportions), all of them gray or not ─┘

Channels, when they are not asked for: 1 if every picture is gray, whatever it is stored in, else 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from amalgan.config.data import DataConfig
from amalgan.core.errors import ConfigError, DataError
from amalgan.core.types import DataSpec
from amalgan.data.decoding.proportions import Fit, Size, choose_size
from amalgan.data.decoding.ranges import Range
from amalgan.kinds import Kind, kind_named, kind_of
from amalgan.kinds.registry import given_options

SIZE_RULE = 3
"""Number of the rule by which a size is chosen; what was decoded by an earlier one is decoded again."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked of the pictures; ``None`` leaves the choice to the data."""

    size: Size | None
    channels: int | None
    fit: Fit
    background: str
    range: Range | None = None
    is_models_range: bool = False
    """It is what a model was trained with, not what was asked for now."""
    label_column: str | None = None
    kind: str | None = None
    """The kind of data; None: what it looks like."""
    look: str | None = None
    """The kind that it is where its look leaves a choice."""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What else the kind asks for, as plain JSON."""

    @classmethod
    def of(cls, config: DataConfig, like: DataSpec | None) -> Request:
        """The request of a reading configuration; a model's own form overrides it."""
        size = config.height_width
        channels: int | None = config.channels
        fit, background = config.fit, config.background.lower()
        within = None if config.black_white is None else Range(*config.black_white)
        if like is not None and not kind_of(like).refuses("size"):
            size, channels = (like.shape[1], like.shape[2]), like.shape[0]
            fit, background = like.fit, like.background
            within = Range(*like.range) if like.range else within
        color_of(background)
        return cls(
            size=size,
            channels=channels,
            fit=fit,
            background=background,
            range=within,
            is_models_range=like is not None and bool(like.range),
            label_column=config.label_column,
            kind=asked_kind(config, like),
            look=like.kind if like is not None else config.kind,
            extra=asked_extra(config, like),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the key of a cache."""
        left_out = {"look"} | {name for name in ("kind", "extra") if not getattr(self, name)}
        plain = {name: value for name, value in asdict(self).items() if name not in left_out}
        return plain | ({} if self.size else {"rule": SIZE_RULE})

    @property
    def settled(self) -> bool:
        """Nothing is left to choose."""
        return self.size is not None and self.channels is not None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What every picture becomes."""

    height: int
    width: int
    channels: int
    fit: Fit = "crop"
    background: tuple[int, int, int] = (255, 255, 255)
    range: Range | None = None
    """What is black and white in pictures of more than eight bits; None: as each file's kind of numbers says."""
    chosen: str = "asked for"
    """How size and channels came about, in words."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return (self.channels, self.height, self.width)

    @property
    def mode(self) -> Literal["L", "RGB"]:
        """Pillow's name for the channels."""
        return "L" if self.channels == 1 else "RGB"


def settle(
    request: Request, sizes: NDArray[np.integer[Any]], all_gray: bool, stored_in_color: bool = False
) -> Layout:
    """Fill in what ``request`` leaves open from the pictures' ``sizes`` (N, 2: height, width) and colors."""
    size, size_text = (request.size, "as asked") if request.size else choose_size(sizes)
    channels, channels_text = request.channels, "channels as asked"
    if channels is None:
        channels = 1 if all_gray else 3
        channels_text = "gray, as every picture is" if all_gray else "color, as some pictures are"
        channels_text += (
            "; all are gray, though stored in color: --channels 3 reads them so" if stored_in_color else ""
        )
    if channels not in (1, 3):
        raise DataError(
            f"pictures have 1 or 3 channels here, not {channels}. Read vectors, or use another model."
        )
    return Layout(
        height=size[0],
        width=size[1],
        channels=channels,
        fit=request.fit,
        background=color_of(request.background),
        range=request.range,
        chosen=f"{size_text}; {channels_text}",
    )


def asked_kind(config: DataConfig, like: DataSpec | None) -> str | None:
    """The kind that data is read as where its look does not tell: the model's, or what was asked for."""
    kind = expected(config, like)
    return None if kind is None or kind.by_look else kind.name


def expected(config: DataConfig, like: DataSpec | None) -> Kind | None:
    """The kind of a model, or what was asked for: by its name, or by an option that no other kind has."""
    if like is not None:
        return kind_of(like)
    if config.kind:
        return kind_named(config.kind)
    return next((kind for kind, _ in given_options(config)), None)


def asked_extra(config: DataConfig, like: DataSpec | None) -> dict[str, Any]:
    """What the kind asks for besides.

    Raises:
        ConfigError: an option is given that only another kind has.
    """
    kind = expected(config, like)
    if foreign := [
        f"--{name.replace('_', '-')} is for {other.nouns}; leave it out, or say --kind {other.name}"
        for other, name in given_options(config)
        if other is not kind
    ]:
        raise ConfigError(foreign)
    return {} if kind is None else kind.asked(config, like)


def color_of(background: str) -> tuple[int, int, int]:
    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except ValueError:
        message = f"--background is {background!r}; write a color's name (white) or #rrggbb"
        raise ConfigError([message]) from None
    return (red, green, blue)
