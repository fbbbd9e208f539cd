"""How long a code is, for models whose codes have finitely many values.

held-out examples ─► codes ─┬─► under the prior ────► mean bits an example: -log2 p(code)
                            └─► without a prior ────► the same for every example
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from amalgan.evaluation.scores.score import Score, Trial, compute_score
from amalgan.systems.abilities import Rates
from amalgan.systems.model_file import Model
from amalgan.tasks.embed.embed import embed


def rate_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Both lengths."""
    rates = model.require(Rates)
    of = f"codes of {trial.n} of the {trial.split}"
    yield compute_score("bits", lambda: mean_bits(model, trial), f"bits an example, mean of -log2 p, {of}")
    yield compute_score(
        "bits_fixed", lambda: rates.most_bits, "bits an example, every code as likely as any other"
    )


@torch.no_grad()
def mean_bits(model: Model, trial: Trial) -> float:
    """Over the held-out examples."""
    code = torch.from_numpy(embed(model, trial.held_out).code).to(model.device)
    return float(model.require(Rates).bits(code).double().mean())
