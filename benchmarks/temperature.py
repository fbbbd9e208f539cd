"""What a temperature brings and costs: how near new pictures are to real ones, how true, how varied, how new.

    amalgan train MNIST --system SYSTEM --images 150000 --out runs/SYSTEM      for gan, autoencoder and fusion
    python benchmarks/temperature.py MNIST runs/gan runs/autoencoder runs/fusion [--picture docs/temperature.png]

At each of TEMPERATURES a model draws 10,000 pictures, each class as often, always from the same seeds, so that a line
differs from the next by its temperature alone. "Right" is the share that the feature network takes for the class asked
for. The picture is the last model's. Each line is kept in benchmarks/results/temperature.json as it ends, and those
of the same models that are there are not measured again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

import writing
from amalgan.data import open_data, to_pixels
from amalgan.evaluation.scores.generation import agreement, sample_scores
from amalgan.evaluation.scores.score import Trial
from amalgan.features import features_of
from amalgan.studies.demo.poster import Poster
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate
from tables.temperature import temperature

RESULTS = Path(__file__).parent / "results" / "temperature.json"
TEMPERATURES = (0.4, 0.6, 0.8, 0.9, 1.0, 1.2)
COUNT = 10_000
KEPT = ("frechet_distance", "precision", "recall", "copies", "label_agreement")
DRAWN, ACROSS = (0.4, 0.7, 1.0, 1.3), 20
COLORS = 32


def main() -> None:
    asked = arguments()
    torch.set_num_threads(1)
    models = [model_file.load(place) for place in asked.models]
    data = open_data(asked.data, like=models[0].spec)
    trial = Trial(data=data, features=features_of(data), count=COUNT, seed=0)
    if asked.picture:
        draw(models[-1], asked.picture)
    told = {"data": data.name, "n": trial.n, "features": trial.judge.name}
    wanted: list[tuple[dict[str, Any], Model]] = [
        ({"system": model.name, "model": model.digest, "temperature": degree}, model)
        for model in models
        for degree in TEMPERATURES
    ]
    rows = [row for row in stored() if any(which.items() <= row.items() for which, _ in wanted)]
    for which, model in wanted:
        if not any(which.items() <= row.items() for row in rows):
            rows.append(which | measured(model, trial, which["temperature"]))
            writing.write_json(RESULTS, told | {"rows": rows})
            print(rows[-1], flush=True)
    print(temperature())


def stored() -> list[dict[str, Any]]:
    """The lines that are done."""
    found: list[dict[str, Any]] = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else []
    return found


def measured(model: Model, trial: Trial, degree: float) -> dict[str, float | None]:
    """What the pictures of a temperature come to."""
    each = trial.n // len(model.system.classes_shown)
    label = torch.tensor(model.system.classes_shown).repeat_interleave(each)
    chunks = [*new(model, each, degree)]
    scores = [
        *sample_scores(trial, trial.extract_features(chunks)),
        *agreement(trial, chunks, label, "each as often"),
    ]
    values = {score.key: score.value for score in scores}
    return {key: values[key] for key in KEPT}


def new(model: Model, each: int, degree: float) -> Iterator[Tensor]:
    """New pictures, so many of each class, class by class."""
    for number in model.system.classes_shown:
        name = model.spec.classes[number]
        yield from generate(model, each, label=name, seed=number, temperature=degree)


def draw(model: Model, out: Path) -> None:
    """The same draws at several temperatures, a row each."""
    poster = Poster()
    for degree in DRAWN:
        x = torch.cat([*new(model, ACROSS // len(model.system.classes_shown), degree)])
        poster.rows(f"Temperature {degree}", [[Image.fromarray(one) for one in to_pixels(x, model.spec)]])
    writing.save_poster(poster, out, COLORS)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--picture", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
