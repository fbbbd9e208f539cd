"""What is asked of a kind of data. ``kinds.plain`` answers all of it for arrays of numbers; a kind says what differs.

    source ─► reads, read ─► store ─► spec_of ─► from_stored ─► x (B, *shape) ─► to_stored ─► files, drawn ─► pictures
                                                                      │
         view, masked, spliced, parts, versions: damage ◄─────────────┼───► encoder, decoder: default networks
                                                                      └───► features, apart, likenesses, peak: judging

x is float32 (B, *shape); a kind of integers, as text, may return int64 from ``from_stored`` if its networks take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from amalgan.kinds.stored import Stored

if TYPE_CHECKING:  # configuration asks for nouns and refusals, and must not wait for torch
    from pathlib import Path

    from torch import Generator, Tensor, nn

    from amalgan.codec.base import Coder
    from amalgan.config.code import Layout
    from amalgan.config.data import AugmentConfig
    from amalgan.config.parts import Networks, Views
    from amalgan.core.randomness import Draws
    from amalgan.core.types import Batch, DataSpec
    from amalgan.data import Dataset
    from amalgan.features.judge import Features
    from amalgan.kinds.measures import Likeness, SetMeasure, Sets, Stretch
    from amalgan.networks import Paints
    from amalgan.systems.base import System


class Kind(Stored, Protocol):
    """A kind of data: examples as they are stored, and here what networks learn from them and how they are judged."""

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

    def coarsened(self, x: Tensor, side: int) -> Tensor:
        """Examples with less detail: pictures averaged down until their shorter side is below twice ``side``."""

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

    def measured(self, sets: Sets) -> Iterator[tuple[str, float, str]]:
        """Yield key, value and full name of further measures of new examples, beside real ones."""

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
