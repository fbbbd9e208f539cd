"""What a user asks of a training run: the flags of ``amalgan train``, and the arguments of ``amalgan.train``.

TrainOptions ─► RunConfig, which is what they come to on this data and machine (``run.json``)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.fields import check
from amalgan.config.flags import Inline, Section, Switch
from amalgan.config.run import DeviceName, PrecisionName, RunConfig, TrackerName
from amalgan.config.sizes import Preset


@dataclass(frozen=True, kw_only=True)
class TrainBudget(Section):
    """How long to train; 5 minutes by default."""

    minutes: float | None = None
    """Wall-clock minutes from the start to the model, without reading; the machine decides how many images that is."""
    images: int | None = None
    """Number of training images in total, counted with repetition, and once for all networks."""
    until: str | None = None
    """Stop when a validation metric is reached, such as psnr=24, error=0.1 or frechet=5, once every phase has begun."""
    patience: int | None = None
    """Stop after N validations without improvement, and publish the best model."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions(TrainBudget):
    """Everything that a training run is asked for."""

    data: Positional[str]
    """What to train on."""
    system: str = "fusion"
    """System to train; amalgan systems lists them. The last groups of flags belong to the system."""
    out: Path | None = None
    """Folder of the run; by default runs/DATA-SYSTEM, and runs/DATA-SYSTEM-seedN with --seed N."""
    preset: Preset = "quick"
    """Size of the networks: quick for CPUs, base (about twice as wide and deep) for GPUs or long runs."""
    seed: int = RunConfig.seed
    """Seed of all random numbers; equal seeds give equal runs."""
    batch: int = RunConfig.batch
    """Images per round, over all processes together."""
    micro_batch: int | None = None
    """Compute at most N images at a time, to save memory; the result is the same up to rounding."""
    average_half_life: int = RunConfig.average_half_life
    """Average the weights over training; after N images an older weight counts half."""
    validate_every: int | None = None
    """Images from one validation to the next; by default a twentieth of the run."""
    device: DeviceName = "auto"
    """Device to compute on; auto selects cuda, else mps, else cpu."""
    precision: PrecisionName = "auto"
    """Precision of layers; auto selects bfloat16 for images if the device is faster in it."""
    resume: Switch = False
    """Continue the run in --out from its last saved state."""
    accept_changes: Switch = False
    """Resume with another torch, device or number of threads than the run was begun with, which changes its result."""
    overwrite: Switch = False
    """Replace the run in --out."""
    init: Path | None = None
    """Model file whose weights a new run starts from."""
    keep_state: Switch = False
    """Keep the states of a run that has ended; they are larger than its model and are removed otherwise."""
    track: TrackerName | None = None
    """Tell a tracker of experiments what the log gets: TensorBoard, Weights & Biases, MLflow or Trackio (each an extra
    of its name)."""
    plugin: Path | None = None
    """Python file, or folder of one, that registers a system or a kind of data of your own."""
    reading: Annotated[DataConfig, Inline] = field(default_factory=DataConfig)
    augment: Annotated[AugmentConfig, Inline] = field(default_factory=AugmentConfig)
    settings: Any
    """The system's own configuration."""

    def __post_init__(self) -> None:
        check(
            (None in (self.minutes, self.images), "--minutes and --images are both given; give one of them.")
        )

    @property
    def folder(self) -> Path:
        """The folder of the run: ``out``, or one named after the data, the system and the seed."""
        seed = f"-seed{self.seed}" if self.seed else ""
        return self.out or Path("runs") / f"{short_name(self.data)}-{self.system}{seed}"


def short_name(data: str) -> str:
    """Return a word or path as part of a folder's name."""
    name = Path(data).resolve().stem if Path(data).exists() else data
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"
