"""What a direction in the code changes, in words: of decodes two steps ahead of some codes and two steps behind them.

    codes - 2 steps ─► decodes ─► brightness, contrast, colors, where they are bright ─┐
    codes + 2 steps ─► decodes ─► the same ────────────────────────────────────────────┴─► words for both ends
                          └─► encoder ─► nearest class mean: which class there is more of

A quantity is named if the steps change it by at least a deviation among the decodes; a class if they bring it to at
least a fifth more of them. A step of a component is a deviation of the codes along it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import Direction, Means, decoded, encode_all

LOOKED_AT = 32
"""Codes."""
STEPS, LEAST_DEVIATIONS, LEAST_SHARE = 2.0, 1.0, 0.2
WORDS = {
    "brightness": ("darker", "brighter"),
    "contrast": ("less contrast", "more contrast"),
    "warmth": ("colder colors", "warmer colors"),
    "right": ("brighter on the left", "brighter on the right"),
    "bottom": ("brighter at the top", "brighter at the bottom"),
}


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Words for what lies behind, and ahead; empty where nothing stands out."""

    behind: str
    ahead: str

    def __str__(self) -> str:
        if self.behind and self.ahead:
            return f"{self.behind} ↔ {self.ahead}"
        return f"toward {self.ahead}" if self.ahead else f"away from {self.behind}" if self.behind else ""


def ends_of(model: Model, direction: Direction, code: Float[Tensor, "N K"], means: Means | None) -> Ends:
    """Return what ``direction`` changes in the decodes of some of ``code``."""
    some = code[:: max(1, len(code) // LOOKED_AT)][:LOOKED_AT]
    among, behind, ahead = (decoded(model, some + times * direction.step) for times in (0, -STEPS, STEPS))
    quantity = words_of(quantities(behind), quantities(ahead), quantities(among))
    if means is None or not isinstance(model.system, Encodes):
        return Ends(behind=quantity.behind, ahead=quantity.ahead)
    seen = [means.nearest(encode_all(model, x)) for x in (among, behind, ahead)]
    low, high = (gained(seen[0], one, model.spec.classes) for one in seen[1:])
    return Ends(behind=joined(low, quantity.behind), ahead=joined(high, quantity.ahead))


def quantities(x: Float[Tensor, "B C H W"]) -> dict[str, Float[Tensor, " B"]]:
    """Return what is measured of each image."""
    gray = x.double().mean(1)
    down, across = (torch.linspace(-1, 1, side, dtype=torch.float64) for side in gray.shape[1:])
    found = {
        "brightness": gray.mean((1, 2)),
        "contrast": gray.flatten(1).std(1, correction=0),
        "right": (gray * across).mean((1, 2)),
        "bottom": (gray * down[:, None]).mean((1, 2)),
    }
    return found | ({"warmth": (x[:, 0] - x[:, 2]).double().mean((1, 2))} if x.shape[1] == 3 else {})


def words_of(
    behind: dict[str, Float[Tensor, " B"]],
    ahead: dict[str, Float[Tensor, " B"]],
    among: dict[str, Float[Tensor, " B"]],
) -> Ends:
    """Return words for the quantity that changes most, against how much it varies ``among`` images."""
    change = {
        name: float((ahead[name] - behind[name]).mean() / 2 / one.std(correction=0).clamp(min=1e-12))
        for name, one in among.items()
    }
    name = max(change, key=lambda one: abs(change[one]))
    if abs(change[name]) < LEAST_DEVIATIONS:
        return Ends(behind="", ahead="")
    low, high = WORDS[name] if change[name] > 0 else WORDS[name][::-1]
    return Ends(behind=low, ahead=high)


def gained(before: Int[Tensor, " B"], after: Int[Tensor, " B"], names: tuple[str, ...]) -> str:
    """Return the class that there is most more of; empty where no class gains much."""
    more = torch.stack([(after == number).sum() - (before == number).sum() for number in range(len(names))])
    best = int(more.argmax())
    return names[best] if int(more[best]) >= LEAST_SHARE * len(before) else ""


def joined(*words: str) -> str:
    """Return words with commas between them."""
    return ", ".join(word for word in words if word)
