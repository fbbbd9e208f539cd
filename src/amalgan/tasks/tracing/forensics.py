"""Telling a model's examples from real ones: a small network, trained on the spot on both.

    real examples ─┐
                   ├─► every other one as JPEG leaves it ─► network ─► logit: higher looks more like the model's
    new examples ──┘

A generator leaves traces of its own: what its last layers cannot draw, and what they always draw (Marra et al. 2019,
arXiv:1812.11842; Wang et al. 2020, arXiv:1912.11035, who found that training on compressed copies is what makes such
a network survive compression). How often it errs is measured on examples that it has not seen, not promised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.data import Records
from amalgan.data.damage import coded
from amalgan.features import Classifier
from amalgan.modelfile import Model
from amalgan.tasks.augmenting.lessons import Labeled, steps_for, taught
from amalgan.tasks.generate import generate_each
from amalgan.types import UNLABELED

MOST = 5000
"""At most so many examples of each side are learned from."""
QUALITIES = (60, 95)
"""Of JPEG."""


@dataclass(frozen=True, eq=False)
class Forensics:
    """A network that knows one model's hand."""

    net: Classifier

    @classmethod
    def learn(cls, model: Model, real: Records) -> Forensics:
        """Learn what sets new examples of ``model`` apart from ``real`` ones, which it may have been trained on."""
        chosen = real.select(real.spaced(MOST))
        sides = [
            torch.cat([batch.x for batch in chosen.batches(MOST)]),
            made(model, len(chosen), "tracing: to learn from"),
        ]
        label = torch.arange(2).repeat_interleave(len(chosen))
        lesson = Labeled.of(torch.cat([pressed(side) for side in sides]), label)
        return cls(taught(lesson, real.spec, 2, steps=steps_for(len(label)), seed=0))

    @torch.no_grad()
    def score(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, " B"]:
        """The log-odds, up to a constant, that the model made it."""
        logits = self.net.logits(x.cpu()).double()
        return logits[:, 1] - logits[:, 0]


def made(model: Model, count: int, purpose: str) -> Float[Tensor, "N ..."]:
    """New examples, as files would hold them; ``purpose`` names the stream of random numbers."""
    asked = torch.full((count,), UNLABELED)
    return kept(torch.cat([*generate_each(model, asked, seed=0, purpose=purpose)]))


def kept(x: Float[Tensor, "N ..."]) -> Float[Tensor, "N ..."]:
    """Pictures rounded to 256 levels; vectors as they are."""
    return x.clamp(-1, 1).add(1).mul(127.5).round().div(127.5).sub(1) if x.ndim == 4 else x


def pressed(x: Float[Tensor, "N ..."]) -> Float[Tensor, "N ..."]:
    """Every other picture as JPEG leaves it, at a quality of its own."""
    if x.ndim != 4:
        return x
    quality = np.random.default_rng(0).integers(QUALITIES[0], QUALITIES[1] + 1, len(x))
    found = x.clone()
    for row in range(0, len(x), 2):
        found[row] = coded(x[row : row + 1], int(quality[row]))[0]
    return found
