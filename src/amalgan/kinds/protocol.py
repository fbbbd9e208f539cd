"""What is asked of a kind of data. ``kinds.plain`` answers all of it for arrays of numbers; a kind says what differs.

    source ─► reads, read ─► store ─► spec_of ─► from_stored ─► x (B, *shape) ─► to_stored ─► files, drawn ─► pictures
                                                                      │
         view, masked, spliced, parts, versions: damage ◄─────────────┼───► encoder, decoder: default networks
                                                                      └───► features, apart, likenesses, peak: judging

x is float32 (B, *shape); a kind of integers, as text, may return int64 from ``from_stored`` if its networks take it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # configuration asks for nouns and refusals, and must not wait for torch
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator, Tensor, nn

    from amalgan.codec.base import Coder
    from amalgan.config.code import Layout
    from amalgan.config.data import AugmentConfig, DataConfig
    from amalgan.config.parts import Networks, Views
    from amalgan.core.randomness import Draws
    from amalgan.core.shards import Shard
    from amalgan.core.types import Batch, DataSpec
    from amalgan.data import Dataset
    from amalgan.data.dataset.store import Pixels, Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures, Source
    from amalgan.features.judge import Features
    from amalgan.networks import Paints
    from amalgan.systems.base import System


@dataclass(frozen=True)
class Likeness:
    """A measure of how alike an example and its reconstruction are, averaged over examples."""

    key: str
    """Of the metric; ``_realistic`` is added for the second decoder."""
    title: str
    """A column's head: ``SSIM``."""
    unit: str
    higher_is_better: bool
    name: str
    """The full name, in which ``{of}`` becomes how many of what."""
    measure: Callable[[Tensor, Tensor], Tensor]
    """From what was made (B, *shape) and what it should be to a number each (B,)."""


@dataclass(frozen=True)
class SetMeasure:
    """A column of comparisons for a number that a set of new examples has."""

    key: str
    title: str
    higher_is_better: bool | None
    """None where it says something, but nothing good or bad."""
    unit: str = ""


@dataclass(frozen=True)
class Stretch:
    """A part of a recording that several examples in a row are strange in."""

    recording: str
    start: float | str
    stop: float | str
    """Both in ``unit``; dates as text."""
    unit: str
    p_value: float
    examples: int


@dataclass(frozen=True)
class Playable:
    """Sounds for a page: few bytes, and nothing to decode that a script cannot."""

    bytes: NDArray[np.uint8]
    """(N, T) by the mu-law of ITU-T G.711 without its segments: 128 is silence."""
    rate: int
    """Samples a second."""


class Kind(Protocol):
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

    def read(
        self,
        name: str,
        found: ArrayData | Pictures,
        request: Request,
        into: Into,
    ) -> Iterator[None]:
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

    def held(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
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

    # Damage and augmentation

    def invented(self, spec: DataSpec, draws: Draws) -> Tensor:
        """Random examples within the range, to try networks with."""

    def smooth(self, count: int, spec: DataSpec, generator: Generator) -> Tensor:
        """``count`` random examples that networks can learn, to check systems with."""

    def masked(self, x: Tensor, share: float, draws: Draws) -> Tensor:
        """``x`` with a ``share`` hidden (0), at places that chance chooses."""

    def view(self, x: Tensor, config: Views, draws: Draws) -> Tensor:
        """Each example moved so that it shows the same; noise and hidden parts come on top."""

    def spliced(self, x: Tensor, draws: Draws) -> Tensor:
        """Booleans that fit ``x``: where each example is to become another one, for an anomaly that is known."""

    def parts(self, shape: tuple[int, ...]) -> Iterator[Tensor]:
        """Masks of parts of an example to hide in turn, in chunks (B, ...) that fit ``shape``."""

    def part_side(self, shape: tuple[int, ...]) -> int | None:
        """Pixels of the side of a part; None where parts are single entries."""

    def parts_map(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of a map over the places that parts cover: (H, W) of a picture."""

    def versions(self, x: Tensor, changed: str) -> dict[str, Tensor]:
        """Examples as they are, and as coding or scaling (``changed``) leaves them on their way."""

    def resolve_augment(self, config: AugmentConfig, spec: DataSpec) -> AugmentConfig:
        """The same with every ``None`` filled in.

        Raises:
            ConfigError: a change is asked for that such examples cannot have.
        """

    def classifier_moves(self, spec: DataSpec) -> AugmentConfig | None:
        """How a classifier's examples may be moved and keep their class; None where nothing is known."""

    # Networks

    def code_size(self, spec: DataSpec) -> int:
        """Entries of a flat code when none are asked for."""

    def codec_size(self, spec: DataSpec) -> int:
        """Numbers of a codec's code when none are asked for."""

    def colors(self, spec: DataSpec) -> int:
        """Numbers that lie at one place: the channels of a picture."""

    def varied(self) -> float:
        """What the first weights of a generator's last layer are multiplied by."""

    def encoder(
        self, config: Networks, spec: DataSpec, features: int, layout: Layout | None
    ) -> nn.Module | None:
        """The default network from an example to ``features`` numbers; None for dense layers."""

    def decoder(
        self, config: Networks, spec: DataSpec, features: int, extra: int, style: int, layout: Layout | None
    ) -> Paints | None:
        """The default network back; None for dense layers."""

    def system(self, name: str, usual: type[System]) -> type[System]:
        """The class of the system of that name for such examples: the ``usual`` one, or one of the kind's own.

        Raises:
            ConfigError: it does not work on such examples; says why, and which to train.
        """

    def coder(self, system: System, batches: Iterable[Batch], seed: int) -> Coder | None:
        """What ``system`` compresses with where it does not write its code; None where it does."""

    # Judging

    def strangeness(self, system: System, x: Tensor) -> dict[str, Tensor]:
        """Further scores by which ``system`` finds examples strange, (B,) each, higher for stranger; above 0."""

    def doubts(self, system: System, data: Dataset, device: str) -> Iterator[str]:
        """Reasons not to use a finished system that only such examples can give, as sentences."""

    def set_measures(self) -> tuple[SetMeasure, ...]:
        """What ``measured`` may give, in the order of reports."""

    def measured(
        self,
        made: Iterable[Tensor],
        train: Iterable[Tensor],
        test: Iterable[Tensor],
        spec: DataSpec,
        valid: Callable[[Sequence[str]], Sequence[bool]] | None,
        seed: int,
    ) -> Iterator[tuple[str, float, str]]:
        """Yield key, value and full name of further measures of new examples, beside real ones.

        Args:
            valid: which strings a command of the user's calls valid.
        """

    def features(self, data: Dataset, cache: str | Path | None, device: str) -> Features:
        """What such examples are compared in."""

    @property
    def takes_command(self) -> bool:
        """Whether ``measured`` asks a command of the user's which examples are valid."""

    @property
    def tests_on_real(self) -> bool:
        """Whether ``evaluate`` teaches classifiers by new examples, and tests them on real ones."""

    def needs_teaching(self) -> bool:
        """Whether features and classifiers are networks that must be trained, which takes time."""

    def apart(self, made: Tensor, real: Tensor) -> Tensor:
        """Differences of entries, (B, *shape), whose squares are the error of reconstructions."""

    def peak(self) -> float | None:
        """The largest difference of two numbers, which PSNR is relative to; None where there is none."""

    def steps(self) -> str:
        """The steps in which users get numbers, in words: 8 bits."""

    def units(self) -> str:
        """What errors are measured in."""

    def likenesses(self) -> tuple[Likeness, ...]:
        """Further measures of reconstructions."""

    def stretches(
        self, names: Sequence[str], p_value: Sequence[float], alarms: Sequence[bool], facts: Mapping[str, Any]
    ) -> list[Stretch] | None:
        """The parts of recordings in which examples raise an alarm; None where examples are of no recordings.

        Args:
            facts: what the source that they were read from said of itself.
        """
