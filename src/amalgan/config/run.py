"""What a run is: a system, data, a budget, a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.fields import check

Precision = Literal["float32", "bfloat16"]
PrecisionName = Literal["auto", "float32", "bfloat16"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
TrackerName = Literal["tensorboard", "wandb", "mlflow", "trackio"]


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides the result of a training run. Written to ``run.json``, compared on ``--resume``."""

    system: str
    """Name of the system."""
    settings: Any
    """The system's own configuration."""
    data: str
    """A word (digits, photos) or a path."""
    images: int
    """Pictures to draw in all, counted once whatever the number of phases."""
    seed: int = 0
    batch: int = 64
    """Pictures a round, over all processes together."""
    micro_batch: int | None = None
    """At most so many pictures at a time in memory; the result is the same, up to rounding."""
    precision: Precision = "float32"
    """What the layers compute in while training; weights, averages and everything measured are float32."""
    average_half_life: int = 10_000
    """Averaged weights: images after which an older weight counts half."""
    validate_every: int | None = None
    """Images between two points of the validation curve; by default a twentieth of the run."""
    until: str | None = None
    """Stop when a validation measure is reached, as psnr=24."""
    patience: int | None = None
    """Stop after so many validations without a better one, and publish the best."""
    reading: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        check(
            (self.images >= self.batch, f"{self.images} images are fewer than one batch of {self.batch}"),
            (self.batch >= 2, f"batch is {self.batch}; the least is 2"),
            (self.micro_batch is None or self.micro_batch >= 1, "micro_batch must be at least 1"),
            (
                self.validate_every is None or self.validate_every >= 1,
                f"validate_every is {self.validate_every}; the least is 1",
            ),
            (self.average_half_life > 0, "average_half_life must be above 0"),
            (self.patience is None or self.patience >= 1, f"patience is {self.patience}; the least is 1"),
        )

    @property
    def rounds(self) -> int:
        """Rounds that draw ``images`` pictures, rounded up."""
        return -(-self.images // self.batch)
