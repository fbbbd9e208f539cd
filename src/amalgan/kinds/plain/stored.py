"""How arrays of numbers of which nothing else is known are read, stored, written and shown: a half of ``plain``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.errors import UsageError
from amalgan.core.types import DataSpec
from amalgan.kinds.measures import Playable
from amalgan.kinds.refusals import PICTURES_ONLY as PICTURES_ONLY
from amalgan.kinds.refusals import R_SQUARED as R_SQUARED
from amalgan.kinds.refusals import UNLIKE_PLAIN, WORDS
from amalgan.kinds.refusals import all_but as all_but

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from amalgan.config.data import DataConfig
    from amalgan.core.shards import Shard
    from amalgan.data.dataset.store import Pixels, Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures, Source


class PlainStored:
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

    def read(self, name: str, found: ArrayData | Pictures, request: Request, into: Into) -> Iterator[None]:
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

    def decodes_in_any_order(self, source: Source) -> bool:
        return False

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

    def from_python(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
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
