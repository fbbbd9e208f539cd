"""The network whose features generated and real pictures are compared in, trained on the data's own training split.

    training pictures ─► labels (their own, or clusters) ─► small classifier ─► features (B, 64), class logits

There are no outside weights, so a distance is comparable only between models judged by the same network; its
``name`` says which: ``conv64-labels-1a2b3c4d``. Seeded, trained once a data set, cached. Vectors need no network:
their features are their standardized entries.

Where pictures have no labels the classifier learns clusters of their principal components instead (as Caron et al.
2018, arXiv:1807.05520, in one step).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from torch import Tensor, nn

from amalgan import networks, tensorfile
from amalgan.config.data import AugmentConfig
from amalgan.config.fields import to_json
from amalgan.config.parts import Networks
from amalgan.data import Dataset, Records, augment, batch_at
from amalgan.errors import FileError
from amalgan.networks.blocks import rectify
from amalgan.streams import Draws, seeded
from amalgan.types import UNLABELED, DataSpec

RECIPE = 1
"""Raised whenever something here changes what is learned."""
FEATURES = 64
CLUSTERS = 20
BATCH = 128
IMAGES = 100_000
"""At most so many pictures are drawn to train the network,"""
PASSES = 40
"""and at most so many passes are made over a small data set."""
MOST_CLUSTERED = 20_000
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
        """Features of examples, float64 on the CPU."""
        parts = [self.net(part.clamp(-1, 1) if part.ndim == 4 else part) for part in x.split(512)]
        return torch.cat(parts).double().cpu()

    @torch.no_grad()
    def classify(self, x: Float[Tensor, "B ..."]) -> Tensor:
        """The most likely class of each example, int64 (B,)."""
        return torch.cat([self.net.logits(part.clamp(-1, 1)).argmax(1) for part in x.split(512)])  # type: ignore[operator]


class Classifier(nn.Module):
    """A convolutional encoder, its rectified features, and a linear layer on them."""

    def __init__(self, spec: DataSpec, classes: int) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = networks.encoder(NETWORK, spec, FEATURES)
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Float[Tensor, "B 64"]:
        return rectify(self.encoder(x))

    def logits(self, x: Tensor) -> Float[Tensor, "B K"]:
        """Raw class logits."""
        return self.head(self(x))


def features_of(data: Dataset, *, cache: Path, device: str = "cpu") -> Features:
    """The feature network of ``data``: from ``cache``, or trained now (half a minute on one core at 28x28)."""
    if data.spec.kind == "vector":
        return Features("standardized-entries", nn.Identity(), labeled=False)
    own = bool((data.train.labels >= 0).mean() > 0.5) and len(data.spec.classes) > 1
    name = f"conv{FEATURES}-{'labels' if own else 'clusters'}-{fingerprint(data)}"
    target = cache / f"features-{name}.safetensors"
    net = Classifier(data.spec, len(data.spec.classes) if own else CLUSTERS)
    try:
        net.load_state_dict(tensorfile.read(target, expected="a feature network")[0])
    except (FileError, RuntimeError):
        teach(net, data.train, data.train.labels if own else clusters(data.train))
        tensorfile.write(target, dict(net.state_dict()), {"what": "a feature network", "name": name})
    return Features(name, net.to(device).eval().requires_grad_(False), own)


def fingerprint(data: Dataset) -> str:
    """8 hexadecimal characters over the data and this recipe."""
    recipe = json.dumps([RECIPE, to_json(NETWORK), FEATURES, IMAGES, PASSES, BATCH, data.fingerprint])
    return hashlib.blake2b(recipe.encode(), digest_size=4).hexdigest()


def clusters(records: Records) -> NDArray[np.int64]:
    """A cluster of principal components for each record, as a label."""
    picked = np.random.default_rng(0).permutation(len(records))[:MOST_CLUSTERED]
    pixels = records.take(picked).flatten(1).numpy()
    components = PCA(min(32, *pixels.shape), random_state=0).fit(pixels)
    grouping = MiniBatchKMeans(CLUSTERS, random_state=0, n_init=3).fit(components.transform(pixels))
    blocks = np.array_split(np.arange(len(records)), max(1, len(records) // 4096))
    return np.concatenate(
        [grouping.predict(components.transform(records.take(rows).flatten(1).numpy())) for rows in blocks]
    ).astype(np.int64)


def teach(net: Classifier, records: Records, labels: NDArray[np.int64]) -> None:
    """Train ``net`` to tell ``labels`` apart, on slightly moved pictures, the same way every time."""
    net.load_state_dict(seeded(lambda: Classifier(net.spec, net.head.out_features), 0).state_dict())
    rounds = max(200, min(IMAGES, PASSES * len(records)) // BATCH)
    adam = torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 2e-3, total_steps=rounds, pct_start=0.1)
    target = torch.from_numpy(labels)
    for round in range(rounds):
        batch = batch_at(records, seed=0, round=round, batch=BATCH)
        x = augment(batch.x, MOVED, Draws(seed=0, round=round, total=BATCH))
        label = target[batch.index]
        loss = nn.functional.cross_entropy(net.logits(x), label, ignore_index=UNLABELED, label_smoothing=0.05)
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
