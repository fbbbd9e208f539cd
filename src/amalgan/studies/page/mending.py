"""What the Mend view of a page needs: the search of ``restore --task inpaint``, or a restorer's tasks.

fused model ─► where codes lie, some drawn ones, the search's settings, its gradient as ONNX ─► the very same search
restorer    ─► its tasks, how strong damage is told, how far it sees                        ─► windows as in Python
"""

from __future__ import annotations

from typing import Any

import torch

from amalgan.config.systems.restoration import TASKS
from amalgan.core.randomness import Draws, key
from amalgan.core.types import UNLABELED
from amalgan.data.transforms.damage import FACTORS, UNTOLD, level_of_factor
from amalgan.studies.page.packed_numbers import pack_numbers
from amalgan.systems.abilities import Decodes, Encodes, Restores, Samples
from amalgan.systems.model_file import Model
from amalgan.tasks.export.agreement import packed_agreement
from amalgan.tasks.restore import project

MOST_NUMBERS = 2**20
"""Of the axes of codes; a page with more of them has no Mend view."""


def searches(model: Model) -> bool:
    """Whether the model can fill holes, and the page can hold what that takes."""
    system = model.system
    if not (isinstance(system, Encodes) and isinstance(system, Decodes) and isinstance(system, Samples)):
        return False
    return drawn_codes(model)[0].numel() ** 2 <= MOST_NUMBERS


@torch.no_grad()
def drawn_codes(model: Model, seed: int = 0) -> torch.Tensor:
    """The codes that ``project`` draws, on the CPU."""
    draws = Draws(seed=key(seed, "project"), round=0, total=project.DRAWN, device=model.device)
    anything = torch.full((project.DRAWN,), UNLABELED, device=model.device)
    return model.require(Samples).sample_code(anything, draws).cpu()


def gradient(model: Model) -> bytes:
    """The graph that the search descends.

    Raises:
        ExportError: it cannot be written.
    """
    return packed_agreement(model, project.STARTS)


def search_of(model: Model) -> dict[str, Any]:
    """Return what the search starts from and how it goes, as JSON; it is that of seed 0."""
    drawn = drawn_codes(model)
    spread = project.Spread.of(drawn)
    return {
        "steps": project.STEPS,
        "rate": project.RATE,
        "error": project.ERROR,
        "starts": project.STARTS,
        "tried": project.TRIED,
        "center": pack_numbers(spread.center),
        "axes": pack_numbers(spread.axes),
        "drawn": pack_numbers(drawn[project.TRIED : project.STARTS * project.TRIED]),
    }


def restorer_of(model: Model) -> dict[str, Any] | None:
    """Return what a restorer was trained for, as JSON; None where the model is none."""
    if not isinstance(system := model.system, Restores):
        return None
    return {
        "tasks": {task: TASKS.index(task) for task in system.tasks},
        "noise": 127.5 * system.most_noise,
        "untold": UNTOLD,
        "levels": {str(factor): level_of_factor(factor) for factor in FACTORS},
        "reach": system.reach,
    }
