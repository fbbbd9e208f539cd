"""Groups of flags that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amalgan.config.data import DataConfig
from amalgan.config.run import DeviceName
from amalgan.core.errors import UsageError
from amalgan.core.shards import WHOLE, Shard

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
    text_column: str | None = None
    """Column of a table that holds the strings, for a model of text; by default found by its name."""
    follow_links: bool = False
    """Read links that lead out of the folder, for data sets that consist of links."""

    def config(self) -> DataConfig:
        """The same as a configuration."""
        return DataConfig(
            max_bad=self.max_bad,
            cache=self.cache,
            label_column=self.label_column,
            text_column=self.text_column,
            follow_links=self.follow_links,
        )


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How a long job is shared out."""

    shard: str | None = None
    """Take one of n parts, as 3/8 (the third of eight); amalgan gather joins what all parts have written."""
    engine: Literal["local", "ray"] = "local"
    """Compute here, or in parts on Ray (needs the ray extra): on all cores, or all machines of a cluster."""
    parts: int | None = None
    """ray: so many parts; by default four a core."""

    @property
    def part(self) -> Shard:
        """The part that is taken; everything where none is named.

        Raises:
            UsageError: there is no such part.
        """
        return WHOLE if self.shard is None else Shard.parse(self.shard)

    def refuse_with(self, **flags: object) -> None:
        """Refuse ``flags`` that need all examples, where a part is taken.

        Raises:
            UsageError: one of them is given.
        """
        if self.shard is None:
            return
        for name, value in flags.items():
            if value not in (None, False):
                raise UsageError(
                    f"--{name} needs all examples, and --shard takes a part of them. Leave one of the two out."
                )


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How MODEL is loaded."""

    device: DeviceName = "auto"
    """Device to compute on; auto selects cuda, else mps, else cpu."""
    plugin: Path | None = None
    """Python file or folder that registers the model's system or kind of data, if it is not built in."""
