"""Whether a critic has learned its training examples by heart.

    training examples ─┐
    held-out examples ─┼─► critic ─► mean logits ─► (training - held-out) / (training - generated)
    generated examples ┘

r_v of Karras et al. 2020, arXiv:2006.06676, eq. 1: 0 where held-out examples look as real to the critic as those that
it was trained on, 1 where they look as false as generated ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.errors import DataError
from amalgan.core.limits import CHUNK
from amalgan.core.types import Batch
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.score import Score, Trial, compute_score
from amalgan.systems.abilities import Generates, Judges
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate_each
from amalgan.tasks.judging import why_silent


def critic_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """How overfitted the critic is, where there is one."""
    if not isinstance(model.system, Judges) or not isinstance(model.system, Generates):
        return
    if why := why_silent(model):
        yield Score(key="critic_overfit", value=None, name=f"overfitting of the critic (not computed: {why})")
        return
    some = trial.some_held_out
    seen = picked(trial.data.train, len(some), trial.seed)
    asked = torch.from_numpy(some.labels)
    made = generate_each(model, asked, seed=trial.seed, purpose="critic")
    logits = [
        judged(model, examples)
        for examples in (seen.batches(CHUNK), some.batches(CHUNK), as_batches(trial, made, asked))
    ]
    name = (
        f"overfitting of the critic, share of the way from {len(seen)} training to {len(asked)} generated examples "
        f"that {len(some)} of the {trial.split} lie at"
    )
    yield compute_score("critic_overfit", lambda: overfitting(*logits), name)


def as_batches(trial: Trial, made: Iterable[Tensor], asked: Int[Tensor, " N"]) -> Iterator[Batch]:
    """Generated examples with the labels that they were asked for."""
    for chunk, label in zip(made, asked.split(CHUNK), strict=True):
        yield Batch(trial.delivered(chunk), label, label)


@torch.no_grad()
def judged(model: Model, batches: Iterable[Batch]) -> Float[Tensor, " N"]:
    """The critic's logits."""
    judge, device = model.require(Judges).judge, model.device
    return torch.cat([judge(batch.x.to(device), batch.label.to(device)).cpu() for batch in batches])


def overfitting(seen: Float[Tensor, " N"], new: Float[Tensor, " M"], made: Float[Tensor, " L"]) -> float:
    """r_v of three sets of logits.

    Raises:
        DataError: generated examples look as real as training examples, so that there is no way between.
    """
    whole, part = (float(seen.double().mean() - other.double().mean()) for other in (made, new))
    deviation = float(torch.cat([seen, made]).double().std())
    if whole <= 1e-3 * deviation:
        raise DataError("generated examples look as real to the critic as training examples do")
    return part / whole
