"""Few labels and many pictures, beside the same labels without the pictures: test error of a classifier.

    python benchmarks/labels.py mnist/ [--labels 100 1000] [--seeds 0 1 2] [--kinds supervised alone classifier]

supervised    amalgan train DATA --system supervised --labeled N --images 100000 --batch 32 --precision float32
alone         the same system, views and budget, shown the labeled pictures only
classifier    encoder and head of the same size on the labeled pictures only, views and budget as above, nothing
              else to learn; each learning rate of RATES is tried and the best one in validation counts

One thread, one cell after another; each is kept in benchmarks/results/labels.json as it ends, and those that are
there are not run again. The seed also chooses the labels, the same ones for every kind. ``images`` counts the pictures
of the rounds' common batches; ``supervised`` and ``alone`` draw as many views of labeled ones beside them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import writing
from amalgan import networks
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.run import RunConfig
from amalgan.config.systems import SupervisedConfig
from amalgan.core.randomness import build_seeded, key
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.data import Dataset, Records, open_data, resolve_augment
from amalgan.data.transforms.views import view
from amalgan.metrics.statistics import binomial_interval
from amalgan.objectives.classification import cross_entropy
from amalgan.systems.base import Phase, System
from amalgan.systems.supervised import Supervised
from amalgan.training import loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

RESULTS = Path(__file__).parent / "results" / "labels.json"
RATES = (2e-3, 5e-4)
BATCH = 32


class Classifier(System):
    """What supervised is without its decoder: encoder and head."""

    def __init__(self, config: SupervisedConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.encoder = networks.encoder(config.network, spec, config.code_size or 0)
        self.head = nn.Linear(config.code_size or 0, len(spec.classes))

    def phases(self) -> Sequence[Phase]:
        """One."""
        updates = ("encoder", "head")
        return (Phase(name="labels", updates=updates, loss=self.label_loss, optimizer=self.config.optimizer),)

    def label_loss(self, batch: Batch, tick: Tick) -> Step:
        """Cross-entropy of a view of each."""
        logits = self.classify(view(batch.x, self.config.views, tick.draws))
        return Step({"labels": cross_entropy(logits, batch.label).mean()})

    def classify(self, x: Tensor) -> Tensor:
        """Class logits."""
        found: Tensor = self.head(self.encoder(x))
        return found


def main() -> None:
    """Run what is missing, keep it, print the table."""
    asked = arguments()
    torch.set_num_threads(1)
    for seed in asked.seeds:
        for labels in asked.labels:
            for kind in asked.kinds:
                if f"{kind}-{labels}-{seed}" not in stored():
                    keep(f"{kind}-{labels}-{seed}", cell(kind, labels, seed, asked))
    for name, found in stored().items():
        print(f"{name:<24} error {found['error']:.2%}  {found['cpu_seconds']:.0f} CPU-s")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="a word or a path")
    parser.add_argument("--labels", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    return parser.parse_args()


def cell(kind: str, labels: int, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Train one and count its errors."""
    data = open_data(asked.data, DataConfig(labeled=labels), seed=seed)
    started_at = time.process_time()
    system, facts = KINDS[kind](data, seed, asked.images)
    seconds = time.process_time() - started_at
    wrong, n = errors(system, data.test), len(data.test)
    within = binomial_interval(wrong, n)
    return {
        "kind": kind,
        "labels": labels,
        "seed": seed,
        "data": data.name,
        "images": asked.images,
        "error": wrong / n,
        "interval": [within.low, within.high],
        "n": n,
        "parameters": sum(weight.numel() for weight in system.parameters()),
        "cpu_seconds": seconds,
        **facts,
    }


def supervised(data: Dataset, seed: int, images: int) -> tuple[System, dict[str, Any]]:
    """Few labels, all pictures."""
    return trained(Supervised, data, seed, images), {}


def alone(data: Dataset, seed: int, images: int) -> tuple[System, dict[str, Any]]:
    """The unlabeled pictures removed."""
    return trained(Supervised, replace(data, train=data.labeled), seed, images), {}


def classifier(data: Dataset, seed: int, images: int) -> tuple[System, dict[str, Any]]:
    """Nothing but labels; the learning rate is chosen in validation."""
    few = replace(data, train=data.labeled)
    tried = {rate: trained(Classifier, few, seed, images, rate=rate) for rate in RATES}
    wrong = {rate: errors(system, data.validation) for rate, system in tried.items()}
    best = min(RATES, key=wrong.__getitem__)
    return tried[best], {"rate": best, "validation_errors": wrong}


def trained(
    kind: type[System], data: Dataset, seed: int, images: int, *, rate: float | None = None
) -> System:
    """The averaged weights at the end of a run, as ``amalgan train`` reaches them."""
    config = SupervisedConfig().resolved(data.spec)
    config = replace(config, optimizer=replace(config.optimizer, rate=rate or config.optimizer.rate))
    augment = resolve_augment(AugmentConfig(), data.spec)
    run = RunConfig(
        system="supervised",
        settings=config,
        data=data.name,
        images=images,
        seed=seed,
        batch=BATCH,
        augment=augment,
    )
    state = TrainState.fresh(build_seeded(lambda: kind(config, data.spec), key(seed, "weights")))
    loop.train(run, data, state, Processes(), [])
    return state.average


@torch.no_grad()
def errors(system: Any, records: Records) -> int:
    """Examples whose likeliest class is not theirs."""
    return sum(
        int((system.classify(batch.x).argmax(1) != batch.label).sum()) for batch in records.batches(500)
    )


def stored() -> dict[str, Any]:
    """The cells that are done."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def keep(name: str, found: dict[str, Any]) -> None:
    """Add a cell."""
    writing.write_json(RESULTS, dict(sorted((stored() | {name: found}).items())))


KINDS: dict[str, Callable[[Dataset, int, int], tuple[System, dict[str, Any]]]] = {
    "supervised": supervised,
    "alone": alone,
    "classifier": classifier,
}

if __name__ == "__main__":
    main()
