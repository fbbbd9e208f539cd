"""A small classifier of one training set: labeled examples, a fixed number of rounds, the same way every time.

    examples (B, ...), classes (B,) ─► moved a little ─► coarse ─► encoder ─► rectified (B, 64) ─► logits (B, K)

What is asked of generated examples (can a classifier learn from them?) is asked of this network, a fresh one for each
training set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.data import AugmentConfig
from amalgan.config.parts import Networks
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data import augment
from amalgan.kinds import kind_of
from amalgan.networks.blocks import rectify

WIDTH = 64
BATCH = 128
PASSES = 40
"""At most so many passes are made over a small data set,"""
LEAST_ROUNDS = 200
"""but never fewer rounds than this."""
SMOOTHING = 0.05
NETWORK = Networks(width=24, widest=96, blocks=1)
MOVED = AugmentConfig(flip=False, shift=0.08, rotate=0.0, zoom=0.0, color=0.0)


class Classifier(nn.Module):
    """A convolutional encoder, rectified, and a linear layer on it.

    Args:
        side: pictures whose shorter side is at least twice as long are averaged down to about it; None leaves them.
    """

    def __init__(
        self, spec: DataSpec, classes: int, network: Networks = NETWORK, *, side: int | None = None
    ) -> None:
        super().__init__()
        self.spec, self.side = spec, side
        self.encoder = networks.encoder(network, replace(spec, shape=self.seen_shape), WIDTH)
        self.head = nn.Linear(WIDTH, classes)

    @property
    def seen_shape(self) -> tuple[int, ...]:
        """Shape of an example as the encoder sees it."""
        return tuple(self.coarsen(torch.zeros(1, *self.spec.shape)).shape[1:])

    def coarsen(self, x: Tensor) -> Tensor:
        """Return the examples as the encoder sees them."""
        return kind_of(self.spec).coarsened(x, self.side) if self.side else x

    def forward(self, x: Tensor) -> Float[Tensor, "B 64"]:
        return rectify(self.encoder(self.coarsen(x)))

    def logits(self, x: Tensor) -> Float[Tensor, "B K"]:
        """Raw class logits."""
        return self.head(self(x))


def rounds_for(examples: int, images: int) -> int:
    """Rounds that draw ``images`` pictures, but make no more than 40 passes over few ``examples``."""
    return max(LEAST_ROUNDS, min(images, PASSES * examples) // BATCH)


@torch.enable_grad()
def drill(
    net: Classifier,
    batch_of: Callable[[int], tuple[Tensor, Tensor]],
    rounds: int,
    device: str = "cpu",
    *,
    moved: AugmentConfig = MOVED,
    seed: int = 0,
) -> None:
    """Train ``net`` on examples, pictures slightly ``moved``, the same way every time.

    Args:
        batch_of: the examples (B, ...) of a round and their classes (B,).
    """
    adam = torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 2e-3, total_steps=rounds, pct_start=0.1)
    for round in range(rounds):
        pictures, target = batch_of(round)
        x = augment(pictures, moved, Draws(seed=seed, round=round, total=len(pictures), device=device))
        loss = nn.functional.cross_entropy(net.logits(x), target, label_smoothing=SMOOTHING)
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
