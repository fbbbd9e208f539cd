"""What holds of examples that are arrays of numbers and nothing else is known of them: where a kind begins.

A kind inherits from ``Plain`` and says what differs. Nothing heavy is imported before it is used, so that looking at
data does not wait for torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from amalgan.core.errors import ConfigError
from amalgan.core.types import DataSpec
from amalgan.kinds.measures import Likeness, SetMeasure, Sets, Stretch
from amalgan.kinds.plain.stored import PlainStored
from amalgan.kinds.refusals import PICTURES_ONLY as PICTURES_ONLY
from amalgan.kinds.refusals import R_SQUARED as R_SQUARED
from amalgan.kinds.refusals import all_but as all_but

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Generator, Tensor, nn

    from amalgan.codec.base import Coder
    from amalgan.config.code import Layout
    from amalgan.config.data import AugmentConfig
    from amalgan.config.parts import Networks, Views
    from amalgan.core.randomness import Draws
    from amalgan.core.types import Batch
    from amalgan.data import Dataset
    from amalgan.features.judge import Features
    from amalgan.networks import Paints
    from amalgan.systems.base import System

HELD = 2**24
"""Numbers of hidden examples held at a time: 64 MiB."""


class Plain(PlainStored):
    """A kind of which nothing is known but that examples are arrays of numbers, all of one shape."""

    def invented(self, spec: DataSpec, draws: Draws) -> Tensor:
        return draws.normal("x", *spec.shape)

    def smooth(self, count: int, spec: DataSpec, generator: Generator) -> Tensor:
        import torch

        return torch.randn(count, *spec.shape, generator=generator)

    def masked(self, x: Tensor, share: float, draws: Draws) -> Tensor:
        from amalgan.data.transforms.corruption import chosen

        return x * (1 - chosen(x[0].numel(), share, draws).to(x.dtype).reshape(x.shape))

    def view(self, x: Tensor, config: Views, draws: Draws) -> Tensor:
        return x

    def spliced(self, x: Tensor, draws: Draws) -> Tensor:
        entries = x[0].numel()
        return (draws.uniform("entries", entries).argsort(1).argsort(1) < entries // 2).reshape(x.shape)

    def parts(self, shape: tuple[int, ...]) -> Iterator[Tensor]:
        import torch

        from amalgan.core.limits import CHUNK

        one_each = torch.eye(prod(shape), dtype=torch.bool).reshape(-1, *shape)
        yield from one_each.split(max(1, min(CHUNK, HELD // prod(shape))))

    def part_side(self, shape: tuple[int, ...]) -> int | None:
        return None

    def parts_map(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape

    def versions(self, x: Tensor, changed: str) -> dict[str, Tensor]:
        return {"as they are": x}

    def resolve_augment(self, config: AugmentConfig, spec: DataSpec) -> AugmentConfig:
        from amalgan.data.transforms.augmentation import OFF, filled

        if (resolved := filled(config, flip=False)) != OFF:
            raise ConfigError(
                [
                    f"the data is {self.nouns}: leave out --flip, --shift, --rotate, --zoom and --color, which are for "
                    "pictures"
                ]
            )
        return resolved

    def classifier_moves(self, spec: DataSpec) -> AugmentConfig | None:
        return None

    def coarsened(self, x: Tensor, side: int) -> Tensor:
        return x

    def code_size(self, spec: DataSpec) -> int:
        return max(2, min(64, spec.size // 2))

    def codec_size(self, spec: DataSpec) -> int:
        return spec.size

    def colors(self, spec: DataSpec) -> int:
        return 1

    def varied(self) -> float:
        return 1.0

    def encoder(
        self, config: Networks, spec: DataSpec, features: int, layout: Layout | None
    ) -> nn.Module | None:
        return None

    def decoder(
        self, config: Networks, spec: DataSpec, features: int, extra: int, style: int, layout: Layout | None
    ) -> Paints | None:
        return None

    def system(self, name: str, usual: type[System]) -> type[System]:
        return usual

    def coder(self, system: System, batches: Iterable[Batch], seed: int) -> Coder | None:
        return None

    def strangeness(self, system: System, x: Tensor) -> dict[str, Tensor]:
        return {}

    def doubts(self, system: System, data: Dataset, device: str) -> Iterator[str]:
        return iter(())

    def set_measures(self) -> tuple[SetMeasure, ...]:
        return ()

    def measured(self, sets: Sets) -> Iterator[tuple[str, float, str]]:
        return iter(())

    def features(self, data: Dataset, cache: str | Path | None, device: str) -> Features:
        from torch import nn

        from amalgan.features.judge import Features

        return Features(f"{self.name}-entries", nn.Identity(), labeled=False, measured=True)

    def needs_teaching(self) -> bool:
        return False

    def apart(self, made: Tensor, real: Tensor) -> Tensor:
        return made - real

    def peak(self) -> float | None:
        return None

    def steps(self) -> str:
        return "not rounded"

    def units(self) -> str:
        return "units of the data"

    def likenesses(self) -> tuple[Likeness, ...]:
        return ()

    def stretches(
        self, names: Sequence[str], p_value: Sequence[float], alarms: Sequence[bool], facts: Mapping[str, Any]
    ) -> list[Stretch] | None:
        return None
