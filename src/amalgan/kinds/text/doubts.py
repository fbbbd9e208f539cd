"""Whether a model of strings generates better than a 6-gram of letters, which learns in a second.

new strings ──────────┐
as many of a 6-gram ──┴─► Fréchet distance from held-out strings in the kind's judge
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset, Records
from amalgan.kinds.text.grams import LetterGrams
from amalgan.kinds.text.letters import texts_of, to_points
from amalgan.kinds.text.measures import frechet
from amalgan.systems.abilities import Generates
from amalgan.systems.base import System

COMPARED, LEAST = 1000, 100
"""Strings of each side; with fewer nothing is said."""
LEARNED = 20_000
"""Training strings of the 6-gram."""


@torch.no_grad()
def doubts(system: System, data: Dataset, device: str) -> Iterator[str]:
    """Yield a sentence where the 6-gram's strings are nearer to held-out ones."""
    held_out = data.validation if len(data.validation) >= LEAST else data.test
    if not isinstance(system, Generates) or len(held_out) < LEAST:
        return
    real, count = strings_in(held_out, COMPARED), min(COMPARED, len(held_out))
    label = torch.full((count,), UNLABELED, device=device)
    made = system.generate(label, Draws(seed=0, round=0, total=count, device=device))
    rival = LetterGrams(strings_in(data.train, LEARNED)).generate(count)
    own, other = (frechet(side, real, data.spec) for side in (strings_of(made, data), rival))
    if own > other:
        yield (
            f"do not generate with this model: a 6-gram of letters makes strings that are nearer to held-out ones "
            f"(Fréchet distance {other:.3g}, this model {own:.3g}). Train longer."
        )


def strings_in(records: Records, most: int) -> list[str]:
    """At most so many strings, spread evenly."""
    x = records.take(records.spaced(most))
    return list(map(str, texts_of(to_points(x, records.spec)).tolist()))


def strings_of(x: torch.Tensor, data: Dataset) -> list[str]:
    """What a system has made."""
    return list(map(str, texts_of(to_points(x, data.spec)).tolist()))
