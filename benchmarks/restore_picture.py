"""The picture of docs/restore.md: what a restorer mends, and how a fused model fills holes.

    python benchmarks/restore_picture.py runs/all runs/mnist bsd68.zip mnist/ docs/restore.png

``benchmarks/restore.py`` and ``benchmarks/holes.py`` say how the two models are trained.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

import writing
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data import open_data, to_pixels
from amalgan.data.transforms.damage import strokes
from amalgan.studies.demo.poster import Poster
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.restore.project import fill_holes, project
from amalgan.tasks.restore.windows import Repair, mend
from holes import middle
from restore import blocky, noisy, read, small

COLORS = 64
SHOWN = (9, 33)
"""Pictures of BSD68."""
SIDE = 160
DIGITS, SAMPLES = 6, 4
GRAY = DataSpec(kind="image", shape=(1, 1, 1))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("restorer", "fused", "photographs"):
        parser.add_argument(name, type=Path)
    parser.add_argument("digits")
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    poster = Poster()
    every = list(read(asked.photographs))
    draw_mended(poster, model_file.load(asked.restorer), [center(every[at]) for at in SHOWN])
    draw_filled(poster, model_file.load(asked.fused), asked.digits)
    writing.save_poster(poster, asked.out, COLORS)


def center(x: Tensor) -> Tensor:
    """The middle of a picture."""
    top, left = ((side - SIDE) // 2 for side in x.shape[1:])
    return x[:, top : top + SIDE, left : left + SIDE]


def draw_mended(poster: Poster, model: Model, sound: list[Tensor]) -> None:
    """Each flaw beside what becomes of it."""
    rows = [[shown(one) for pair in flawed(model, x) for one in pair] for x in sound]
    names = ["noise 25", "denoise", "JPEG 10", "dejpeg", "x4, bicubic", "upscale", "strokes", "inpaint"]
    poster.rows("One restorer — each flaw, and what becomes of it", rows, names=names)


def flawed(model: Model, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The picture with every flaw, and mended."""
    noise, jpeg, scaled = noisy(x, 25, 0), blocky(x, 10, 0), small(x, 4, 0)
    known = 1 - strokes(x[None], torch.ones(1), Draws(seed=3, round=0, total=1))[0]
    return [
        (noise.given, mend(model, noise.given, Repair(task="denoise"))),
        (jpeg.given, mend(model, jpeg.given, Repair(task="dejpeg"))),
        (scaled.plain, mend(model, scaled.given, Repair(task="upscale", factor=4))),
        (torch.where(known > 0, x, 1.0), mend(model, x, Repair(task="inpaint"), known)),
    ]


def draw_filled(poster: Poster, model: Model, digits: str) -> None:
    """Digits with a hole, four fillings of each, and the digits themselves."""
    data = open_data(digits, like=model.spec)
    x = data.test.take(data.test.spaced(DIGITS))
    known = middle(x)
    four = project(model, x * known, known, samples=SAMPLES)
    rows = zip(fill_holes(x * known, known), *four.unbind(1), x, strict=True)
    names = ["hole", "1", "2", "3", "4", "the digit"]
    columns = [[shown(one) for one in row] for row in rows]
    half = len(columns) // 2
    pairs = [a + b for a, b in zip(columns[:half], columns[half:], strict=True)]
    poster.rows(
        "One fused model — four fillings of each hole, the best agreement first", pairs, names=names * 2
    )


def shown(x: Tensor) -> Image.Image:
    """One picture (1, H, W)."""
    return Image.fromarray(to_pixels(x[None], GRAY)[0])


if __name__ == "__main__":
    main()
