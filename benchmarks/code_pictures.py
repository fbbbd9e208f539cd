"""The pictures of docs/detect.md and docs/embed.md, of data that ships with dependencies, so that they may be shown.

    python benchmarks/code_pictures.py [--images 60000] [--tiles 12000]

docs/detect.png: an autoencoder learns tiles of a photograph of bricks (scikit-image, CC0), all but its lowest part;
from there come six tiles with a flaw painted in (scratch, spot, a part rubbed out) and two as they are; their decodes;
heat maps. docs/neighbors.png: another learns the built-in digits; four test pictures beside what of the training split
is most like them. docs/map.png: all digits.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import amalgan as ag
from amalgan.config.data import DataConfig
from amalgan.core.files import write_changed
from amalgan.data import from_pixels, open_data, png_bytes, to_pixels
from amalgan.data.writing.grids import grid
from amalgan.tasks.detect.heat import colored, rebuilt, usual
from amalgan.tasks.embed.embed import embed
from amalgan.tasks.embed.lineup import lineup
from amalgan.tasks.embed.map import map_picture
from amalgan.tasks.embed.similar import Space
from amalgan.tasks.explore.overlay import painted

DOCS = Path(__file__).parents[1] / "docs"
SIDE, SCALE = 32, 3
"""Pixels of a tile, and screen pixels for each of its."""
HELD = 64
"""Rows of the photograph that are not trained on."""
PLACES = ((20, 30), (9, 100), (28, 170), (14, 60), (25, 135), (3, 205), (17, 80), (31, 10))
"""Of the tiles that are shown, within those rows."""


def main() -> None:
    """Train both, and draw all three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--tiles", type=int, default=12_000)
    asked = parser.parse_args()
    if asked.tiles:
        heat_maps(asked.tiles)
    if asked.images:
        likeness(asked.images)
    for name in ("detect", "neighbors", "map"):
        with Image.open(DOCS / f"{name}.png") as picture:
            print(name, picture.size)


def heat_maps(images: int) -> None:
    """Flaws in bricks."""
    wall = np.asarray(Image.fromarray(data.brick()).resize((256, 256), Image.Resampling.LANCZOS))
    random = np.random.default_rng(0)
    seen = [tile(wall, *random.integers(0, (256 - HELD - SIDE, 256 - SIDE))) for _ in range(4000)]
    shown = np.stack([tile(wall, 256 - HELD + down, across) for down, across in PLACES]).copy()
    for number, picture in enumerate(shown[:6]):
        flawed(picture, number)
    with tempfile.TemporaryDirectory() as scratch:
        np.save(f"{scratch}/bricks.npy", np.stack(seen))
        reading = DataConfig(cache=scratch)
        model = ag.train(
            "autoencoder", f"{scratch}/bricks.npy", images=images, reading=reading, quiet=True
        ).model
        bricks = open_data(f"{scratch}/bricks.npy", reading, like=model.spec)
        decoded, error = rebuilt(model, from_pixels(shown[:, None], model.spec))
        known = usual(model, bricks.validation)
    heat = known.excess(error).numpy()
    again = to_pixels(decoded, model.spec)
    maps = [painted(one, map_, known.full) for one, map_ in zip(shown, heat, strict=True)]
    rows = [*map(colored, shown), *map(colored, again), *maps]
    write_changed(DOCS / "detect.png", png_bytes(grid(np.stack(rows), columns=len(PLACES), scale=SCALE)))


def tile(wall: NDArray[np.uint8], down: int, across: int) -> NDArray[np.uint8]:
    """A square of the photograph."""
    return wall[down : down + SIDE, across : across + SIDE]


def flawed(picture: NDArray[np.uint8], number: int) -> None:
    """Paint a flaw in."""
    if number % 3 == 0:
        along = np.arange(6, 26)
        picture[along, np.clip(along // 2 + 6 + number, 0, SIDE - 1)] = 235
    elif number % 3 == 1:
        picture[12:18, 8 + 2 * number : 14 + 2 * number] = 30
    else:
        picture[8:20, 10:22] = int(np.median(picture))


def likeness(images: int) -> None:
    """Neighbors and map of digits."""
    with tempfile.TemporaryDirectory() as scratch:
        reading = DataConfig(cache=scratch)
        model = ag.train("autoencoder", "digits", images=images, reading=reading, quiet=True).model
        digits = open_data("digits", reading, like=model.spec)
        train, query = digits.train, digits.test.select([2, 30, 71, 120])
        distance, row = Space.of(embed(model, train).code).nearest(embed(model, query).code, 10)
        lineup(DOCS / "neighbors.png", query, train, row, distance)
        map_picture(embed(model, digits.records), digits.records, DOCS / "map.png")


if __name__ == "__main__":
    main()
