r"""What a restorer gains on the BSD68 test pictures: noise, scaling, JPEG.

    amalgan train train400.zip --system restorer --tasks denoise --size 180 --batch 8 --images 97000 --out runs/first
    amalgan train train400.zip --system restorer --tasks denoise denoise inpaint upscale dejpeg --size 180 --batch 8 \
        --optimizer.rate 1e-3 --images 36000 --init runs/first/model.safetensors --out runs/all
    python benchmarks/restore.py runs/all bsd68.zip

PSNR of each picture, clipped to [0, 255] and rounded, averaged over the pictures, as the literature has it. Noise is
not clipped, drawn by numpy from the picture's number; the network is told nothing of how strong it is. Scaling: bicubic
down (sides cut to multiples of the factor), then up by bicubic or by the model. Goes through the same windows as the
command. Each task that was measured joins benchmarks/results/restore.json.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from amalgan.data.transforms.damage import coded, larger, shrunk
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.restore.windows import Repair, mend

TARGET = Path(__file__).parent / "results" / "restore.json"
LEVELS = {"denoise": (15, 25, 50), "upscale": (2, 4), "dejpeg": (10, 20, 40)}


class Case(NamedTuple):
    """One damaged picture."""

    sound: Tensor
    given: Tensor
    """To the model."""
    plain: Tensor
    """What there would be without it."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tasks", nargs="+", default=list(LEVELS), choices=list(LEVELS))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model, pictures = model_file.load(asked.model), list(read(asked.data))
    found = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    for task in asked.tasks:
        rows = [measured(model, pictures, task, level) for level in LEVELS[task]]
        found[task] = {"n": len(pictures), "model": facts(model, asked.model), "rows": rows}
        TARGET.write_text(json.dumps(found, indent=2) + "\n")
        print(json.dumps(found[task], indent=2), flush=True)


def read(place: Path) -> Iterator[Tensor]:
    """The gray pictures of an archive, (1, H, W) in [-1, 1]."""
    with zipfile.ZipFile(place) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".png"):
                pixels = np.asarray(Image.open(BytesIO(archive.read(name))).convert("L"), np.float32)
                yield torch.from_numpy(pixels / 127.5 - 1)[None]


def noisy(sound: Tensor, sigma: int, number: int) -> Case:
    noise = np.random.default_rng(number).standard_normal(sound.shape).astype(np.float32)
    given = sound + torch.from_numpy(noise) * (sigma / 127.5)
    return Case(sound, given, given)


def small(sound: Tensor, factor: int, number: int) -> Case:
    height, width = (side // factor * factor for side in sound.shape[1:])
    sound = sound[:, :height, :width]
    given = shrunk(sound[None], factor)
    return Case(sound, given[0], larger(given, (height, width))[0])


def blocky(sound: Tensor, quality: int, number: int) -> Case:
    given = coded(sound[None], quality)[0]
    return Case(sound, given, given)


CASES: dict[str, Callable[[Tensor, int, int], Case]] = {
    "denoise": noisy,
    "upscale": small,
    "dejpeg": blocky,
}


def measured(model: Model, pictures: list[Tensor], task: str, level: int) -> dict[str, Any]:
    """Mean PSNR over the pictures, without the model and with it."""
    repair = Repair(task=task, factor=level if task == "upscale" else 2)  # type: ignore[arg-type]
    plain, own, seconds = [], [], 0.0
    for number, sound in enumerate(pictures):
        case = CASES[task](sound, level, number)
        started_at = time.process_time()
        mended = mend(model, case.given, repair)
        seconds += time.process_time() - started_at
        plain.append(psnr(case.plain, case.sound))
        own.append(psnr(filed(mended), case.sound))
    pixels = sum(sound.numel() for sound in pictures)
    return {
        "level": level,
        "plain": float(np.mean(plain)),
        "psnr": float(np.mean(own)),
        "worst_gain": float(np.min(np.subtract(own, plain))),
        "megapixels_a_second": pixels / 1e6 / seconds,
    }


def psnr(x: Tensor, y: Tensor) -> float:
    """Decibels between two pictures."""
    return 10 * math.log10(4 / float((x.double() - y.double()).square().mean()))


def filed(x: Tensor) -> Tensor:
    """As a file would hold it: clipped, in 256 steps."""
    return x.add(1).mul(127.5).round().clamp(0, 255).div(127.5).sub(1)


def facts(model: Model, place: Path) -> dict[str, Any]:
    """What was trained, and how long that took."""
    run = place if place.is_dir() else place.parent
    training = model.header["training"]
    return {
        "tasks": list(model.header["config"]["tasks"]),
        "images": training["images"],
        "batch": training["batch"],
        "parameters": sum(weight.numel() for weight in model.system.parameters()),
        "trained_on": model.header["data"],
        "cpu_seconds": cpu_seconds(run),
    }


def cpu_seconds(run: Path) -> float | None:
    """What ``train --json`` said, if it was kept as RUN/answer.json."""
    answer = run / "answer.json"
    return json.loads(answer.read_text())["cpu_seconds"] if answer.exists() else None


if __name__ == "__main__":
    main()
