"""Whether a system reconstructs better than by the simplest guess, on a few fixed examples.

    examples ─┬─► encode ─► decode ─► error ─┐            Encodes and Decodes: the guess is the mean example
              │                              ├─► ratio
              └─► simplest guess ─► its error┘            Restores: the guess is the damaged picture itself

A ratio of 1 is what a network that has learned nothing reaches; above 1 it is worse than no network at all. A system
that only generates has no such ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.data import Records
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Restores
from amalgan.systems.base import System
from amalgan.training.validation import hurt_alike

EXAMPLES = 64
AT_ONCE = 16
LEARNED = 0.98
"""Ratio below which something was learned."""
LEAST_ERROR = 1e-6
"""Examples that are all alike have a perfect guess; nothing is said of them."""


@dataclass(frozen=True)
class Baseline:
    """Some examples and the one that every guess would be."""

    x: Float[Tensor, "B ..."]
    mean: Float[Tensor, " ..."]

    @classmethod
    def of(cls, records: Records, mean: Float[Tensor, ...], device: str) -> Baseline:
        """Return the baseline on 64 examples of ``records`` or fewer; ``mean`` is that of training examples."""
        return cls(records.take(records.spaced(EXAMPLES)).to(device), mean.to(device))

    @torch.no_grad()
    def ratio(self, system: System) -> float | None:
        """Return the squared error of ``system`` over that of the guess; None where there is nothing to compare."""
        if not len(self.x):
            return None
        if isinstance(system, Restores):
            errors = [self.restored(system, part) for part in self.x.split(AT_ONCE)]
        elif isinstance(system, Encodes) and isinstance(system, Decodes):
            errors = [self.decoded(system, part) for part in self.x.split(AT_ONCE)]
        else:
            return None
        found, guess = torch.stack(errors).double().sum(0).tolist()
        return found / guess if guess > LEAST_ERROR else None

    def decoded(self, system: System, x: Tensor) -> Float[Tensor, " 2"]:
        """Squared error of the reconstructions and of the mean example."""
        assert isinstance(system, Encodes) and isinstance(system, Decodes)
        apart = kind_of(system.spec).apart
        return torch.stack(
            [apart(y, x).square().sum() for y in (system.decode(system.encode(x)), self.mean[None])]
        )

    def restored(self, system: System, x: Tensor) -> Float[Tensor, " 2"]:
        """Squared error of the restored pictures and of the damaged ones."""
        assert isinstance(system, Restores)
        hurt = hurt_alike(system, x)
        return torch.stack([(y - x).square().sum() for y in (system.restore(hurt), hurt.x)])


def outputs_of(system: System) -> str:
    """Return the name of what ``system`` is measured by, in the plural."""
    return "restored pictures" if isinstance(system, Restores) else "reconstructions"


def guess_of(system: System) -> str:
    """Return the name of the simplest guess, which ``system`` has to beat."""
    return "the damaged pictures themselves" if isinstance(system, Restores) else "the mean example"
