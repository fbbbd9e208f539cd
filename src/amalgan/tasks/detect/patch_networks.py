"""The two networks in whose maps patches are compared, and which of them there is.

imagenet   EfficientNet-Lite0: tiles of at most 448 pixels, small pictures enlarged to 128
own        the convolutions of a model: tiles of the model's own size
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from amalgan.config.imagenet_weights import EXTRA, imagenet_weights
from amalgan.core.errors import AbilityError, UsageError
from amalgan.features.patches import NAMES, Cut, PatchesName, PatchNetwork, cut_evenly, on_grid
from amalgan.kinds import kind_of, text_of
from amalgan.networks.imagenet import imagenet
from amalgan.systems.abilities import Encodes, Judges
from amalgan.systems.model_file import Model

MARGIN, MOST_CORE, LEAST_SIDE = 32, 384, 128
"""Pixels of tiles for the outside network."""
MAPS = slice(1, 2)
"""Of the outside network: that at 1/4 of the side. With those at 1/8 and 1/16, flaws in gravel are missed."""
HALVINGS = (2, 4)
"""How many times smaller the maps of a model are than its pictures."""


@dataclass(frozen=True)
class ImageNetPatches:
    """Patches in the maps of a network that was taught on ImageNet."""

    device: str = "cpu"
    name: str = "imagenet"
    step: int = 8
    least: tuple[int, int] = (LEAST_SIDE, LEAST_SIDE)

    def cut(self, height: int, width: int) -> Cut:
        return cut_evenly(height, width, most=MOST_CORE, margin=MARGIN, step=2 * self.step)

    def __call__(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        x = x.expand(-1, 3, -1, -1).to(self.device)
        maps = imagenet(x.device.type).maps(x, MAPS.stop)[MAPS]
        return on_grid(maps, (x.shape[2] // self.step, x.shape[3] // self.step))


@dataclass(frozen=True, eq=False)
class OwnPatches:
    """Patches in the maps of a model's own convolutions."""

    model: Model
    name: str = "own"
    step: int = 4

    @property
    def least(self) -> tuple[int, int]:
        height, width = self.model.spec.shape[1:]
        return height, width

    def cut(self, height: int, width: int) -> Cut:
        """A tile is as large as the pictures that the model reads, whatever the size of this one."""
        margin = min(self.least) // 8 // self.step * self.step
        down, across = ((side - 2 * margin) // self.step * self.step for side in self.least)
        return Cut((down, across), margin, self.least)

    def __call__(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        maps = maps_of(self.model, x)
        return on_grid(maps, (x.shape[2] // self.step, x.shape[3] // self.step))


@dataclass(eq=False)
class Last:
    """The last map of each size that convolutions were given: what blocks before it have found, with all they add."""

    by_size: dict[tuple[int, int], Tensor] = field(default_factory=dict)

    def take(self, layer: nn.Module, given: Any, found: Tensor) -> None:
        """Keep what a layer was given, as a hook of it."""
        self.by_size[given[0].shape[2], given[0].shape[3]] = given[0]


@torch.no_grad()
def maps_of(model: Model, x: Float[Tensor, "B C H W"]) -> list[Float[Tensor, "B D h w"]]:
    """Return the maps at 1/2 and 1/4 of the side of what a model sees in pictures of its size.

    Raises:
        AbilityError: it sees them through no convolutions.
    """
    last = Last()
    hooks = [
        layer.register_forward_hook(last.take)
        for layer in model.system.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    try:
        look(model, x.to(model.device))
    finally:
        for hook in hooks:
            hook.remove()
    sizes = [tuple(-(-side // times) for side in x.shape[2:]) for times in HALVINGS]
    return [last.by_size[size] for size in sizes if size in last.by_size] or refuse_without_maps(model)


def look(model: Model, x: Float[Tensor, "B C H W"]) -> None:
    """Let a model see pictures, by what it has for that."""
    if isinstance(model.system, Encodes):
        model.system.encode(x)
    elif isinstance(model.system, Judges):
        model.system.judge(x, None)


def refuse_without_maps(model: Model) -> list[Tensor]:
    """Refuse a model without maps."""
    raise AbilityError(
        f"this model of system {model.name!r} has no convolutions in whose maps patches could be compared. "
        f"Say imagenet for patches ({EXTRA})."
    )


def patch_network(model: Model, name: PatchesName) -> PatchNetwork:
    """Return the network that ``name`` asks for.

    Raises:
        AbilityError: the model has no maps of its own.
        UsageError: the outside network is not installed, or the model reads no pictures.
    """
    if name not in NAMES:
        raise UsageError(f"patches is {name!r}; expected one of {', '.join(NAMES)}.")
    if why := kind_of(model.spec).refuses("own_size"):
        raise UsageError(f"{why}; this model reads {text_of(model.spec)}. Leave patches out.")
    if name == "imagenet" and imagenet_weights() is None:
        raise UsageError(f"patches: the outside network is not installed ({EXTRA}). Install it, or say own.")
    if name == "own" or imagenet_weights() is None:
        maps_of(model, torch.zeros(1, *model.spec.shape))
        return OwnPatches(model)
    return ImageNetPatches(model.device)
