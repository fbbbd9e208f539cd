"""Do a model's examples help a classifier, by how much data there is? Every policy, beside flips and crops.

    python benchmarks/augment.py mnist-30 MNIST --each 30
    python benchmarks/augment.py mnist-unbalanced MNIST --each 300 --rare 10
    python benchmarks/augment.py cifar-100 CIFAR --each 100

An autoencoder is trained on the few pictures alone, so many pictures drawn, and makes one new picture for each real one
(of unbalanced classes, as many as fill them to the largest). Then as ``amalgan augment --verify``: five seeds, the
data's own test pictures. ``--rare 10`` keeps ten of every other class. Writes benchmarks/results/augment.json, and the
table of docs/augment.md to stdout.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch

import amalgan as ag
import writing
from amalgan.data import Dataset, open_data, to_pixels
from amalgan.data.dataset.subsets import picked
from amalgan.features.classifier_training import Labeled
from amalgan.studies.augment.classifiers import Classifiers
from amalgan.studies.augment.verification import Verification
from amalgan.studies.augment.verify import SEEDS, remembered, unbalanced
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Augmenter, Policy, PolicyName, counts_of

RESULTS = Path(__file__).parent / "results" / "augment.json"
BASE, BY_MODEL = ("nothing", "moved", "smote"), ("added", "added_moved")


def main() -> None:
    """Judge what is missing, keep it, print the table."""
    asked = arguments()
    torch.set_num_threads(1)
    if asked.name and not all(
        policy in stored().get(asked.name, {}).get("policies", {}) for policy in asked.policies
    ):
        with tempfile.TemporaryDirectory() as scratch:
            cell(asked, Path(scratch))
    for line in table(stored()):
        print(line)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", help="of the cell; without one, only the table")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--each", type=int, default=100, help="real pictures a class")
    parser.add_argument("--rare", type=int, help="of every other class")
    parser.add_argument("--images", type=int, default=20_000, help="of training the autoencoder")
    parser.add_argument("--steps", type=int, default=200, help="of each classifier")
    parser.add_argument("--tests", type=int, default=2000)
    parser.add_argument("--policies", nargs="*", default=list(get_args(PolicyName)))
    return parser.parse_args()


def cell(asked: argparse.Namespace, scratch: Path) -> None:
    """Train one autoencoder, the arms without it, and those of each policy."""
    started_at = time.process_time()
    data = few(asked, scratch)
    model = ag.train("autoencoder", scratch / "few.npz", images=asked.images, quiet=True).model
    real, test = data.train, picked(data.test, asked.tests, 0)
    counts = counts_of(real.labels, None, asked.rare is not None)
    school = Classifiers(
        spec=data.spec,
        real=Labeled.all_of(real),
        test=Labeled.all_of(test),
        generate=lambda seed: Labeled.all_of(real),
        counts=counts,
        seeds=range(SEEDS),
        steps=asked.steps,
    )
    base = school.right(BASE)
    for kind in asked.policies:
        right = base | replace(school, generate=maker(model, data, kind, counts)).right(BY_MODEL)
        found = Verification(
            spec=data.spec,
            right=right | {"only": right["added"]},
            label=test.labels,
            balanced=unbalanced(real.labels),
            margin=0.5,
            real=len(real),
            added=sum(counts.values()),
            steps=asked.steps,
            copied=None,
        )
        keep(asked.name, kind, found.to_json(), time.process_time() - started_at)


def few(asked: argparse.Namespace, scratch: Path) -> Dataset:
    """The few pictures of each class, and all test pictures, as a data set of their own."""
    whole = open_data(asked.data)
    rows = [
        np.flatnonzero(whole.train.labels == label)[: asked.rare if asked.rare and label % 2 else asked.each]
        for label in range(len(whole.spec.classes))
    ]
    train = whole.train.select(np.concatenate(rows))
    sides = (("train", train), ("test", whole.test))
    arrays = {f"x_{name}": to_pixels(side.take(slice(None)), side.spec) for name, side in sides}
    arrays |= {f"y_{name}": side.labels for name, side in sides}
    np.savez(scratch / "few.npz", **arrays)
    found = open_data(scratch / "few.npz")
    return replace(found, train=found.whole)


def maker(model: Model, data: Dataset, kind: PolicyName, counts: dict[int, int]) -> Any:
    """What the model adds, by seed."""

    def made(seed: int) -> Labeled:
        real = data.train
        policy = Policy.of(model, kind)
        by = Augmenter(model=model, policy=policy, take=real.take, labels=real.labels, seed=seed)
        recipe = by.recipe(counts)
        return Labeled.of_chunks(by.chunks(recipe), torch.from_numpy(recipe.label), data.spec)

    return remembered(made)


def stored() -> dict[str, Any]:
    """What is judged."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def keep(name: str, kind: str, facts: dict[str, Any], seconds: float) -> None:
    """Add one policy of one cell; the arms without a model are those of all."""
    before = stored()
    arms = {arm: {key: found[key] for key in ("accuracy", "gained")} for arm, found in facts["arms"].items()}
    row = {arm: arms[arm] for arm in BY_MODEL} | {"verdict": facts["verdict"], "beside": facts["beside"]}
    known = before.get(name, {}).get("policies", {})
    about = {key: facts[key] for key in ("real", "added", "test", "steps", "seeds", "metric", "margin")}
    whole = about | {"base": {arm: arms[arm] for arm in BASE}, "policies": known | {kind: row}}
    writing.write_json(RESULTS, before | {name: whole | {"cpu_seconds": round(seconds)}})


def table(found: dict[str, Any]) -> list[str]:
    """Rows of Markdown: points over nothing added, and over flips and crops alone."""
    lines = [
        "| data | nothing | flips and crops | SMOTE | policy | verdict | beside flips and crops |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in found.items():
        plain = f"{row['base']['nothing']['accuracy']:.1f} %"
        others = [shown(row["base"][arm]["gained"]) for arm in ("moved", "smote")]
        for kind, policy in row["policies"].items():
            cells = [name, plain, *others, kind, worded(policy["added"]["gained"]), worded(policy["beside"])]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def shown(gained: dict[str, Any]) -> str:
    """An interval in points."""
    low, high = gained["interval"]
    return f"{low:+.1f} to {high:+.1f}".replace("-", "−")


def worded(gained: dict[str, Any]) -> str:
    """A verdict with its interval."""
    return f"{gained['verdict']}, {shown(gained)}"


if __name__ == "__main__":
    main()
