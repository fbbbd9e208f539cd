"""Do the measures rank sets of known quality? For every folder given, with its labels and without.

    python benchmarks/rulers.py digits mnist/ flowers/:32 emoji/:32 hiragana/:32 cifar10.zip --keep 5000

DATA:SIZE reads at that size. Half of the held-out pictures are compared with: the other half; a stand-in for the
samples of a good model, the same slightly bent (a displacement of 2 % of the side, resampled); the same from 256 and 64
principal components; blurred by three deviations; the mean picture; one gray; noise with the mean and covariance of the
data, and the same from 256 components, which no network was shown; white noise. All sets have one size. Prints every
measure of every set, which measures keep the order (``amalgan.features.ranking``), and the CPU-seconds of the network.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from amalgan.config.data import DataConfig
from amalgan.data import Dataset, open_data
from amalgan.evaluation.scores.baselines import Components
from amalgan.features import features_of, outside_network, ranking, views
from amalgan.kinds import text_of
from amalgan.metrics.distribution import kernel_distance

MOST = 256
BLURS = {"blurred by side/32": 1 / 32, "blurred by side/16": 1 / 16, "blurred by side/8": 1 / 8}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+")
    parser.add_argument("--keep", type=float)
    parser.add_argument("--cache")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for place in asked.data:
        name, _, size = place.partition(":")
        data = open_data(name, DataConfig(size=size or None, keep=asked.keep, cache=asked.cache))
        for version in versions(data):
            show(version, asked.cache)


def versions(data: Dataset) -> Iterator[Dataset]:
    """The data with its labels, if it has any, and without."""
    if len(data.spec.classes) > 1:
        yield data
    unknown = np.full_like(data.whole.labels, -1)
    yield replace(
        data, whole=replace(data.whole, labels=unknown), fingerprint=f"{data.fingerprint}-unlabeled"
    )


def show(data: Dataset, cache: str | None) -> None:
    """One table."""
    started_at = time.process_time()
    look = features_of(data, cache=cache)
    seconds = time.process_time() - started_at
    real, held_out = ranking.split_halves(data)
    told = ", ".join(f"{key} {value:.3g}" for key, value in look.accuracy.items())
    print(f"\n{data.name}, {text_of(data.spec)}, {look.name}: {seconds:.0f} CPU-seconds; held-out: {told}")
    measures, from_outside = list(ranking.HIGHER_IS_BETTER), outside_network.applies(data.spec)
    measures += ["outer_distance"] if from_outside else []
    print(f"{'n=' + str(len(real)):34}" + "".join(f"{measure:>18}" for measure in measures))
    features = look(real)
    outer = outside_network.imagenet_features([real]) if from_outside else None
    for name, x in (ranking.grade_sets(real, held_out) | more(data, held_out)).items():
        shown = views.eight_bits(x)
        values = ranking.values(features, look(shown))
        if outer is not None:
            values["outer_distance"] = 1000 * kernel_distance(
                outside_network.imagenet_features([shown]), outer
            )
        print(f"{name:34}" + "".join(f"{values[measure]:18.3f}" for measure in measures))
    unfit = dict(look.unfit) | (
        {"outer_distance": outside_network.explain_unfit(data)} if from_outside else {}
    )
    for measure, why in unfit.items():
        if why:
            print(f"not given: {measure}: {why}")


def more(data: Dataset, x: Tensor) -> dict[str, Tensor]:
    """Sets beside those that decide."""
    found, random = Components.of(data.train, MOST, 0), np.random.default_rng(0)
    few = Components(found.mean, found.axes[:64])
    spread = (data.train.take(data.train.spaced(2000)).flatten(1).numpy() - found.mean) @ found.axes.T
    noise = random.normal(size=(len(x), len(found.axes))).astype(np.float32) * spread.std(0)
    one, generator = torch.ones(len(x), 1, 1, 1), torch.Generator().manual_seed(0)
    return {
        f"{len(found.axes)} components": found.rebuild(x),
        f"{len(few.axes)} components": few.rebuild(x),
        **{name: views.blur(x, one * blur / views.WIDEST_BLUR, x, generator) for name, blur in BLURS.items()},
        "gray": torch.zeros_like(x),
        f"noise of {len(found.axes)} components": torch.from_numpy(found.mean + noise @ found.axes).reshape(
            x.shape
        ),
    }


if __name__ == "__main__":
    main()
