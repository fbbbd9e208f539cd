"""Pictures of another kind among normal ones: are they found?

    python benchmarks/foreign.py flowers.zip hiragana.zip [--images 6000] [--size 64]

Protocol: a model (autoencoder, default settings, seed 0) is trained on the training split of one set, in color.
Judged is a half of what is held out of it, at most 300 pictures, and 100 pictures of another set; the rest of what is
held out are the normals of the p-values. Scores: the model's own (joint), the outside network's, and both joined by
their p-values. Beside them, fitted to the same training pictures: the distance to the third nearest neighbor in 32
principal components, and in histograms of each channel of 8 bins. AUROC with its 95 % interval; and of ten foreign
pictures planted among the judged ones, how many are among the twenty strangest, in the mean of 20 draws.

Needs the imagenet extra. Writes benchmarks/results/foreign.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

import amalgan as ag
import writing
from amalgan.config.data import DataConfig
from amalgan.data import Dataset, Records, open_data
from amalgan.metrics.detection import auroc
from amalgan.tasks.detect.detect import ALL, bounds, detect
from amalgan.tasks.detect.outside import Outside
from amalgan.tasks.detect.signals import JOINT, OUTSIDE

RESULT = Path(__file__).parent / "results" / "foreign.json"
JUDGED, FOREIGN, PLANTED, TOP, DRAWS = 300, 100, 10, 20, 20
COMPONENTS, BINS, NEIGHBOR = 32, 8, 3


def main() -> None:
    """Every pair of what is normal and what is foreign."""
    asked = arguments()
    config = DataConfig(size=asked.size, channels=3)
    sets = [open_data(name, config) for name in (*asked.data, "photos")]
    pairs = [(own, other) for own in sets[:-1] for other in sets if other is not own]
    models = {one.name: trained(at, config, asked.images) for one, at in zip(sets, asked.data, strict=False)}
    rows: list[dict[str, Any]] = []
    for own, other in pairs:
        rows += measured(*models[own.name], own, other)
    told = {"images": asked.images, "size": asked.size, "cpu_seconds": {n: m[1] for n, m in models.items()}}
    writing.write_json(RESULT, told | {"rows": rows})


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="+")
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--size", default="64")
    return parser.parse_args()


def trained(place: str, config: DataConfig, images: int) -> tuple[ag.Model, float]:
    """A model of the data at ``place``, and the CPU-seconds that it took."""
    started_at = time.process_time()
    found = ag.train("autoencoder", place, images=images, reading=config, quiet=True)
    return found, time.process_time() - started_at


def measured(model: ag.Model, seconds: float, own: Dataset, other: Dataset) -> Iterator[dict[str, Any]]:
    """A row a score, for ``other`` planted among ``own``."""
    held = own.records.select(np.sort(np.concatenate([own.validation.index, own.test.index])))
    at = np.random.default_rng(0).permutation(len(held))
    cut = min(JUDGED, len(held) // 2)
    judged, normals = held.select(np.sort(at[:cut])), held.select(np.sort(at[cut:]))
    foreign = other.records.select(other.records.spaced(FOREIGN))
    learned = Outside.of(model.model, own.train)
    found = [detect(model.model, side, normals, own.train, outside=learned) for side in (judged, foreign)]
    scores = {name: [one.score[name] for one in found] for name in (JOINT, OUTSIDE)}
    scores[ALL] = [one.joined.evidence for one in found]
    for name, (a, b) in (scores | dict(beside(own.train, judged, foreign))).items():
        row = {"normal": own.name, "foreign": other.name, "score": name, "n": [len(a), len(b)]}
        row |= {"auroc": bounds(auroc(a, b)), "of_ten_in_top_20": in_top(a, b)}
        print(json.dumps(row), flush=True)
        yield row


def beside(train: Records, judged: Records, foreign: Records) -> Iterator[tuple[str, list[Tensor]]]:
    """What needs no network."""
    known, *both = (pixels(one) for one in (train.select(train.spaced(4000)), judged, foreign))
    pca = PCA(COMPONENTS, random_state=0).fit(known.reshape(len(known), -1))
    looks = {
        "principal components": lambda x: pca.transform(x.reshape(len(x), -1)),
        "color histograms": histograms,
    }
    for name, look in looks.items():
        near = NearestNeighbors(n_neighbors=NEIGHBOR).fit(look(known))
        yield name, [torch.from_numpy(near.kneighbors(look(x))[0][:, -1].astype(np.float64)) for x in both]


def pixels(records: Records) -> NDArray[np.float32]:
    """Pictures (N, C, H, W) in [-1, 1]."""
    found: NDArray[np.float32] = records.take(np.arange(len(records))).numpy()
    return found


def histograms(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Shares of the values of each channel in each bin."""
    return np.stack(
        [np.concatenate([np.histogram(c, BINS, (-1, 1))[0] / c.size for c in picture]) for picture in x]
    )


def in_top(normal: Tensor, foreign: Tensor) -> float:
    """How many of ten foreign pictures are among the twenty strangest, in the mean of draws."""
    random = np.random.default_rng(0)
    counts = []
    for _ in range(DRAWS):
        ten = foreign[torch.from_numpy(random.permutation(len(foreign))[:PLANTED])]
        order = torch.cat([ten, normal]).argsort(descending=True, stable=True)
        counts.append(int((order[:TOP] < PLANTED).sum()))
    return float(np.mean(counts))


if __name__ == "__main__":
    main()
