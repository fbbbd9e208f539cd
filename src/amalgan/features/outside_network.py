"""An outside ruler: features of a network taught on ImageNet, which knows nothing of the data or of our networks.

    pictures ─► 96x96 ─► EfficientNet-Lite0 ─► (N, 1280) ─► kernel distance, times 1,000

The feature network of a data set is small and learns from that data set alone; this one has seen a million photographs.
Where two rulers of such different origin agree, a difference is one of the pictures. A fusion whose critic has this
network for a backbone has been trained on what this ruler measures: its numbers are then no longer independent, and
the score's name says so.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from amalgan.config.imagenet_weights import imagenet_weights
from amalgan.config.parts import LEAST_SIDE
from amalgan.core.types import DataSpec
from amalgan.data import Dataset
from amalgan.features import ranking
from amalgan.kinds import kind_of
from amalgan.metrics.distribution import kernel_distance
from amalgan.networks.imagenet import imagenet

SIDE = 96
"""The size at which pictures are looked at."""
CHUNK = 100
COARSEST = 3
"""Maps that tell what is in a picture; finer ones tell edges and textures."""
RANKED = 200
"""Pictures of each set of known quality that the distance must put in order."""
NAME = "imagenet-lite0"
"""How scores name the network."""


def applies(spec: DataSpec) -> bool:
    """Return whether such examples can be looked at: large enough pictures, where the weights are installed."""
    if kind_of(spec).refuses("backbone"):
        return False
    return min(spec.shape[1:]) >= LEAST_SIDE and imagenet_weights() is not None


@torch.no_grad()
def imagenet_features(chunks: Iterable[Float[Tensor, "B C H W"]]) -> Float[Tensor, "N 1280"]:
    """Return features of pictures in [-1, 1], float64, on the CPU."""
    return torch.cat([extract_features(part) for chunk in chunks for part in chunk.split(CHUNK)])


@torch.no_grad()
def depths(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B F"]:
    """Return the three coarsest maps of pictures in [-1, 1], averaged over places, float64, on the CPU."""
    return torch.cat([pooled(part) for part in x.split(CHUNK)])


def pooled(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B F"]:
    """Return the averages of a few pictures."""
    x = interpolate(x.expand(-1, 3, -1, -1), SIDE, mode="bilinear", align_corners=False)
    maps = imagenet(x.device.type).maps(x)[-COARSEST:]
    return torch.cat([one.mean((2, 3)) for one in maps], 1).double().cpu()


def extract_features(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B 1280"]:
    """Return the features of a few pictures."""
    x = interpolate(x.expand(-1, 3, -1, -1), SIDE, mode="bilinear", align_corners=False)
    return imagenet(x.device.type)(x).double().cpu()


def explain_unfit(data: Dataset) -> str:
    """Return what the distance takes for better than it is on this data, in words; nothing where it keeps the order."""
    real, held_out = (half[:RANKED] for half in ranking.split_halves(data))
    compared = imagenet_features([real])
    made = ranking.grade_sets(real, held_out)
    far = {name: kernel_distance(imagenet_features([x]), compared) for name, x in made.items()}
    return next(ranking.disorder("kernel_distance", far, len(real)), "")
