"""Groups of flags that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amalgan.config.data import DataConfig

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
PrecisionName = Literal["auto", "float32", "bfloat16"]
DecoderName = Literal["realistic", "faithful"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How DATA is read; its size, channels, fit and background are the model's."""

    max_bad: int | None = None
    """Stop if more than N files are unusable; by default they are skipped and listed."""
    cache: str | None = None
    """Folder of the decoded cache; by default the user's cache folder."""
    label_column: str | None = None
    """Column of a label file that holds the class; by default found by its name."""
    follow_links: bool = False
    """Read links that lead out of the folder, for data sets that consist of links."""

    def config(self) -> DataConfig:
        """The same as a configuration."""
        return DataConfig(
            max_bad=self.max_bad,
            cache=self.cache,
            label_column=self.label_column,
            follow_links=self.follow_links,
        )


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How MODEL is loaded."""

    device: DeviceName = "auto"
    """Device to compute on; auto selects cuda, else mps, else cpu."""
    plugin: Path | None = None
    """Python file that registers the model's system, if it is not built in."""
