"""The picture of docs/augment.md: what every policy makes of the same pictures.

amalgan train digits --images 60000 --seed 0 --out runs/digits
python benchmarks/augment_picture.py runs/digits digits docs/augment.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from PIL import Image

import writing
from amalgan.data import Records, open_data, to_pixels
from amalgan.studies.demo.poster import Poster
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Augmenter, Policy, PolicyName

COLUMNS, COLORS = 20, 64
SAID = {
    "noise": "training pictures, and what their codes with noise become",
    "interpolate": "toward another one of the class (second row)",
    "extrapolate": "away from another one of the class (second row)",
    "generate": "new codes of a class",
}


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    model = model_file.load(asked.model)
    train = open_data(asked.data, like=model.spec).labeled
    poster = Poster()
    for kind in get_args(PolicyName):
        poster.rows(f"{kind} — {SAID[kind]}", rows(model, train, kind))
    writing.save_poster(poster, asked.out, COLORS)


def rows(model: Model, train: Records, kind: PolicyName) -> list[list[Image.Image]]:
    """What new pictures were made of, and below them what they became: two of each class."""
    by = Augmenter(model=model, policy=Policy.of(model, kind), take=train.take, labels=train.labels, seed=0)
    recipe = by.recipe(dict.fromkeys(range(len(model.spec.classes)), COLUMNS // len(model.spec.classes)))
    made = torch.cat(list(by.chunks(recipe)))
    sources = [train.take(side) for side in (recipe.source, recipe.other) if (side >= 0).all()]
    return [pictures(to_pixels(x, model.spec)) for x in (*sources, made)]


def pictures(pixels: np.ndarray) -> list[Image.Image]:
    """Arrays as pictures."""
    return [Image.fromarray(each) for each in pixels]


if __name__ == "__main__":
    main()
