"""The system that is trained to be compressed with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amalgan.config.fields import check
from amalgan.config.parts import Adam, Networks
from amalgan.config.sizes import BASE_NETWORKS, Preset
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec

CELL = 8
"""Pixels of a side for which a code of any size has one number in each channel."""


@dataclass(frozen=True, kw_only=True)
class CodecConfig:
    """Encoder, decoder and what the numbers between them cost, trained for few bits and small error together."""

    code_size: int | None = None
    """Numbers in the code; what is not worth its bits stays zero. By default one for 12 numbers of a picture, at most
    256. With --any-size: for each 8x8 pixels, 64 for gray and 96 for color."""
    any_size: bool = False
    """Convolutions alone, learned from patches: the model then reads pictures of their own size."""
    patch: int = 64
    """Side of the patches that --any-size learns from, in pixels."""
    weight: float = 0.003
    """Squared error (of the [-1, 1] range) that is worth a bit a pixel: the less, the more bits."""
    psnr: float = 0.0
    """Adapt the weight until reconstructions have so many decibels; 0 leaves it."""
    bits_per_pixel: float = 0.0
    """Adapt the weight until pictures take so many bits a pixel; 0 leaves it."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (
                self.patch >= CELL and self.patch % CELL == 0,
                f"patch is {self.patch}; it must be a multiple of {CELL}",
            ),
            (self.weight > 0, f"weight is {self.weight}; it must be above 0"),
            (min(self.psnr, self.bits_per_pixel) >= 0, "psnr and bits_per_pixel cannot be negative"),
            (not (self.psnr and self.bits_per_pixel), "psnr and bits_per_pixel are both given; give one"),
        )

    def resolved(self, spec: DataSpec) -> CodecConfig:
        """The same with every default that depends on the data filled in."""
        kind = kind_of(spec)
        check(
            (
                not self.any_size or not kind.refuses("own_size"),
                f"any_size is for pictures, and the data is {kind.nouns}",
            )
        )
        cells = 64 if spec.shape[0] == 1 else 96
        return replace(self, code_size=self.code_size or (cells if self.any_size else kind.codec_size(spec)))

    def preset(self, name: Preset) -> CodecConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else replace(self, network=BASE_NETWORKS)
