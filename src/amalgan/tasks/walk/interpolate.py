"""The way from one example to another, in even steps.

two examples ─► encoder ─► two codes ─► great circle in deviations, shares 0 ... 1 ─► decoder ─► examples
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import key
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName, check_decoder
from amalgan.tasks.walk.closed_paths import Course, great_circle
from amalgan.tasks.walk.walk import decode_codes, scale_of, two


@torch.no_grad()
def interpolate(
    model: Model,
    between: Float[Tensor, "2 ..."],
    *,
    steps: int = 8,
    seed: int = 0,
    decoder: DecoderName | None = None,
) -> Float[Tensor, "T ..."]:
    """Return ``steps`` examples, from what the first of ``between`` decodes to, to what the second does.

    Args:
        seed: of what the realistic decoder adds, the same in each.
        decoder: by default the realistic one where there is one.

    Raises:
        AbilityError: the model has no code to encode to or decode from.
        UsageError: fewer than 2 steps, or not two examples.
    """
    if steps < 2:
        raise UsageError(f"steps is {steps}; a way has at least 2, its ends")
    if decoder is not None:
        check_decoder(decoder)
    code = model.require(Encodes).encode(two(between).to(model.device))
    still = Course(
        seed=key(seed, "interpolation noise"), round=0, total=steps, stations=1, device=model.device
    )
    path = between_codes(model, code, steps)
    parts = [
        decode_codes(model, part, still.narrow(at, len(part)), decoder)
        for at, part in zip(range(0, steps, CHUNK), path.split(CHUNK), strict=True)
    ]
    return torch.cat(parts)


def between_codes(model: Model, code: Float[Tensor, "2 K"], steps: int) -> Float[Tensor, "T K"]:
    """Return ``steps`` codes on the great circle through both; the first and the last are the codes themselves."""
    scale = scale_of(model, code)
    first, last = scale(code)
    share = torch.linspace(0, 1, steps, device=code.device)
    path = scale.undo(great_circle(first.expand(steps, -1), last.expand(steps, -1), share))
    path[0], path[-1] = code
    return path
