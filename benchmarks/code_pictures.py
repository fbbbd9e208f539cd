"""The pictures of docs/detect.md and docs/embed.md, of the built-in digits, so that they may be shown.

    python benchmarks/code_pictures.py [--images 60000]

One autoencoder is trained on the digits. docs/detect.png: test pictures that it was not trained on, three of them with
a bright spot where they are darkest, three with a hole where they are brightest, two as they are; their decodes; their
heat maps.
docs/neighbors.png: four test pictures beside what of the training split is most like them. docs/map.png: all of them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import amalgan as ag
from amalgan.config.data import DataConfig
from amalgan.data import open_data, png_bytes, to_pixels
from amalgan.data.grids import grid
from amalgan.files import write_changed
from amalgan.tasks.embed import embed
from amalgan.tasks.heat import colored, rebuilt, usual
from amalgan.tasks.lineup import lineup
from amalgan.tasks.map import map_picture
from amalgan.tasks.paint import painted
from amalgan.tasks.similar import Space

DOCS = Path(__file__).parents[1] / "docs"
ACROSS, SCALE = 8, 12
"""Pictures, and screen pixels for each of theirs."""


def main() -> None:
    """Train, and draw all three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=60_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        reading = DataConfig(cache=scratch)
        model = ag.train("autoencoder", "digits", images=asked.images, reading=reading, quiet=True).held
        data = open_data("digits", reading, like=model.spec)
        shown = data.test.take(slice(20, 20 + 20 * ACROSS, 20))
        for picture in shown[:3]:
            flawed(picture, -1.0)
        for picture in shown[3:6]:
            flawed(picture, 1.0)
        decoded, error = rebuilt(model, shown)
        known = usual(model, data.validation)
        heat = known.excess(error).numpy()
        pictures, again = (to_pixels(one, model.spec) for one in (shown, decoded))
        maps = [painted(one, map_, known.full) for one, map_ in zip(pictures, heat, strict=True)]
        rows = [*map(colored, pictures), *map(colored, again), *maps]
        write_changed(DOCS / "detect.png", png_bytes(grid(np.stack(rows), columns=ACROSS, scale=SCALE)))
        train, query = data.train, data.test.select([2, 30, 71, 120])
        distance, row = Space.of(embed(model, train).code).nearest(embed(model, query).code, 10)
        lineup(DOCS / "neighbors.png", query, train, row, distance)
        map_picture(embed(model, data.records), data.records, DOCS / "map.png")
    for name in ("detect", "neighbors", "map"):
        with Image.open(DOCS / f"{name}.png") as picture:
            print(name, picture.size)


def flawed(picture: torch.Tensor, where: float) -> None:
    """Turn the two by two pixels that are nearest to a level into its opposite."""
    mean = torch.nn.functional.avg_pool2d(picture[None, :, 1:-1, 1:-1], 2, 1)[0, 0]
    down, across = divmod(int((mean - where).abs().argmin()), mean.shape[1])
    picture[:, 1 + down : 3 + down, 1 + across : 3 + across] = -where


if __name__ == "__main__":
    main()
