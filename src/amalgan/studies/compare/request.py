"""What a user asks of a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.fields import check
from amalgan.training.processes import DeviceName, PrecisionName

DEFAULT_CPU_MINUTES = 2.0
DEFAULT_IMAGES = 100_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """The comparison that is wanted; ``plan.json`` says what it comes to on this data and machine."""

    data: str
    systems: tuple[str, ...]
    out: Path
    seeds: int = 3
    cpu_minutes: float | None = None
    images: int | None = None
    parameters: int | None = None
    tries: int = 1
    jobs: int = 1
    """Cells at a time; 0 means as many as there are cores."""
    seed: int = 0
    count: int = 10_000
    batch: int = 64
    preset: Literal["quick", "base"] = "quick"
    precision: PrecisionName = "auto"
    device: DeviceName = "cpu"
    plugin: Path | None = None
    samples: tuple[str, ...] = ()
    """``name=x.npz`` or ``name=a.npz,b.npz``: examples made elsewhere, a file a seed."""
    overwrite: bool = False
    reading: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        named = [text.partition("=") for text in self.samples]
        check(
            (
                self.seeds >= 1,
                f"--seeds is {self.seeds}; at least one is needed, three or more say something",
            ),
            (self.tries >= 1, f"--tries is {self.tries}; 1 compares every system with its own defaults"),
            (self.jobs >= 0, f"--jobs is {self.jobs}; give 1 or more, or 0 for as many as there are cores"),
            (self.count >= 2, f"--count is {self.count}; at least 2 examples are needed"),
            (
                self.cpu_minutes is None or self.images is None,
                "--cpu-minutes and --images are both given; give one of them",
            ),
            (
                self.cpu_minutes is None or 0 < self.cpu_minutes < float("inf"),
                f"--cpu-minutes is {self.cpu_minutes}; give a number above 0",
            ),
            (
                self.images is None or self.images >= self.batch,
                f"--images is {self.images}, fewer than one batch of {self.batch}",
            ),
            (
                self.parameters is None or self.parameters >= 1,
                f"--parameters is {self.parameters}; the least is 1",
            ),
            (
                len({name.strip() for name, _, _ in named}) == len(named),
                "--samples: a name is given twice; several files of one name are written name=a.npz,b.npz",
            ),
            (
                all(len(files.split(",")) <= max(1, self.seeds) for _, _, files in named),
                f"--samples: more files of one name than --seeds {self.seeds}",
            ),
            *(
                (bool(name.strip()) and bool(files), f"--samples {name}{sign}{files}: write name=x.npz")
                for name, sign, files in named
            ),
        )

    @property
    def outside(self) -> dict[str, list[str]]:
        """Files of examples made elsewhere, by name."""
        pairs = [text.partition("=") for text in self.samples]
        return {name.strip(): files.split(",") for name, _, files in pairs}

    @property
    def seed_numbers(self) -> list[int]:
        """The seeds of the cells."""
        return [self.seed + number for number in range(self.seeds)]

    @property
    def minutes(self) -> float | None:
        """CPU-minutes a cell, where they are the budget."""
        free = self.images is None and self.parameters is None
        return DEFAULT_CPU_MINUTES if self.cpu_minutes is None and free else self.cpu_minutes
