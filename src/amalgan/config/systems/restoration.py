"""The system that mends pictures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from amalgan.config.fields import check
from amalgan.config.parts import Adam, Networks, Reconstruction
from amalgan.config.sizes import Preset
from amalgan.core.errors import ConfigError
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec

RestoringTask = Literal["denoise", "inpaint", "upscale", "dejpeg"]
TASKS: tuple[RestoringTask, ...] = get_args(RestoringTask)


@dataclass(frozen=True, kw_only=True)
class RestorerConfig:
    """A network that mends pictures of any size: noise, holes, lost detail, JPEG artifacts."""

    RENAMED: ClassVar = {"told": "known_level"}
    """Names of fields in model files of earlier versions."""

    tasks: tuple[RestoringTask, ...] = TASKS
    """What it learns to mend, any of denoise inpaint upscale dejpeg, by turns; what is named twice gets two."""
    noise: float = 55.0
    """Denoise: deviations from 0 up to this, in gray levels of 255."""
    known_level: float = 0.25
    """Fraction of the images for which the network receives the strength of the damage; else it estimates it."""
    patch: int = 48
    """Side of the part of each picture that is trained on, cut out at random."""
    network: Networks = field(default_factory=lambda: Networks(width=48, blocks=6))
    """Its width, at half of the picture's size, and its residual blocks, one after another."""
    reconstruction: Reconstruction = "l1"
    """How far a mended picture is from the sound one."""
    optimizer: Adam = field(default_factory=lambda: Adam(rate=1.5e-3, final=0.01))

    def __post_init__(self) -> None:
        check(
            (bool(self.tasks), "tasks is empty; name at least one"),
            (
                set(self.tasks) <= set(TASKS),
                f"tasks are {', '.join(self.tasks)}; there are {', '.join(TASKS)}",
            ),
            (0 < self.noise <= 255, f"noise is {self.noise}; it lies within 0 and 255"),
            (0 <= self.known_level <= 1, f"known_level is {self.known_level}; it is a share, in [0, 1]"),
            (self.patch >= 8, f"patch is {self.patch}; the least is 8"),
        )

    def resolved(self, spec: DataSpec) -> RestorerConfig:
        """The same: nothing here depends on the data, but that it must be pictures.

        Raises:
            ConfigError: it is vectors.
        """
        if why := (kind := kind_of(spec)).refuses("restoring"):
            raise ConfigError([f"{why}, and the data is {kind.nouns}; take --system autoencoder"])
        return self

    def preset(self, name: Preset) -> RestorerConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else replace(self, network=Networks(width=64, blocks=10))
