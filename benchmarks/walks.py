"""Half-way between two codes: how near to real pictures the decodes of several ways to go there are.

    amalgan train mnist/ --images 60000 --seed 0 --out runs/mnist
    python benchmarks/walks.py runs/mnist mnist/

Pairs of codes, of test pictures and from the prior, are met in the middle: on the straight line, and on great circles
about 0, about the mean of the codes, and about that mean in deviations of each entry (what ``tasks.walk`` does). The
Fréchet distance of the faithful decodes from test pictures is told beside that of the codes themselves. Writes
benchmarks/results/walks.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import open_data
from amalgan.data.decoding.pixels import delivered
from amalgan.features import Features, features_of
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.networks.priors import Scale
from amalgan.systems import model_file
from amalgan.systems.abilities import Samples
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import decoded, encode_all
from amalgan.tasks.walk.closed_paths import great_circle

HERE = Path(__file__).parent
PICTURES = 2000


def main() -> None:
    asked = arguments()
    model = model_file.load(asked.model)
    data = open_data(asked.data, like=model.spec)
    features = features_of(data)
    order = torch.randperm(len(data.test), generator=torch.Generator().manual_seed(0))
    test = data.test.take(order[:PICTURES].numpy())
    code = encode_all(model, test)
    prior = drawn(model, len(code))
    real = Moments.of(features(delivered(test, model.spec)))
    scale = Scale(code.shape[1])
    scale.fit(drawn(model, 1024, seed=1))
    rows = [
        {"codes": name, "way": way, "frechet_distance": apart(model, features, met, real)}
        for name, codes in (("test pictures", code), ("prior", prior))
        for way, met in middles(*codes.chunk(2), scale)
    ]
    for row in rows:
        print(f"{row['codes']:<14} {row['way']:<32} {row['frechet_distance']:>7.2f}")
    facts = {"system": model.name, "data": data.name, "n": len(test) // 2, "features": features.name}
    (HERE / "results" / "walks.json").write_text(json.dumps(facts | {"rows": rows}, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("data")
    return parser.parse_args()


def drawn(model: Model, count: int, *, seed: int = 0) -> Tensor:
    """Codes from the prior, of any class."""
    draws = Draws(seed=seed, round=0, total=count)
    return model.require(Samples).sample_code(torch.full((count,), UNLABELED), draws)


def middles(first: Tensor, last: Tensor, scale: Scale) -> Iterator[tuple[str, Tensor]]:
    """The middle of each pair by every way, and one end."""
    half = torch.full((len(first),), 0.5)
    yield "one of the two codes", first
    yield "line", torch.lerp(first, last, 0.5)
    yield "circle about 0", great_circle(first, last, half)
    yield "circle about the mean", scale.mean + great_circle(first - scale.mean, last - scale.mean, half)
    yield "circle about the mean, in deviations", scale.undo(great_circle(scale(first), scale(last), half))


def apart(model: Model, features: Features, code: Tensor, real: Moments) -> float:
    """The Fréchet distance of decodes."""
    return frechet_distance(Moments.of(features(delivered(decoded(model, code), model.spec))), real)


if __name__ == "__main__":
    main()
