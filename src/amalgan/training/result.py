"""What a training run answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
