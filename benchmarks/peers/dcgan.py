"""The well-known small DCGAN on MNIST, for as many CPU-seconds as asked.

    noise (100) ─► linear ─► 128 x 8 x 8 ─► [BatchNorm] up, conv 128 ─► up, conv 64 ─► conv 1, tanh ─► 32 x 32
    32 x 32 ─► four 3x3 stride-2 convs, 16 to 128 channels, dropout 0.25, BatchNorm ─► linear ─► probability

    python dcgan.py --data MNIST_FOLDER --cpu-minutes 20 --out x.npz [--curve FOLDER] [--side pad] [--bfloat16]

Written anew after the recipe of PyTorch-GAN's dcgan.py (github.com/eriklindernoren/PyTorch-GAN), which follows
Radford et al. 2015, arXiv:1511.06434: nearest up-sampling, BatchNorm with an epsilon of 0.8 where that file passes
0.8, weights from N(0, 0.02), binary cross-entropy, Adam 2e-4 with betas (0.5, 0.999), batch 64; the generator steps
first, the discriminator on the same fakes. Like there, BatchNorm uses the batch's own statistics when sampling.

It paints 32 x 32. ``--side resize`` (as there) enlarges MNIST for training and shrinks the samples; ``--side pad``
trains on MNIST with a black border of two and crops the samples, which loses nothing to two resizes.

For its benefit an average of the weights (half-life 10,000 images, as amalgan has) is sampled beside the raw ones.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from clock import Clock
from mnist import pictures, to_bytes, write_samples
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, interpolate, pad

NOISE, BATCH, SAMPLES, HALF_LIFE_IMAGES = 100, 64, 10_000, 10_000
GROWTH = 1.25
"""Each snapshot is taken at so many times the images of the one before."""


class Generator(nn.Module):
    """From noise (B, 100) to pictures (B, 1, 32, 32) in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(NOISE, 128 * 8 * 8)
        up = nn.Upsample(scale_factor=2)
        self.rest = nn.Sequential(
            nn.BatchNorm2d(128), up, *convolve(128, 128), up, *convolve(128, 64), nn.Conv2d(64, 1, 3, 1, 1)
        )

    def forward(self, noise: Tensor) -> Tensor:
        return self.rest(self.first(noise).reshape(-1, 128, 8, 8)).tanh()


def convolve(before: int, after: int) -> list[nn.Module]:
    """A convolution, BatchNorm and rectifier of the generator."""
    return [nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after, 0.8), nn.LeakyReLU(0.2, inplace=True)]


def discriminator() -> nn.Sequential:
    """From pictures (B, 1, 32, 32) to a logit (B, 1): the recipe's sigmoid is taken in ``guess``."""
    layers: list[nn.Module] = []
    for before, after, norm in ((1, 16, False), (16, 32, True), (32, 64, True), (64, 128, True)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Dropout2d(0.25)]
        layers += [nn.BatchNorm2d(after, 0.8)] * norm
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 2 * 2, 1))


def scatter(module: nn.Module) -> None:
    """The recipe's initial weights."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    if isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


@dataclass
class Training:
    """Both players, their optimizers, and the averaged generator."""

    generator: Generator
    judge: nn.Sequential
    averaged: Generator
    adams: tuple[torch.optim.Adam, torch.optim.Adam]
    bfloat16: bool = False
    images: int = 0

    @classmethod
    def fresh(cls, seed: int, bfloat16: bool) -> Training:
        """Before the first round."""
        torch.manual_seed(seed)
        generator, judge = Generator().apply(scatter), discriminator().apply(scatter)
        adams = tuple(torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (generator, judge))
        return cls(generator, judge, copy.deepcopy(generator), adams, bfloat16)  # type: ignore[arg-type]

    def round(self, real: Tensor) -> None:
        """One step of the generator, then one of the discriminator."""
        one, zero = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        with self.precision():
            fake = self.generator(torch.randn(len(real), NOISE))
            fooled = binary_cross_entropy(self.guess(fake), one)
        descend(self.adams[0], fooled)
        with self.precision():
            truth = binary_cross_entropy(self.guess(real), one)
            lie = binary_cross_entropy(self.guess(fake.detach()), zero)
        descend(self.adams[1], (truth + lie) / 2)
        self.images += len(real)
        self.average_in(len(real))

    def guess(self, x: Tensor) -> Tensor:
        """The discriminator's probability that each picture is real, in float32."""
        return self.judge(x).float().sigmoid()

    def precision(self) -> Any:
        """bfloat16 where that was asked for."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16)

    @torch.no_grad()
    def average_in(self, images: int) -> None:
        """Move the averaged generator toward the current one; the start is forgotten early, as in amalgan."""
        keep = 0.5 ** (images / min(HALF_LIFE_IMAGES, 0.05 * self.images))
        torch._foreach_lerp_(list(self.averaged.parameters()), list(self.generator.parameters()), 1 - keep)

    def samples(self, side: str, seed: int) -> dict[str, np.ndarray[Any, Any]]:
        """uint8 (10000, 28, 28) of the raw and of the averaged weights."""
        return {
            name: drawn(net, side, seed)
            for name, net in (("raw", self.generator), ("averaged", self.averaged))
        }


def descend(adam: torch.optim.Adam, loss: Tensor) -> None:
    """One step down ``loss``."""
    adam.zero_grad()
    loss.backward()
    adam.step()


@torch.no_grad()
def drawn(net: Generator, side: str, seed: int) -> np.ndarray[Any, Any]:
    """10,000 samples as uint8 (N, 28, 28), in batches of 64 as in training."""
    copied, random = copy.deepcopy(net), torch.Generator().manual_seed(seed)  # sampling moves no statistics
    chunks = [copied(torch.randn(BATCH, NOISE, generator=random)) for _ in range(-(-SAMPLES // BATCH))]
    return to_bytes((to_28(torch.cat(chunks)[:SAMPLES], side) + 1) / 2)


def to_32(x: Tensor, side: str) -> Tensor:
    """MNIST (N, 1, 28, 28) in [-1, 1] as the networks see it."""
    if side == "pad":
        return pad(x, (2, 2, 2, 2), value=-1.0)
    return interpolate(x, size=32, mode="bilinear", antialias=True, align_corners=False)


def to_28(x: Tensor, side: str) -> Tensor:
    """The networks' pictures at MNIST's size."""
    if side == "pad":
        return x[..., 2:-2, 2:-2]
    return interpolate(x, size=28, mode="bilinear", antialias=True, align_corners=False)


def batches(real: Tensor, seed: int) -> Iterator[Tensor]:
    """Endless shuffled passes over ``real``; what is left of a pass is left out."""
    random = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(real), generator=random)
        for rows in order.split(BATCH)[: len(real) // BATCH]:
            yield real[rows]


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Train until the CPU-seconds are spent, taking snapshots; returns what is reported."""
    real = torch.from_numpy(pictures(options.data, "train").copy()).float()[:, None] / 127.5 - 1
    state, source = (
        Training.fresh(options.seed, options.bfloat16),
        batches(to_32(real, options.side), options.seed),
    )
    budget, clock, due = options.cpu_minutes * 60, Clock(), options.first_snapshot
    while clock.spent() < budget:
        state.round(next(source))
        if options.curve and state.images >= due:
            due = int(due * GROWTH)
            with clock.paused():
                snapshot(options, state, clock.spent())
    seconds = clock.spent()
    facts = {"images": state.images, "cpu_seconds": seconds, "images_per_cpu_second": state.images / seconds}
    if options.curve:
        snapshot(options, state, seconds)
    if options.out:
        facts["samples"] = written(state.samples(options.side, options.seed), options.out)
    return {
        "system": "dcgan",
        "side": options.side,
        "bfloat16": options.bfloat16,
        "seed": options.seed,
    } | facts


def snapshot(options: argparse.Namespace, state: Training, seconds: float) -> None:
    """Samples of this moment, and a line of ``curve.jsonl`` that tells when it was."""
    made = written(state.samples(options.side, options.seed), options.curve / f"{state.images:09d}.npz")
    line = {"images": state.images, "cpu_seconds": seconds, "samples": made}
    with (options.curve / "curve.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")


def written(samples: dict[str, np.ndarray[Any, Any]], target: Path) -> dict[str, str]:
    """Write each of ``samples`` beside ``target``; the file of each."""
    files = {name: target.with_name(f"{target.stem}-{name}.npz") for name in samples}
    for name, x in samples.items():
        write_samples(files[name], x)
    return {name: str(file) for name, file in files.items()}


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's IDX files")
    parser.add_argument(
        "--cpu-minutes", type=float, default=20.0, help="of training; sampling is not counted"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, help="x.npz: writes x-raw.npz and x-averaged.npz; without it, no samples"
    )
    parser.add_argument("--curve", type=Path, help="a new folder for snapshots and curve.jsonl")
    parser.add_argument("--first-snapshot", type=int, default=4096, help="images before the first of them")
    parser.add_argument(
        "--side", choices=("resize", "pad"), default="resize", help="how 28 becomes 32 and back"
    )
    parser.add_argument("--bfloat16", action="store_true", help="give it bfloat16 autocast too")
    return parser.parse_args()


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(train(parsed())))
