"""The network whose features generated and real pictures are compared in, trained on the data's own training split.

    training pictures ─► labels (their own, or clusters) ─► small classifier ─► features (B, 64), class logits

There are no outside weights, so a distance is comparable only between models judged by the same network; its
``name`` says which by a digest of its weights: ``conv64-labels-1a2b3c4d``. Seeded, trained once a data set, cached.
Another machine may round otherwise and so arrive at another network: the name then differs too. Vectors need no
network: their features are their standardized entries.

Where pictures have no labels the classifier learns clusters of their principal components instead (as Caron et al.
2018, arXiv:1807.05520, in one step).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from amalgan import modelfile, networks, tensorfile
from amalgan.config.data import AugmentConfig
from amalgan.config.fields import to_json
from amalgan.config.parts import Networks
from amalgan.data import Dataset, Records, augment, batch_at
from amalgan.data.cache import cache_root
from amalgan.errors import DataError, FileError, UsageError
from amalgan.networks.blocks import rectify
from amalgan.streams import Draws, seeded
from amalgan.types import UNLABELED, DataSpec

RECIPE = 2
"""Raised whenever something here changes what is learned."""
FEATURES = 64
CLUSTERS = 20
BATCH = 128
IMAGES, IMAGES_A_CLASS = 100_000, 300
"""At most so many pictures are drawn to train the network, or so many a class where there are more than 333,"""
PASSES = 40
"""and at most so many passes are made over a small data set,"""
LEAST_ROUNDS = 200
"""but never fewer rounds than this."""
MOST_CLUSTERED = 20_000
CHUNK = 512
SMOOTHING = 0.05
NETWORK = Networks(width=24, widest=96, blocks=1)
MOVED = AugmentConfig(flip=False, shift=0.08, rotate=0.0, zoom=0.0, color=0.0)


@dataclass(frozen=True)
class Features:
    """A feature network and its name."""

    name: str
    net: nn.Module
    labeled: bool
    """Whether its classes are the data's own."""

    @torch.no_grad()
    def __call__(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B F"]:
        """Features of examples on any device, float64 on the CPU."""
        parts = [self.net(self.seen(part)).cpu().double() for part in x.split(CHUNK)]
        return torch.cat(parts).flatten(1)

    @torch.no_grad()
    def classify(self, x: Float[Tensor, "B ..."]) -> Int[Tensor, " B"]:
        """The most likely class of each example, on the CPU.

        Raises:
            UsageError: there are no classes, since the examples are vectors.
        """
        return self.classes(self(x))

    @torch.no_grad()
    def classes(self, features: Float[Tensor, "B F"]) -> Int[Tensor, " B"]:
        """The same of examples whose features are known.

        Raises:
            UsageError: as ``classify`` does.
        """
        if not isinstance(self.net, Classifier):
            raise UsageError(f"the features {self.name!r} know no classes; pictures with labels are needed")
        return self.net.head(features.to(self.net.head.weight)).argmax(1).cpu()

    def on(self, device: str) -> Features:
        """The same network on a device."""
        return replace(self, net=self.net.to(device))

    def seen(self, x: Tensor) -> Tensor:
        """What the network is shown: where it is, and pictures within their range."""
        weight = next(chain(self.net.parameters(), [x]))
        return x.to(weight.device).clamp(-1, 1) if x.ndim == 4 else x


class Classifier(nn.Module):
    """A convolutional encoder, its rectified features, and a linear layer on them."""

    def __init__(self, spec: DataSpec, classes: int, network: Networks = NETWORK) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = networks.encoder(network, spec, FEATURES)
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Float[Tensor, "B 64"]:
        return rectify(self.encoder(x))

    def logits(self, x: Tensor) -> Float[Tensor, "B K"]:
        """Raw class logits."""
        return self.head(self(x))


def features_of(data: Dataset, *, cache: str | Path | None = None, device: str = "cpu") -> Features:
    """The feature network of ``data``: from the cache, or trained now (about a minute on one core at 28x28).

    Args:
        cache: a folder; by default the user's cache folder.

    Raises:
        DataError: there are no training examples to learn from.
    """
    if data.spec.kind == "vector":
        return Features("standardized-entries", nn.Identity(), labeled=False)
    if not len(data.whole):
        raise DataError(
            f"{data.name} has no training examples to learn features from; give the whole data set."
        )
    own, target = labeled(data), kept_at(data, cache)
    net = seeded(lambda: Classifier(data.spec, len(data.spec.classes) if own else CLUSTERS), 0)
    if not recalled(net, target):
        teach(net.to(device), data.whole, data.whole.labels if own else clusters(data.whole), device)
        if not recalled(
            net, target
        ):  # another process may have been quicker: then all look through its network
            tensorfile.write(target, dict(net.state_dict()), {"what": "a feature network"})
    digest = modelfile.digest({name: tensor.cpu() for name, tensor in net.state_dict().items()})
    return Features(f"{kind(data)}-{digest[:8]}", net.to(device).eval().requires_grad_(False), own)


def labeled(data: Dataset) -> bool:
    """Whether most training examples have labels that tell classes apart."""
    return bool((data.whole.labels != UNLABELED).mean() > 0.5) and len(data.spec.classes) > 1


def kind(data: Dataset) -> str:
    """The first part of the network's name."""
    return f"conv{FEATURES}-{'labels' if labeled(data) else 'clusters'}"


def kept_at(data: Dataset, cache: str | Path | None = None) -> Path:
    """The file that the network of ``data`` is kept in once it is trained."""
    return (
        cache_root(None if cache is None else str(cache))
        / f"features-{kind(data)}-{recipe(data)}.safetensors"
    )


def recalled(net: Classifier, source: Path) -> bool:
    """Whether the weights of ``net`` could be read from ``source``; a missing or damaged file is no loss."""
    try:
        net.load_state_dict(tensorfile.read(source, expected="a feature network")[0])
    except (FileError, RuntimeError, OSError):
        return False
    return True


def recipe(data: Dataset) -> str:
    """16 hexadecimal characters over the data and how the network is trained."""
    images = images_for(len(data.spec.classes) if labeled(data) else CLUSTERS)
    how = [RECIPE, to_json(NETWORK), to_json(MOVED), FEATURES, CLUSTERS, images, PASSES, BATCH]
    text = json.dumps([*how, data.fingerprint, data.spec.shape, data.spec.classes])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def clusters(records: Records) -> NDArray[np.int64]:
    """A cluster of principal components for each record, as a label."""
    from sklearn.cluster import MiniBatchKMeans  # scikit-learn takes a second to import
    from sklearn.decomposition import PCA

    picked = np.random.default_rng(0).permutation(len(records))[:MOST_CLUSTERED]
    pixels = records.take(picked).flatten(1).numpy()
    components = PCA(min(32, *pixels.shape), random_state=0).fit(pixels)
    grouping = MiniBatchKMeans(min(CLUSTERS, len(picked)), random_state=0, n_init=3)
    grouping.fit(components.transform(pixels))
    blocks = np.array_split(np.arange(len(records)), max(1, len(records) // 4096))
    return np.concatenate(
        [grouping.predict(components.transform(records.take(rows).flatten(1).numpy())) for rows in blocks]
    ).astype(np.int64)


def teach(net: Classifier, records: Records, labels: NDArray[np.int64], device: str) -> None:
    """Train ``net`` to tell ``labels`` of records apart."""
    known = np.flatnonzero(labels != UNLABELED)
    records, target = records.select(known), torch.from_numpy(labels[known]).to(device)

    def lesson(round: int) -> tuple[Tensor, Tensor]:
        batch = batch_at(records, seed=0, round=round, batch=BATCH, device=device)
        return batch.x, target[batch.index]

    drill(net, lesson, rounds_for(len(records), images_for(net.head.out_features)), device)


def images_for(classes: int) -> int:
    """Pictures that a network is shown which is to tell so many classes apart."""
    return max(IMAGES, IMAGES_A_CLASS * classes)


def rounds_for(examples: int, images: int) -> int:
    """Rounds that draw ``images`` pictures, but make no more than 40 passes over few ``examples``."""
    return max(LEAST_ROUNDS, min(images, PASSES * examples) // BATCH)


@torch.enable_grad()
def drill(
    net: Classifier,
    lesson: Callable[[int], tuple[Tensor, Tensor]],
    rounds: int,
    device: str = "cpu",
    *,
    moved: AugmentConfig = MOVED,
    seed: int = 0,
) -> None:
    """Train ``net`` on examples, pictures slightly ``moved``, the same way every time.

    Args:
        lesson: the examples (B, ...) of a round and their classes (B,).
    """
    adam = torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 2e-3, total_steps=rounds, pct_start=0.1)
    for round in range(rounds):
        pictures, target = lesson(round)
        x = augment(pictures, moved, Draws(seed=seed, round=round, total=len(pictures), device=device))
        loss = nn.functional.cross_entropy(net.logits(x), target, label_smoothing=SMOOTHING)
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
