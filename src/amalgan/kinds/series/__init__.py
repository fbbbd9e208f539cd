"""Series: windows of one or several channels (C, T), as of sensors, an ECG or a load.

arrays      (N, C, T) and (N, T, C)                     damage      stretches of time that are hidden
recordings  long tables and arrays, read as streams     features    random dilated convolutions, for judging
windows     where they begin, and in which split        measures    autocorrelation, spectrum, variance, forecasts
folders     many recordings, sub-folders as classes     stretches   strange windows in a row, as parts of time
units       center and spread of each channel           drawing     lines with axes
remarks     what is missing, late or constant

    stored float32 (C, T) in the data's units ─► (v - center) / spread, channel by channel ─► x (C, T)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.types import DataSpec
from amalgan.kinds.measures import SetMeasure, Sets, Stretch
from amalgan.kinds.plain import Plain, all_but
from amalgan.kinds.registry import register

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Generator, Tensor

    from amalgan.config.data import DataConfig
    from amalgan.core.randomness import Draws
    from amalgan.data import Dataset
    from amalgan.data.dataset.store import Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures, Source
    from amalgan.features.judge import Features


@register("series")
class Series(Plain):
    """Windows of channels over time."""

    noun, nouns = "window", "windows of series"
    tests_on_real = True
    options = ("layout", "window", "step", "time_column")
    of_recordings = True
    refused = all_but("drawing")

    def text(self, spec: DataSpec) -> str:
        return self._sized(spec.shape)

    def amount(self, shape: tuple[int, ...]) -> str:
        return f"windows of {self._sized(shape)}"

    def _sized(self, shape: tuple[int, ...]) -> str:
        channels, steps = shape
        return f"{steps} steps of {channels} channel{'s' * (channels > 1)}"

    def reads(self, found: ArrayData | Pictures) -> bool:
        """Arrays that are called ``series``, (N, C, T)."""
        from amalgan.kinds.series import arrays

        return arrays.is_named(found)

    def hint(self, found: ArrayData | Pictures) -> str:
        from amalgan.kinds.series import arrays

        return arrays.hint(found)

    def asked(self, config: DataConfig, like: DataSpec | None) -> dict[str, Any]:
        """Layout, window, step and time column; a model reads what follows from its training, and its channels."""
        if like is None:
            return {name: getattr(config, name) for name in self.options}
        before = like.facts["asked"]
        return {**before, "window": before["window"] or like.shape[1], "shape": list(like.shape)}

    def source(self, data: str | Path, source: Source, request: Request) -> Source:
        """Tables and folders of recordings as arrays of windows; arrays of windows as they are."""
        from amalgan.kinds.series.folders import source_of

        return source_of(data, source, request)

    def read(self, name: str, found: ArrayData | Pictures, request: Request, into: Into) -> Iterator[None]:
        from amalgan.kinds.series import arrays

        return super().read(name, arrays.laid_out(name, found, request.extra), request, into)

    def spec_of(self, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
        """With center, spread and range of each channel over the training examples."""
        from amalgan.kinds.series import units

        return units.spec_of(self, store, train, config)

    def from_python(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
        from amalgan.data.dataset.in_memory import vectors

        return vectors(x, spec)

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        """(v - center) / spread of each channel; where the spread is 0, v - center."""
        from amalgan.kinds.series import units

        return units.standardize(values, spec)

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        """float32 (N, C, T) in the data's units."""
        from amalgan.kinds.series import units

        return units.in_data_units(x, spec)

    def entry_names(self, spec: DataSpec) -> list[str]:
        return [f"{name} at step {step}" for name in channel_names(spec) for step in range(spec.shape[1])]

    def in_units(self, difference: Tensor, spec: DataSpec) -> Tensor:
        """By the spread of each channel."""
        import torch

        spread = torch.tensor(spec.spread)[:, None]
        return (difference.reshape(-1, *spec.shape) * spread).reshape(difference.shape)

    def units(self) -> str:
        return "standardized units"

    def table_columns(self, spec: DataSpec) -> list[str]:
        """Which series, when, and the channels with their units."""
        from amalgan.kinds.series.drawing import with_units

        return ["series", with_units("time", spec.facts["time_unit"] or "steps"), *titles(spec)]

    def table_rows(
        self, stored: NDArray[Any], spec: DataSpec, first: int = 0
    ) -> Iterator[tuple[int, Sequence[float | str]]]:
        """A row a step."""
        apart = spec.facts["interval"] or 1.0
        for at, window in enumerate(stored):
            for step, values in enumerate(window.T.tolist()):
                yield at, (first + at, step * apart, *values)

    def drawn(self, stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
        """A panel a channel, one above the other, within the range of the training data."""
        from amalgan.kinds.series.drawing import panels

        return panels(stored, spec)

    def smooth(self, count: int, spec: DataSpec, generator: Generator) -> Tensor:
        """Waves of chance phase and length."""
        from amalgan.kinds.series.damage import waves

        return waves(count, spec, generator)

    def masked(self, x: Tensor, share: float, draws: Draws) -> Tensor:
        """Stretches of time, hidden in all channels."""
        from amalgan.kinds.series.damage import hidden

        return x * (1 - hidden(x, share, draws))

    def spliced(self, x: Tensor, draws: Draws) -> Tensor:
        """A stretch of time of 30 to 60 % in all channels."""
        from amalgan.kinds.series.damage import stretches

        return stretches(x, draws)

    def parts(self, shape: tuple[int, ...]) -> Iterator[Tensor]:
        """Overlapping stretches of one channel each."""
        from amalgan.kinds.series.damage import parts

        return parts(shape)

    def code_size(self, spec: DataSpec) -> int:
        """One entry for eight numbers of a window, 4 to 64."""
        return max(4, min(64, spec.size // 8))

    def colors(self, spec: DataSpec) -> int:
        return spec.shape[0]

    def features(self, data: Dataset, cache: str | Path | None, device: str) -> Features:
        """The shares of time that random convolutions are high in."""
        from amalgan.kinds.series.features import features

        return features(data, device)

    def set_measures(self) -> tuple[SetMeasure, ...]:
        from amalgan.kinds.series.measures import measures

        return measures()

    def measured(self, sets: Sets) -> Iterator[tuple[str, float, str]]:
        from amalgan.kinds.series.measures import compute_measures

        return compute_measures(sets)

    def stretches(
        self, names: Sequence[str], p_value: Sequence[float], alarms: Sequence[bool], facts: Mapping[str, Any]
    ) -> list[Stretch] | None:
        from amalgan.kinds.series.stretches import join_stretches

        return join_stretches(names, p_value, alarms, facts)


def channel_names(spec: DataSpec) -> list[str]:
    """What the channels are called; their numbers where the data does not say."""
    return list(spec.names) or [f"channel {number + 1}" for number in range(spec.shape[0])]


def titles(spec: DataSpec) -> list[str]:
    """The channels with their units."""
    from amalgan.kinds.series.drawing import with_units

    names = channel_names(spec)
    return [with_units(*pair) for pair in zip(names, spec.facts["units"] or [""] * len(names), strict=True)]
