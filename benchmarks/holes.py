"""Large holes in MNIST digits: a fused model's projection beside the mean fill and its own plain decode.

    amalgan train mnist/ --system fusion --images 60032 --stages 0.6 0.8 --closeness 0.5 --out runs/mnist
    python benchmarks/holes.py runs/mnist mnist/

A hole of 14 x 14 pixels lies at the middle of each of 100 test digits. PSNR is of the mean error over all pixels of
all holes, 8 bits. ``mean``: holes in the mean of what is known. ``decode``: in what the model makes of the digit filled
so. ``project``: the decode that agrees best with what is known. ``best of four``: the nearest of four fillings, and
``apart``: how far the others are from the first. Writes benchmarks/results/holes.json.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from amalgan.data import open_data
from amalgan.systems import model_file
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.restore.project import fill_holes, project

TARGET = Path(__file__).parent / "results" / "holes.json"
PICTURES, SAMPLES, CHUNK = 100, 4, 50


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model = model_file.load(asked.model)
    data = open_data(asked.data, like=model.spec)
    x = data.test.take(data.test.spaced(PICTURES))
    found = {
        "data": {"name": data.name, "n": len(x), "shape": list(model.spec.shape)},
        "model": {"system": model.name, "images": model.header["training"]["images"]},
        "rows": measured(model, x),
    }
    TARGET.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def middle(x: Tensor) -> Tensor:
    """1 but for a hole of half the sides at the middle."""
    known = torch.ones_like(x[:, :1])
    height, width = x.shape[2:]
    known[..., height // 4 : height - height // 4, width // 4 : width - width // 4] = 0
    return known


def measured(model: Model, x: Tensor) -> dict[str, Any]:
    """Decibels in the hole, for each way."""
    known = middle(x)
    mean = fill_holes(x * known, known)
    with torch.no_grad():
        decode = model.require(Decodes).decode(model.require(Encodes).encode(mean))
    started_at = time.process_time()
    parts = zip(x.split(CHUNK), known.split(CHUNK), strict=True)
    four = torch.cat([project(model, one * shown, shown, samples=SAMPLES) for one, shown in parts])
    seconds = (time.process_time() - started_at) / len(x) / SAMPLES
    error = hole_error(four, x[:, None], known[:, None])
    return {
        "mean": decibels(hole_error(mean, x, known)),
        "decode": decibels(hole_error(decode, x, known)),
        "project": decibels(error[:, 0]),
        "best_of_four": decibels(error.min(1).values),
        "apart": decibels(hole_error(four[:, 1:], four[:, :1], known[:, None])),
        "cpu_seconds_a_filling": seconds,
    }


def hole_error(x: Tensor, y: Tensor, known: Tensor) -> Tensor:
    """Mean squared error within each hole, 8 bits."""
    apart = x.add(1).mul(127.5).round().clamp(0, 255) - y.add(1).mul(127.5).round()
    hidden = (known == 0).float()
    return (apart.square() * hidden).sum((-3, -2, -1)) / hidden.sum((-3, -2, -1))


def decibels(error: Tensor) -> float:
    return 10 * math.log10(255**2 / float(error.mean()))


if __name__ == "__main__":
    main()
