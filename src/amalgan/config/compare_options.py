"""What a user asks of a comparison: the flags of ``amalgan compare``, and the arguments of ``amalgan.compare``.

CompareOptions ─► Plan, which is what they come to on this data and machine (``plan.json``)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.config.fields import check
from amalgan.config.flags import Inline, Names, Section, Switch
from amalgan.config.run import DeviceName, PrecisionName, RunConfig
from amalgan.config.sizes import Preset

DEFAULT_CPU_MINUTES = 2.0
DEFAULT_IMAGES = 100_000


@dataclass(frozen=True, kw_only=True)
class CellBudget(Section):
    """Budget of every system; 2 CPU-minutes per cell by default."""

    cpu_minutes: float | None = None
    """CPU-minutes of training a cell, on one thread; a few rounds are timed and the images fixed from them. On an
    accelerator, minutes of the clock for a cell alone there."""
    images: int | None = None
    """Pictures that every cell draws, instead of CPU-minutes."""
    parameters: int | None = None
    """Trained parameters: the networks of every system are made so wide; without a time, 100,000 images."""


@dataclass(frozen=True, kw_only=True)
class CompareOptions(CellBudget):
    """Everything that a comparison is asked for."""

    data: Positional[str]
    """What to train on: all that amalgan train takes."""
    out: Path
    """The folder of the comparison."""
    systems: Names = ("autoencoder", "gan", "fusion")
    """Rows, with commas between: a system, or one with settings of its own, as fusion:schedule=joint:critic.r1=0.1."""
    seeds: int = 3
    """Runs of each system, with different random numbers; needed to distinguish differences from chance."""
    tries: int = 1
    """Learning rates tried for every system, equally many, each on a quarter of the budget; 1 leaves all untuned."""
    samples: UseAppendAction[tuple[str, ...]] = ()
    """Examples made elsewhere as a further row: name=x.npz, or name=a.npz,b.npz for several seeds. Repeatable."""
    plugin: Path | None = None
    """Python file, or folder of one, that registers a system or a kind of data of your own."""
    jobs: int = 1
    """Cells at a time; 0 takes as many as there are cores, which makes measured times less certain."""
    seed: int = 0
    """The first seed, and that of everything drawn to measure."""
    count: int = MOST_EVALUATED
    """At most so many test examples, and as many generated ones."""
    batch: int = RunConfig.batch
    """Pictures a round."""
    preset: Preset = "quick"
    """Size of the networks, as amalgan train has it."""
    device: DeviceName = "cpu"
    """Where cells train and are measured; those of --jobs share an accelerator. auto takes cuda, else mps, else cpu."""
    precision: PrecisionName = "auto"
    """What layers compute in while training, as amalgan train has it."""
    overwrite: Switch = False
    """Replace the comparison in --out."""
    reading: Annotated[DataConfig, Inline] = field(default_factory=DataConfig)
    augment: Annotated[AugmentConfig, Inline] = field(default_factory=AugmentConfig)

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
