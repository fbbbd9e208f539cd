"""Whether a finished model is worth using at all, in sentences that it keeps and every later command repeats.

validation examples ─┬─► reconstructions no better than the mean example ─┐
                     └─► generated examples that hardly vary ─────────────┴─► doubts
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.config.training_signs import LEAST_VARIETY
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.systems.abilities import Generates
from amalgan.systems.base import System
from amalgan.training.baseline import LEARNED, Baseline, guess_of, outputs_of

DRAWN = 64


@torch.no_grad()
def doubts_about(system: System, baseline: Baseline) -> Iterator[str]:
    """Yield a sentence for each reason not to use ``system``.

    Args:
        baseline: of examples that it was not trained on, where there are any.
    """
    ratio = baseline.ratio(system)
    if ratio is not None and ratio > LEARNED:
        yield (
            f"do not use this model: its {outputs_of(system)} are no better than {guess_of(system)} "
            f"(squared error {ratio:.2f} times as large). Train longer, or see amalgan inspect."
        )
    if isinstance(system, Generates) and len(baseline.x) > 1:
        share = variety(generated(system, str(baseline.x.device)), baseline.x)
        if share < LEAST_VARIETY:
            yield (
                "do not generate with this model: its new examples are nearly all alike (they vary "
                f"{share:.0%} as much as real ones). Train longer, or try another --system or a higher --critic.r1."
            )


def generated(system: Generates, device: str) -> Float[Tensor, "B ..."]:
    """Return 64 new examples of any class."""
    anything = torch.full((DRAWN,), UNLABELED, device=device)
    return system.generate(anything, Draws(seed=0, round=0, total=DRAWN, device=device))


def variety(made: Float[Tensor, "B ..."], real: Float[Tensor, "N ..."]) -> float:
    """Return the mean standard deviation of entries over generated examples, over that of real ones."""
    return float(made.flatten(1).std(0).mean() / real.flatten(1).std(0).mean().clamp(min=1e-6))
