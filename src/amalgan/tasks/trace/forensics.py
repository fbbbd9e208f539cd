"""Telling a model's examples from real ones: a small network, trained on the spot on both.

    real examples ─┐
                   ├─► as they are, or as JPEG or scaling leaves them ─► network ─► logit: higher, the model's
    new examples ──┘

A generator leaves traces of its own: what its last layers cannot draw, and what they always draw (Marra et al. 2019,
arXiv:1812.11842). Coding and scaling blur real pictures, too, so a network that never saw that takes them for the
model's; it is trained on such copies (Wang et al. 2020, arXiv:1912.11035). How often it errs is measured on examples
that it has not seen, not promised.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data import Records
from amalgan.features import Classifier
from amalgan.features.classifier_training import Labeled, steps_for, train_classifier
from amalgan.kinds import kind_of
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate_each

Changed = Literal["nothing", "coded", "scaled"]
"""What may have happened to examples on their way: nothing; JPEG; JPEG, or scaling down and up again."""
MOST = 5000
"""At most so many examples of each side are learned from."""


@dataclass(frozen=True, eq=False)
class Forensics:
    """A network that knows one model's hand."""

    net: Classifier
    changed: Changed

    @classmethod
    def learn(cls, model: Model, real: Records, changed: Changed) -> Forensics:
        """Learn what sets new examples of ``model`` apart from ``real`` ones, which it may have been trained on."""
        chosen = real.select(real.spaced(MOST))
        sides = [
            torch.cat([batch.x for batch in chosen.batches(MOST)]),
            generate_examples(model, len(chosen), "tracing: to learn from"),
        ]
        label = torch.arange(2).repeat_interleave(len(chosen))
        training = Labeled.of(
            torch.cat([mixed(side, changed, real.spec) for side in sides]), label, real.spec
        )
        return cls(train_classifier(training, real.spec, 2, steps=steps_for(len(label)), seed=0), changed)

    @torch.no_grad()
    def score(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, " B"]:
        """The log-odds, up to a constant, that the model made it."""
        logits = self.net.logits(x.cpu()).double()
        return logits[:, 1] - logits[:, 0]

    def scores(self, chunks: Iterable[Float[Tensor, "B ..."]]) -> dict[str, Float[Tensor, " N"]]:
        """The same of examples in every version that ``versions`` makes of them."""
        found: dict[str, list[Tensor]] = {}
        for x in chunks:
            for name, version in versions(x, self.changed, self.net.spec).items():
                found.setdefault(name, []).append(self.score(version))
        return {name: torch.cat(parts) for name, parts in found.items()}


def generate_examples(model: Model, count: int, purpose: str) -> Float[Tensor, "N ..."]:
    """New examples, as files would hold them; ``purpose`` names the stream of random numbers."""
    asked = torch.full((count,), UNLABELED)
    return kind_of(model.spec).delivered(torch.cat([*generate_each(model, asked, seed=0, purpose=purpose)]))


def versions(
    x: Float[Tensor, "N ..."], changed: Changed, spec: DataSpec
) -> dict[str, Float[Tensor, "N ..."]]:
    """Examples as they are, and as what may have happened to them leaves them."""
    return kind_of(spec).versions(x, changed)


def mixed(x: Float[Tensor, "N ..."], changed: Changed, spec: DataSpec) -> Float[Tensor, "N ..."]:
    """Each example as it is in one of these versions, in turn."""
    some, found = [*versions(x, changed, spec).values()], x.clone()
    for number, version in enumerate(some):
        found[number :: len(some)] = version[number :: len(some)]
    return found
