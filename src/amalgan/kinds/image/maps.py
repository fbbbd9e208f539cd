"""Examples that lie on a plane, (C, H, W) in [-1, 1]: pictures, and the maps of sounds.

Squares of them are hidden, rectangles replaced, they are moved and bent; their networks are convolutions, and the
network that compares them is trained on the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amalgan.core.types import DataSpec
from amalgan.kinds.plain import Plain

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Generator, Tensor, nn

    from amalgan.config.code import Layout
    from amalgan.config.parts import Networks, Views
    from amalgan.core.randomness import Draws
    from amalgan.data import Dataset
    from amalgan.features.judge import Features
    from amalgan.networks import Paints

VARIED = 6.0
"""What the initial weights of the painting layer are multiplied by: untrained pictures then vary by about half as much
as they may. With no more variety than a decoder begins with, a generator learns the mean picture and long nothing else.
"""


class Maps(Plain):
    """What is the same for all of them."""

    def within(self, x: Tensor) -> Tensor:
        return x.clamp(-1, 1)

    def shown_to_critic(self, x: Tensor) -> Tensor:
        from amalgan.kinds.image import storing

        return storing.clamp(x)

    def invented(self, spec: DataSpec, draws: Draws) -> Tensor:
        return draws.uniform("x", *spec.shape) * 2 - 1

    def smooth(self, count: int, spec: DataSpec, generator: Generator) -> Tensor:
        from amalgan.kinds.image import storing

        return storing.smooth(count, spec.shape, generator)

    def masked(self, x: Tensor, share: float, draws: Draws) -> Tensor:
        from amalgan.data.transforms.corruption import hide_squares

        return hide_squares(x, share, draws)

    def view(self, x: Tensor, config: Views, draws: Draws) -> Tensor:
        from amalgan.data.transforms.views import bent

        return bent(x, config, draws)

    def spliced(self, x: Tensor, draws: Draws) -> Tensor:
        from amalgan.kinds.image import parts

        return parts.rectangles(x, draws)

    def parts(self, shape: tuple[int, ...]) -> Iterator[Tensor]:
        from amalgan.kinds.image import parts

        return parts.squares_of(shape)

    def part_side(self, shape: tuple[int, ...]) -> int | None:
        from amalgan.kinds.image import parts

        return parts.patch_of(shape)[0]

    def parts_map(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[1:]

    def code_size(self, spec: DataSpec) -> int:
        """One entry for 24 numbers of an example, 16 to 256."""
        return max(16, min(256, spec.size // 24))

    def codec_size(self, spec: DataSpec) -> int:
        return max(4, min(256, spec.size // 12))

    def varied(self) -> float:
        return VARIED

    def encoder(
        self, config: Networks, spec: DataSpec, features: int, layout: Layout | None
    ) -> nn.Module | None:
        from amalgan.kinds.image import networks

        return networks.encoder(config, spec, features, layout)

    def decoder(
        self, config: Networks, spec: DataSpec, features: int, extra: int, style: int, layout: Layout | None
    ) -> Paints | None:
        from amalgan.kinds.image import networks

        return networks.decoder(config, spec, features, extra, style, layout)

    def features(self, data: Dataset, cache: str | Path | None, device: str) -> Features:
        from amalgan.features.judge import load_or_train

        return load_or_train(data, cache=cache, device=device)

    def needs_teaching(self) -> bool:
        return True
