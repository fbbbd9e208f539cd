"""What holds of examples that are arrays of numbers and nothing else is known of them: where a kind begins.

A kind inherits from ``Plain`` and says what differs. Nothing heavy is imported before it is used, so that looking at
data does not wait for torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.errors import ConfigError, UsageError
from amalgan.core.types import DataSpec
from amalgan.kinds.protocol import Likeness, Playable, SetMeasure, Stretch
from amalgan.kinds.refusals import PICTURES_ONLY as PICTURES_ONLY
from amalgan.kinds.refusals import R_SQUARED as R_SQUARED
from amalgan.kinds.refusals import UNLIKE_PLAIN, WORDS
from amalgan.kinds.refusals import all_but as all_but

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Generator, Tensor, nn

    from amalgan.codec.base import Coder
    from amalgan.config.code import Layout
    from amalgan.config.data import AugmentConfig, DataConfig
    from amalgan.config.parts import Networks, Views
    from amalgan.core.randomness import Draws
    from amalgan.core.shards import Shard
    from amalgan.core.types import Batch
    from amalgan.data import Dataset
    from amalgan.data.dataset.store import Pixels, Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures, Source
    from amalgan.features.judge import Features
    from amalgan.networks import Paints
    from amalgan.systems.base import System

HELD = 2**24
"""Numbers of hidden examples held at a time: 64 MiB."""


class Plain:
    """A kind of which nothing is known but that examples are arrays of numbers, all of one shape."""

    name = ""
    """Given by ``register``."""
    noun, nouns = "example", "examples"
    entries = "entries"
    by_look = False
    options: tuple[str, ...] = ()
    takes_command = tests_on_real = False
    of_recordings = takes_any = False
    refused: Mapping[str, str] = UNLIKE_PLAIN

    def text(self, spec: DataSpec) -> str:
        return f"{spec.size} numbers"

    def refuses(self, what: str) -> str:
        if what not in WORDS:
            raise KeyError(f"{what!r} is no word of WORDS, which lists what a kind can refuse")
        return self.refused.get(what, "").format(noun=self.noun, nouns=self.nouns)

    def reads(self, found: ArrayData | Pictures) -> bool:
        return False

    def hint(self, found: ArrayData | Pictures) -> str:
        return ""

    def asked(self, config: DataConfig, like: DataSpec | None) -> dict[str, Any]:
        return {name: found for name in self.options if (found := getattr(config, name)) is not None}

    def source(self, data: str | Path, source: Source, request: Request) -> Source:
        return source

    def read(
        self,
        name: str,
        found: ArrayData | Pictures,
        request: Request,
        into: Into,
    ) -> Iterator[None]:
        from amalgan.data.dataset.read_rows import read_rows

        return read_rows(self, name, found, into)

    def on_demand(
        self,
        source: Source,
        request: Request,
        shard: Shard,
        facts: dict[str, Any],
        origins: NDArray[np.int64],
    ) -> Pixels:
        """Read again, in order; going back begins at the first."""
        from amalgan.data.dataset.on_demand import ReadAgain
        from amalgan.data.dataset.reading import passing

        return ReadAgain(
            lambda into: passing(source, request, into),
            shard,
            len(origins),
            facts["shape"],
            self.stored_dtype(),
        )

    def stored_dtype(self) -> str:
        return "<f4"

    def amount(self, shape: tuple[int, ...]) -> str:
        return f"examples of {prod(shape)} numbers"

    def shape_of(self, stored: tuple[int, ...]) -> tuple[int, ...]:
        return stored

    def fits(self, stored: tuple[int, ...], like: DataSpec) -> bool:
        return self.shape_of(stored) == tuple(like.shape)

    def spec_of(self, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
        shape, classes = self.shape_of(store.pixels.shape[1:]), tuple(store.facts["classes"])
        return DataSpec(
            kind=self.name, shape=shape, classes=classes, names=tuple(store.facts.get("names", ()))
        )

    def held(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
        from amalgan.data.dataset.in_memory import vectors

        return vectors(x, spec)

    def typed(self, text: str, spec: DataSpec) -> Tensor | None:
        return None

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        import torch

        return torch.as_tensor(values).float()

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        values: NDArray[Any] = x.detach().cpu().float().numpy()
        return values

    def packed(self, x: Tensor) -> NDArray[Any]:
        return np.asarray(x.numpy())

    def unpacked(self, values: NDArray[Any]) -> Tensor:
        import torch

        return torch.from_numpy(values).float()

    def delivered(self, x: Tensor) -> Tensor:
        return x

    def within(self, x: Tensor) -> Tensor:
        return x

    def shown_to_critic(self, x: Tensor) -> Tensor:
        return x

    def entry_names(self, spec: DataSpec) -> list[str]:
        return list(spec.names) or [f"entry {k + 1}" for k in range(spec.size)]

    def in_units(self, difference: Tensor, spec: DataSpec) -> Tensor:
        return difference

    def file_ending(self) -> str:
        return ""

    def file_bytes(self, stored: NDArray[Any], text: Mapping[str, str] | None, spec: DataSpec) -> bytes:
        raise UsageError(f"{self.refuses('files')}. Give a name that ends in .npz.")

    def table(self, stored: NDArray[Any], spec: DataSpec, ending: str) -> bytes | None:
        return None

    def cleaned(
        self, data: bytes, spec: DataSpec, through: Callable[[Tensor], Tensor], text: Mapping[str, str]
    ) -> bytes:
        raise UsageError(f"{self.refuses('cleaning')}.")

    def known_endings(self) -> frozenset[str]:
        return frozenset()

    def file_facts(self, data: bytes) -> dict[str, Any]:
        raise UsageError(f"{self.refuses('files')}.")

    def drawn(self, stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
        raise UsageError(f"{self.refuses('drawing')}. Ask for no pictures of them.")

    def table_columns(self, spec: DataSpec) -> list[str]:
        return list(spec.names) or [f"x{at}" for at in range(spec.size)]

    def table_rows(
        self, stored: NDArray[Any], spec: DataSpec, first: int = 0
    ) -> Iterator[tuple[int, Sequence[float | str]]]:
        yield from enumerate(stored.reshape(len(stored), -1))

    def drawn_directly(self, x: Tensor, spec: DataSpec) -> NDArray[np.uint8]:
        return self.drawn(self.to_stored(x, spec), spec)

    def playable(self, stored: NDArray[Any], spec: DataSpec) -> Playable | None:
        return None

    def said_of_size(self, bytes_each: float, spec: DataSpec) -> str:
        return ""

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

    def measured(
        self,
        made: Iterable[Tensor],
        train: Iterable[Tensor],
        test: Iterable[Tensor],
        spec: DataSpec,
        valid: Callable[[Sequence[str]], Sequence[bool]] | None,
        seed: int,
    ) -> Iterator[tuple[str, float, str]]:
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
