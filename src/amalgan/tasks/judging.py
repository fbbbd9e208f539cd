"""Whether a model can say how real an example looks, on this machine.

Judges ─► one example, judged ─┬─► the system
                               └─► why not, in words: as where its critic looks through weights that are missing
"""

from __future__ import annotations

import torch

from amalgan.core.errors import AmalganError
from amalgan.systems.abilities import Judges
from amalgan.systems.model_file import Model


def judge_of(model: Model) -> Judges | None:
    """Return the system that judges; None where it does not, or cannot here."""
    return model.system if isinstance(model.system, Judges) and not why_silent(model) else None


@torch.no_grad()
def why_silent(model: Model) -> str:
    """Return why a system that judges cannot do so here; nothing where it can, or has no such ability."""
    if not isinstance(model.system, Judges):
        return ""
    try:
        model.system.judge(torch.zeros(1, *model.system.spec.shape, device=model.device), None)
    except AmalganError as error:
        return f"the critic cannot judge here: {error}"
    return ""
