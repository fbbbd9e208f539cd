"""A network that mends pictures of any size, trained on parts of sound ones that are damaged on the way.

    x ─► part, turned or mirrored ─► damage: noise, strokes, scaling, JPEG ─► network ─► x̂       min |x̂ - x|

One network for all tasks (as DnCNN-3, Zhang et al. 2017, arXiv:1608.03981): what it learns of pictures serves each.
It is told the task, and of some pictures how bad they are (FFDNet, Zhang et al. 2018, arXiv:1710.04026); of the others
it must see that for itself, so that a user may say it or not. Known pixels around holes are kept as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.config.systems import RestorerConfig
from amalgan.config.systems.restoration import TASKS, RestoringTask
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.data.transforms.damage import UNTOLD, Damaged, damaged
from amalgan.networks.blocks import one_hot
from amalgan.networks.restoration import RestorationNetwork
from amalgan.objectives import reconstruction
from amalgan.systems.base import Phase, System
from amalgan.systems.registry import register

ORIENTATIONS = 8
"""A square can be turned and mirrored in so many ways."""


@register("restorer")
class Restorer(System):
    """Restores images of any size: noise, holes, lost detail, JPEG artifacts."""

    Config = RestorerConfig
    paper = "DnCNN, Zhang 2017; FFDNet, Zhang 2018"

    def __init__(self, config: RestorerConfig, spec: DataSpec) -> None:
        super().__init__(config.resolved(spec), spec)
        self.network = RestorationNetwork(config.network, spec.shape[0], len(TASKS) + 2)

    @property
    def tasks(self) -> tuple[RestoringTask, ...]:
        """What it was trained for."""
        return self.config.tasks

    @property
    def most_noise(self) -> float:
        """Deviation at level 1, of the [-1, 1] range."""
        return self.config.noise / 127.5

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing sways a pixel."""
        return self.network.reach

    def phases(self) -> Sequence[Phase]:
        return (
            Phase(name="restorer", updates=("network",), loss=self.loss, optimizer=self.config.optimizer),
        )

    def loss(self, batch: Batch, tick: Tick) -> Step:
        sound = cut_parts(batch.x, self.config.patch, tick.draws)
        hurt = damaged(
            sound, self.tasks, tick.draws, noise=self.most_noise, known_level=self.config.known_level
        )
        distance = reconstruction.RECONSTRUCTIONS[self.config.reconstruction]
        return Step({"reconstruction": distance(self.restore(hurt), sound).mean()})

    def restore(self, hurt: Damaged) -> Float[Tensor, "B C H W"]:
        level = torch.where(hurt.level == UNTOLD, 0.0, hurt.level)
        seen = torch.stack([level, (hurt.level != UNTOLD).float()], dim=1)
        condition = torch.cat([one_hot(hurt.task, len(TASKS)), seen], dim=1)
        mended = self.network(hurt.x, hurt.known, condition)
        holes = (hurt.task == TASKS.index("inpaint")).view(-1, 1, 1, 1)
        return torch.where(holes & (hurt.known > 0), hurt.x, mended)


def cut_parts(x: Float[Tensor, "B C H W"], side: int, draws: Draws) -> Float[Tensor, "B C P Q"]:
    """Return a part of each picture, at a random place; square ones turned and mirrored at random."""
    height, width = (min(side, whole) for whole in x.shape[2:])
    room = torch.tensor([x.shape[2] - height + 1, x.shape[3] - width + 1])
    corners = (draws.uniform("part.place", 2).cpu() * room).long().tolist()
    orientations = draws.integers("part.way", ORIENTATIONS if height == width else ORIENTATIONS // 2).tolist()
    return torch.stack(
        [
            turn(one[:, top : top + height, left : left + width], orientation)
            for one, (top, left), orientation in zip(x, corners, orientations, strict=True)
        ]
    )


def turn(x: Float[Tensor, "C H W"], orientation: int) -> Float[Tensor, "C H W"]:
    """Return a picture upside down, mirrored or transposed, as the bits of ``orientation`` say."""
    x = x.flip(1) if orientation & 1 else x
    x = x.flip(2) if orientation & 2 else x
    return x.transpose(1, 2) if orientation & 4 else x
