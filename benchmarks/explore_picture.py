"""The picture of docs/explore.md, from a model of MNIST.

amalgan train mnist/ --images 60000 --seed 0 --out runs/mnist
python benchmarks/explore_picture.py runs/mnist mnist/ docs/explore.png
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import writing
from amalgan.data import open_data, to_pixels
from amalgan.studies.demo.poster import Poster
from amalgan.studies.explore.attribution import mapped
from amalgan.studies.explore.directions import DEVIATIONS
from amalgan.studies.explore.subject import Subject
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import between_classes, principal, strips
from amalgan.tasks.explore.overlay import painted
from amalgan.tasks.explore.watched_networks import list_networks
from amalgan.tasks.walk.walk import walk

ACROSS, COLORS = 14, 128
WAY = torch.linspace(0, 1, len(DEVIATIONS))


def main() -> None:
    asked = arguments()
    model = model_file.load(asked.model)
    subject = Subject(model=model, data=open_data(asked.data, like=model.spec), count=500, seed=0, entries=())
    poster = Poster()
    draw_directions(poster, model, subject)
    draw_pairs(poster, model, subject)
    film = walk(model, frames=60, seed=8)
    poster.rows(
        "A walk through the code — every fourth frame of generate --walk", [pictures(model, film[:56:4])]
    )
    draw_looks(poster, subject)
    writing.save_poster(poster, asked.out, COLORS)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    return parser.parse_args()


def draw_directions(poster: Poster, model: Model, subject: Subject) -> None:
    """The first directions, two beside each other, from the mean and from a test picture."""
    start = torch.stack([subject.code.mean(0), subject.test_code[100]])
    made = [strips(model, each, start, torch.tensor(DEVIATIONS)) for each in principal(subject.code, 4)]
    rows = [torch.cat([made[a][row], made[a + 1][row]]) for a in (0, 2) for row in range(2)]
    poster.rows(
        "Four directions of the code — from -3 to 3 deviations, from the mean and from a test picture",
        [pictures(model, row) for row in rows],
    )


def draw_pairs(poster: Poster, model: Model, subject: Subject) -> None:
    """Test pictures moved by the difference of two class means."""
    assert subject.means is not None
    found = between_classes(subject.means, model.spec.classes, 2)
    rows = [(subject.test_label == each.start).nonzero()[:2, 0] for each in found]
    made = [strips(model, each, subject.test_code[row], WAY) for each, row in zip(found, rows, strict=True)]
    named = " and ".join(each.name for each in found)
    poster.rows(
        f"From class to class — {named}: test pictures moved by the difference of the mean codes",
        [pictures(model, torch.cat([each[row] for each in made])) for row in range(2)],
    )


def draw_looks(poster: Poster, subject: Subject) -> None:
    """Test pictures under the maps of every network."""
    rows = subject.test.spaced(ACROSS)
    x, label = subject.test.take(rows), torch.from_numpy(subject.test.labels[rows])
    shown = [pictures(subject.model, x)]
    names = []
    for scorer in list_networks(subject.model, subject.spread):
        maps, _ = mapped(subject, scorer, x, label)
        shown.append(overlaid(to_pixels(x, subject.model.spec), maps))
        names.append(f"the {scorer.name}")
    poster.rows(f"What the networks look at — {', '.join(names)}, by hiding parts of test pictures", shown)


def overlaid(pixels: np.ndarray, maps: Tensor) -> Sequence[Image.Image]:
    """Pictures under their maps."""
    largest = float(maps.abs().max())
    return [Image.fromarray(painted(*pair, largest)) for pair in zip(pixels, maps.numpy(), strict=True)]


def pictures(model: Model, x: Tensor) -> list[Image.Image]:
    """Examples as pictures."""
    return [Image.fromarray(pixels) for pixels in to_pixels(x, model.spec)]


if __name__ == "__main__":
    main()
