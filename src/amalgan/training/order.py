"""What a user asks of a training run, and what the run answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.training.processes import DeviceName, PrecisionName


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the user asks for; ``RunConfig`` is what it comes to on this data and machine."""

    data: str
    system: str
    settings: Any
    out: Path
    images: int | None = None
    minutes: float | None = None
    seed: int = 0
    batch: int = 64
    micro_batch: int | None = None
    validate_every: int | None = None
    until: str | None = None
    patience: int | None = None
    device: DeviceName = "auto"
    precision: PrecisionName = "auto"
    resume: bool = False
    accept_changes: bool = False
    """Resume although device or torch are others, and on as many threads as torch takes now."""
    overwrite: bool = False
    init: Path | None = None
    keep_state: bool = False
    track: str | None = None
    """A tracker of experiments that gets what the log gets."""
    reading: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    decoded: str | None = None
    """Folder of the decoded data, where it is not to stay in the cache."""

    @property
    def opening(self) -> DataConfig:
        """How the data is opened."""
        return self.reading if self.decoded is None else replace(self.reading, cache=self.decoded)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run reached."""

    model: Path
    images: int
    resumed_at_images: int | None
    cpu_seconds: float
    metrics: dict[str, float]
    stopped: str | None
    doubts: list[str]
    """Reasons not to use the model, in sentences; none for a good one."""
    skipped: list[dict[str, str]]
