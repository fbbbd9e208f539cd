"""What a page needs to tell whether a picture is normal, as ``amalgan detect`` does by its joint signal.

    picture ─► code, decode ─► log error, log drift │ smoothed error of each pixel
                                  └─► mixture ─► -log p ─► p-value among held-out normals     └─► above what is usual

The page computes the mixture from its tables, in float64 as here. There is no such view without the data that the
model was trained on, or where the tables are large.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from amalgan.data import Dataset
from amalgan.networks.priors import MixturePrior
from amalgan.studies.page.packed_numbers import pack_numbers
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.heat import SMOOTHED, usual
from amalgan.tasks.detect.normals import Sides, sides, trained_on
from amalgan.tasks.detect.record_scores import chunks_of
from amalgan.tasks.detect.signals import FINEST, JOINT, Joint, scored

MOST_NUMBERS = 2**20
"""In the tables of the mixture."""
doubles = partial(pack_numbers, kind="float64")


def normality(model: Model, data: Dataset | None) -> dict[str, Any] | None:
    """Return what normal pictures are like, as JSON; None where the page cannot tell it."""
    able = isinstance(model.system, Encodes) and isinstance(model.system, Decodes)
    if data is None or not able or not trained_on(model, data) or not len(data.validation):
        return None
    found = sides(model, data)
    joint = Joint.of(model, found.known)
    if joint is None or joint.mixture.factor[used(joint.mixture)].numel() > MOST_NUMBERS:
        return None
    return facts_of(model, found, joint)


def facts_of(model: Model, found: Sides, joint: Joint) -> dict[str, Any]:
    """Return the scores of held-out normals, their errors, and the mixture's tables, as JSON."""
    score = scored(model, chunks_of(found.normal), joint)[JOINT]
    errors = usual(model, found.normal)
    return {
        "source": found.source,
        "finest": FINEST,
        "side": max(1, min(model.spec.shape[1:]) // SMOOTHED) // 2 * 2 + 1,
        "scores": doubles(score.sort().values),
        "usual": {"mean": doubles(errors.mean), "deviation": doubles(errors.deviation), "full": errors.full},
        "mixture": tables(joint.mixture),
    }


def tables(mixture: MixturePrior) -> dict[str, Any]:
    """Return the Gaussians that have weight."""
    rows = used(mixture)
    weight = (mixture.groups.share[:, None] * mixture.weight)[rows]
    return {
        "logWeight": doubles(weight.double().log()),
        "center": doubles(mixture.center[rows]),
        "factor": doubles(mixture.factor[rows]),
        "mean": doubles(mixture.scale.mean),
        "deviation": doubles(mixture.scale.deviation),
    }


def used(mixture: MixturePrior) -> Tensor:
    """Return which Gaussians have weight."""
    return mixture.groups.share[:, None] * mixture.weight > 0
