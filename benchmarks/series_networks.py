"""Which networks serve windows of which length: dense layers, halving convolutions, patches with dilations.

    python benchmarks/series_networks.py [FOLDER] --seconds 8 --json benchmarks/results/series_networks.json

FOLDER holds the data of the library aeon (``pip download aeon --no-deps``, unpacked): the gait of Daphnet_S06R02E0.
Without it the heart beats alone are learned, which are made on the spot. Each network is an autoencoder that learns for
as many CPU-seconds, one after the other in one process; R² is of windows that come later in the recording.

Patches are those of Nie, Nguyen, Sinthong & Kalagnanam 2023 (arXiv:2211.14730), dilations those of Bai, Kolter & Koltun
2018 (arXiv:1803.01271), doubled from block to block so that few blocks see the whole window.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

from amalgan.config.parts import Networks
from amalgan.core.types import DataSpec
from amalgan.networks.blocks import PAINTED, RECTIFIED, rectify, scale_weights
from amalgan.networks.mlp import DenseDecoder, DenseEncoder
from series_beats import beats

BATCH, RATE = 64, 2e-3
PATCH, DILATIONS = 16, (1, 2, 4)
"""Steps of a patch, and how far apart the places are that a block mixes."""


class HalvingEncoder(nn.Module):
    """Convolutions of width 4 and stride 2 until 4 to 7 steps are left, with a linear layer at the end."""

    def __init__(self, config: Networks, spec: DataSpec, features: int) -> None:
        super().__init__()
        self.plan = stages(config, spec)
        self.downs = nn.ModuleList(nn.Conv1d(a[0], b[0], 4, 2, 1) for a, b in pairwise(self.plan))
        self.last = scale_weights(nn.Linear(self.plan[-1][0] * self.plan[-1][1], features), RECTIFIED)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for down in self.downs:
            x = rectify(down(x))
        return self.last(x.flatten(1))


class HalvingDecoder(nn.Module):
    """The same back."""

    def __init__(self, config: Networks, spec: DataSpec, features: int) -> None:
        super().__init__()
        self.plan = stages(config, spec)[::-1]
        self.first = scale_weights(nn.Linear(features, self.plan[0][0] * self.plan[0][1]))
        self.ups = nn.ModuleList(nn.ConvTranspose1d(a[0], b[0], 4, 2, 1) for a, b in pairwise(self.plan))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = self.first(features).unflatten(1, self.plan[0])
        for up in self.ups:
            x = up(rectify(x))
        return x


def stages(config: Networks, spec: DataSpec) -> list[tuple[int, int]]:
    """Channels and steps of each stage, finest first."""
    plan, features = [tuple(spec.shape)], config.width
    while plan[-1][1] >= 8:
        plan.append((features, plan[-1][1] // 2))
        features = min(2 * features, config.widest)
    return plan


def places(steps: int) -> int:
    """Patches of a window; the last one is filled up."""
    return -(-steps // PATCH)


class Dilated(nn.Module):
    """x + mix(rectify(convolve(rectify(x)))), the last layer starting at zero."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv1d(channels, channels, 1)
        nn.init.normal_(self.first.weight, std=0.75 * RECTIFIED / (3 * channels) ** 0.5)
        nn.init.zeros_(self.second.weight)
        for layer in (self.first, self.second):
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(rectify(self.first(rectify(x))))


class PatchEncoder(nn.Module):
    """From a window to features."""

    def __init__(self, config: Networks, spec: DataSpec, features: int) -> None:
        super().__init__()
        channels, steps = spec.shape
        width = config.widest
        self.short = places(steps) * PATCH - steps
        self.first = scale_weights(nn.Linear(channels * PATCH, width))
        self.blocks = nn.ModuleList(Dilated(width, one) for _ in range(config.blocks) for one in DILATIONS)
        self.last = scale_weights(nn.Linear(width * places(steps), features), RECTIFIED)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = nn.functional.pad(x, (0, self.short)).unflatten(2, (-1, PATCH)).transpose(1, 2).flatten(2)
        x = self.first(patches).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.last(rectify(x).flatten(1))


class PatchDecoder(nn.Module):
    """From features to a window."""

    def __init__(self, config: Networks, spec: DataSpec, features: int) -> None:
        super().__init__()
        self.shape, self.width = spec.shape, config.widest
        self.first = scale_weights(nn.Linear(features, self.width * places(spec.shape[1])))
        self.blocks = nn.ModuleList(
            Dilated(self.width, one) for _ in range(config.blocks) for one in reversed(DILATIONS)
        )
        self.last = scale_weights(nn.Linear(self.width, spec.shape[0] * PATCH), PAINTED)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        channels, steps = self.shape
        x = self.first(features).unflatten(1, (self.width, -1))
        for block in self.blocks:
            x = block(x)
        patches = self.last(rectify(x).transpose(1, 2)).unflatten(2, (channels, PATCH))
        return patches.transpose(1, 2).flatten(2)[..., :steps]


NETWORKS = {
    "dense": (DenseEncoder, DenseDecoder),
    "halving": (HalvingEncoder, HalvingDecoder),
    "patches": (PatchEncoder, PatchDecoder),
}


def learned(kind: str, train: torch.Tensor, test: torch.Tensor, seconds: float) -> dict[str, float]:
    """R² on ``test`` after so many CPU-seconds."""
    torch.manual_seed(0)
    spec = DataSpec(kind="series", shape=tuple(train.shape[1:]))
    code = max(4, min(64, spec.size // 8))
    down, up = (part(Networks(), spec, code) for part in NETWORKS[kind])
    weights = [*down.parameters(), *up.parameters()]
    adam = torch.optim.Adam(weights, lr=RATE, betas=(0.9, 0.99))
    begun, rounds = time.process_time(), 0
    while (spent := time.process_time() - begun) < seconds:
        for group in adam.param_groups:
            group["lr"] = RATE * (1 - 0.95 * spent / seconds)
        x = train[torch.randint(len(train), (BATCH,))]
        adam.zero_grad()
        (up(down(x)) - x).square().mean().backward()
        adam.step()
        rounds += 1
    with torch.no_grad():
        wrong = (up(down(test)) - test).square().sum() / (test - test.mean(0)).square().sum()
    return {"r_squared": round(float(1 - wrong), 4), "images": rounds * BATCH}


def windows(x: np.ndarray, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows (N, C, T) of steps (n, C), the last fifth for tests, a window's length apart."""
    scaled_x = (x - x.mean(0)) / x.std(0)
    edge = int(0.8 * len(x))
    parts = scaled_x[:edge], scaled_x[edge + length :]
    cut = [
        np.stack([part[at : at + length].T for at in range(0, len(part) - length + 1, 8)]) for part in parts
    ]
    return tuple(torch.from_numpy(part).float() for part in cut)


def gait(folder: Path) -> np.ndarray:
    """Nine channels of an accelerometer."""
    with (folder / "aeon/datasets/data/Daphnet_S06R02E0/S06R02E0.csv").open() as file:
        return np.array([[float(cell) for cell in row[1:-1]] for row in list(csv.reader(file))[1:]])


def main() -> None:
    """Print and write all numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--lengths", default="64,256,1024")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    data = {"heart": beats(24_000, seed=0)[0]}
    if asked.folder is not None:
        data["gait"] = gait(asked.folder)
    found = []
    for name, steps in data.items():
        for length in map(int, asked.lengths.split(",")):
            if len(steps) < 8 * length:  # too few later windows to test on
                continue
            train, test = windows(steps, length)
            for kind in asked.networks.split(","):
                row = {"data": name, "channels": train.shape[1], "length": length, "windows": len(train)}
                row |= {"network": kind, **learned(kind, train, test, asked.seconds)}
                found.append(row)
                print(json.dumps(row), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps({"seconds": asked.seconds, "rows": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
