"""What is asked of a kind of data about examples as they come, lie in a store, and go: a half of ``protocol``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # configuration asks for nouns and refusals, and must not wait for torch
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from amalgan.config.data import DataConfig
    from amalgan.core.shards import Shard
    from amalgan.core.types import DataSpec
    from amalgan.data.dataset.store import Pixels, Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures, Source
    from amalgan.kinds.measures import Playable


class Stored(Protocol):
    """All that depends on what an example is."""

    name: str
    """As ``DataSpec.kind`` and ``--kind`` have it."""
    noun: str
    nouns: str
    """One example, and several: picture, pictures."""
    entries: str
    """What the numbers of an example are called: pixels, entries."""
    by_look: bool
    """All data of this kind is known by its look; of others it may have to be said (``--kind``, or by their models)."""
    takes_any: bool
    """It takes files that it may not be able to read, so that kinds that know theirs by name are asked first."""

    of_recordings: bool
    """Examples are windows of recordings, which are restored as a whole."""

    @property
    def options(self) -> tuple[str, ...]:
        """Fields of ``DataConfig`` that are for this kind alone."""

    def text(self, spec: DataSpec) -> str:
        """The shape as people write it."""

    def refuses(self, what: str) -> str:
        """Why ``what``, a word of ``refusals.WORDS``, is not for such examples; empty where it is."""

    # Reading and storing

    def reads(self, found: ArrayData | Pictures) -> bool:
        """Whether such data looks like examples of this kind."""

    def hint(self, found: ArrayData | Pictures) -> str:
        """What data that may be of several kinds would be as this one, and by which flags; empty: it is none."""

    def asked(self, config: DataConfig, like: DataSpec | None) -> dict[str, Any]:
        """What is asked for by ``options``, or was when the model of ``like`` was trained, as plain JSON."""

    def source(self, data: str | Path, source: Source, request: Request) -> Source:
        """``source``, which ``data`` names, as this kind reads it: tables of recordings become arrays of windows."""

    def read(self, name: str, found: ArrayData | Pictures, request: Request, into: Into) -> Iterator[None]:
        """Write ``found``, which ``name`` calls by its short name, ``into`` a store or a catalog; yield now and then.

        Raises:
            DataError: it is unreadable as a whole, or holds what no example of this kind does.
        """

    def on_demand(
        self,
        source: Source,
        request: Request,
        shard: Shard,
        facts: dict[str, Any],
        origins: NDArray[np.int64],
    ) -> Pixels:
        """The stored examples of a catalog, of which ``facts`` say how they were read, and ``origins`` from where."""

    def decodes_in_any_order(self, source: Source) -> bool:
        """Whether ``on_demand`` decodes one example of ``source`` at the cost of one, wherever it is."""

    def stored_dtype(self) -> str:
        """Of the numbers in a store, as NumPy writes it."""

    def amount(self, shape: tuple[int, ...]) -> str:
        """Many examples of a stored shape, in words: ``pictures of 32x32``."""

    def shape_of(self, stored: tuple[int, ...]) -> tuple[int, ...]:
        """``DataSpec.shape`` of examples that a store holds in such a shape."""

    def fits(self, stored: tuple[int, ...], like: DataSpec) -> bool:
        """Whether examples that a store holds in such a shape are of the shape that a model reads."""

    def spec_of(self, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
        """What the examples of a store are; what is estimated follows from its rows ``train`` alone."""

    def from_python(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
        """What a user of Python holds, one example or many, as networks see it.

        Raises:
            UsageError: it is not of this kind; says what was found.
        """

    def typed(self, text: str, spec: DataSpec) -> Tensor | None:
        """The example that a user has typed, (1, *spec.shape); None where examples come in files alone."""

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        """Stored examples as networks see them, (B, *spec.shape), on the device that they are on."""

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        """Examples as files hold them, on the CPU."""

    def packed(self, x: Tensor) -> NDArray[Any]:
        """Many examples as networks see them, in as little memory as files would take."""

    def unpacked(self, values: NDArray[Any]) -> Tensor:
        """The same as networks see them again."""

    def delivered(self, x: Tensor) -> Tensor:
        """``x`` as users get it: within its range, and in the steps that files have."""

    def within(self, x: Tensor) -> Tensor:
        """``x`` within its range; no gradient is wanted of it."""

    def shown_to_critic(self, x: Tensor) -> Tensor:
        """The same with gradients: what a critic sees of a generated example."""

    def entry_names(self, spec: DataSpec) -> list[str]:
        """What each entry is called that networks see."""

    def in_units(self, difference: Tensor, spec: DataSpec) -> Tensor:
        """A difference of two examples as networks see them in the data's units."""

    # Writing and showing

    def file_ending(self) -> str:
        """Of a file that holds one example; empty where examples go to tables and arrays alone."""

    def file_bytes(self, stored: NDArray[Any], text: Mapping[str, str] | None, spec: DataSpec) -> bytes:
        """One example as a file with that ending; ``text`` says where it came from."""

    def table(self, stored: NDArray[Any], spec: DataSpec, ending: str) -> bytes | None:
        """Examples as ``to_stored`` gives them as one file with that ending; None where they go as numbers."""

    def cleaned(
        self, data: bytes, spec: DataSpec, through: Callable[[Tensor], Tensor], text: Mapping[str, str]
    ) -> bytes:
        """A file of one example without its noise; ``through`` encodes and decodes examples as networks see them.

        Raises:
            BadPicture: it cannot be read, or is none that the model takes.
        """

    def known_endings(self) -> frozenset[str]:
        """Of files that hold one example and may say where it comes from, in lower case."""

    def file_facts(self, data: bytes) -> dict[str, Any]:
        """What such a file says of itself: ``size`` in words, ``provenance`` or None, and numbers.

        Raises:
            BadPicture: it holds no example.
        """

    def drawn(self, stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
        """Examples as ``to_stored`` gives them as pictures, uint8 (N, H, W) or (N, H, W, 3), all of one size."""

    def table_columns(self, spec: DataSpec) -> list[str]:
        """The head of a table of examples, where they go to tables."""

    def table_rows(
        self, stored: NDArray[Any], spec: DataSpec, first: int = 0
    ) -> Iterator[tuple[int, Sequence[float | str]]]:
        """Its rows: which of the examples, as ``to_stored`` gives them, each is of, and its cells.

        Args:
            first: the number of the first example among all of the table.
        """

    def drawn_directly(self, x: Tensor, spec: DataSpec) -> NDArray[np.uint8]:
        """The same of examples as networks see them; it need not go by what files would hold."""

    def playable(self, stored: NDArray[Any], spec: DataSpec) -> Playable | None:
        """Examples as files hold them as what a page can play; None where they have no sound."""

    def said_of_size(self, bytes_each: float, spec: DataSpec) -> str:
        """What else is to be said of so many bytes that an example is compressed to; empty for nothing."""
