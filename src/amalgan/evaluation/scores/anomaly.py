"""How well a model tells what does not belong, without any anomaly being known: normal examples that were spoiled.

    test examples ─► half of them: a part of another pasted in (CutPaste); half: blended with another ─┐
    test examples as they are ─────────────────────────────────────────────────────────────────────────┼─► AUROC
    training examples ─► joint density of code and errors (``tasks.signals``) ─────────────────────────┘

Pasting: Li, Sohn, Yoon & Pfister 2021, arXiv:2104.04015, who learn from such examples; here nothing does. They stand in
for local damage and for what is between classes. A class that was never seen is another thing, and costs a training
each. Vectors: half of the entries are another's, or it is blended likewise.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.score import Score, Trial, compute_score
from amalgan.kinds import Kind
from amalgan.metrics.detection import auroc
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.signals import CRITIC, JOINT, Joint
from amalgan.tasks.detect.signals import scored as signals_of
from amalgan.tasks.judging import judge_of

MOST, KNOWN = 2_000, 5_000
"""Test examples, and training examples that the density is learned from."""
BLEND = 0.5


def anomaly_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """AUROC of spoiled test examples, by the joint signal, or by the critic where there is no code."""
    x = trial.held_out.take(trial.held_out.spaced(MOST))
    joint = Joint.of(model, picked(trial.data.train, KNOWN, trial.seed))
    if len(x) < 2 or (joint is None and judge_of(model) is None):
        return
    signal = CRITIC if joint is None else JOINT
    draws = Draws(seed=key(trial.seed, "anomalies"), round=0, total=len(x))
    fine = signals_of(model, x.split(CHUNK), joint)
    odd = signals_of(model, trial.delivered(spoiled(x, draws, trial.kind)).split(CHUNK), joint)
    name = (
        f"AUROC of spoiled examples, {len(x)} of the {trial.split} as they are against the same with a part of another "
        f"pasted in or blended with another, signal {signal}"
    )
    yield compute_score("anomaly_auroc", lambda: auroc(fine[signal], odd[signal]).mean, name)


def spoiled(x: Float[Tensor, "N ..."], draws: Draws, kind: Kind) -> Float[Tensor, "N ..."]:
    """Each example made of two: the even ones pasted, the odd ones blended."""
    other = x.roll(1, 0)
    pasted = torch.where(kind.spliced(x, draws), other, x)
    even = (torch.arange(len(x)) % 2 == 0).view(-1, *[1] * (x.ndim - 1))
    return torch.where(even, pasted, torch.lerp(x, other, BLEND))
