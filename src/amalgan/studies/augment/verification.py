"""What was found out about a model's examples, as numbers and in words.

right or wrong of every arm ─► effects ─► verdict ─► sentences, JSON
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.core.types import DataSpec
from amalgan.metrics.effect import Effect, Verdict, effect
from amalgan.metrics.novelty import Copies
from amalgan.metrics.sequential import OF_EFFECTS, find_last_look
from amalgan.studies.augment.classifiers import Right, titles


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was found."""

    spec: DataSpec
    right: Right
    label: NDArray[np.int64]
    """Of the test examples."""
    balanced: bool
    """Whether all classes count alike (balanced accuracy)."""
    margin: float
    real: int
    added: int
    steps: int
    copied: Copies | None
    """None where there is too little to tell."""

    @cached_property
    def main(self) -> Effect:
        """Of adding the model's examples to nothing else."""
        return self.of("added", "nothing")

    @cached_property
    def beside(self) -> Effect | None:
        """Of adding them to flips and crops; None for vectors."""
        return self.of("added_moved", "moved") if "moved" in self.right else None

    def of(self, changed: str, plain: str) -> Effect:
        """Of one arm beside another."""
        stratum = torch.from_numpy(self.label) if self.balanced else None
        once = find_last_look(len(self.right[plain]), OF_EFFECTS)
        rows = slice(once.seeds)
        return effect(self.right[changed][rows], self.right[plain][rows], stratum, level=once.level())

    @property
    def verdict(self) -> Verdict:
        """The one word."""
        return self.main.verdict(self.margin)

    @property
    def metric(self) -> str:
        """What is measured."""
        return "balanced accuracy" if self.balanced else "accuracy"

    def accuracy(self, method: str) -> float:
        """Mean over seeds (and classes, if balanced), in percent."""
        classes = list(self.by_class(method).values())
        return float(np.mean(classes)) if self.balanced else 100 * float(self.right[method].double().mean())

    def by_class(self, method: str) -> dict[str, float]:
        """Mean accuracy over seeds in each class that is tested, in percent."""
        right = self.right[method].double().mean(0).numpy()
        return {
            self.spec.classes[value]: 100 * float(right[self.label == value].mean())
            for value in np.unique(self.label)
        }

    @property
    def sentences(self) -> list[str]:
        """The verdict, and what else should be known."""
        return [f"Adding the model’s examples {sentence(self.main, self.margin)}.", *self.others()]

    def others(self) -> Iterator[str]:
        """What stands beside the verdict."""
        names = dict(titles(self.spec))
        if self.beside is not None:
            yield f"Added to {names['moved']}, they {plural(sentence(self.beside, self.margin))}."
        rivals = {method: self.of(method, "added") for method in ("moved", "smote") if method in self.right}
        better = [names[method] for method, found in rivals.items() if found.verdict(self.margin) == "helps"]
        if better:
            yield f"Better without a model: {' and '.join(better)}."
        alone = self.of("only", "nothing").interval
        yield (
            f"Trained on them alone, the classifier reaches {self.accuracy('only'):.1f} %, on real ones "
            f"{self.accuracy('nothing'):.1f} % (difference {bounds(alone.low, alone.high)} points)."
        )
        if self.copied is not None and self.copied.verdict == "copies":
            yield (
                f"{self.copied.share:.1%} of them are near copies of training examples, against "
                f"{self.copied.baseline:.1%} of held-out ones."
            )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        copied = self.copied
        return {
            "verdict": self.verdict,
            "interval": [self.main.interval.low, self.main.interval.high],
            "points": self.main.interval.mean,
            "sentences": self.sentences,
            "margin": self.margin,
            "metric": self.metric,
            "level": self.main.interval.level,
            "seeds": self.main.interval.n,
            "steps": self.steps,
            "real": self.real,
            "added": self.added,
            "test": len(self.label),
            "beside": None if self.beside is None else told_effect(self.beside, self.margin),
            "arms": {
                method: self.describe_method(method)
                for method, _ in titles(self.spec)
                if method in self.right
            },
            "copies": copied
            and {"share": copied.share, "baseline": copied.baseline, "verdict": copied.verdict},
        }

    def describe_method(self, method: str) -> dict[str, Any]:
        """The numbers of one arm; points are gained over nothing added."""
        facts = {"accuracy": self.accuracy(method), "classes": self.by_class(method)}
        gained = None if method == "nothing" else told_effect(self.of(method, "nothing"), self.margin)
        return {"title": dict(titles(self.spec))[method], **facts, "gained": gained}


def sentence(found: Effect, margin: float) -> str:
    """The verdict in words, without a subject."""
    low, high = found.interval.low, found.interval.high
    said = {
        "helps": f"helps by {bounds(low, high)} points of accuracy",
        "none": f"has no measurable effect (less than {margin:g} points)",
        "hurts": f"hurts by {bounds(-high, -low)} points of accuracy: do not use it",
        "inconclusive": f"is inconclusive ({bounds(low, high)} points): {advice(found, margin)}",
    }
    return said[found.verdict(margin)]


def plural(said: str) -> str:
    """The same of several."""
    for one, many in (("helps", "help"), ("hurts", "hurt"), ("has no", "have no"), ("is inc", "are inc")):
        said = f"{many}{said.removeprefix(one)}" if said.startswith(one) else said
    return said.replace("do not use it", "do not use them")


def advice(found: Effect, margin: float) -> str:
    """What it would take to know."""
    seeds, tests = found.needed(margin)
    if seeds is not None:
        return f"look again with --seeds {seeds}"
    return (
        f"about {rounded(tests):,} test examples are needed"
        if tests is not None
        else "more test examples and seeds are needed"
    )


def rounded(count: int) -> int:
    """To two digits, upward."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return -(-count // unit) * unit


def bounds(low: float, high: float) -> str:
    """``1.2 to 3.4``."""
    return f"{low:.1f} to {high:.1f}".replace("-", "−")


def told_effect(found: Effect, margin: float) -> dict[str, Any]:
    """An effect as plain data."""
    return {
        "verdict": found.verdict(margin),
        "points": found.interval.mean,
        "interval": [found.interval.low, found.interval.high],
        "by_seed": list(found.by_seed),
    }
