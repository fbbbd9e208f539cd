"""What the networks look at: maps of test examples, and of generated ones for the critic, network by network.

examples ─► occlusion by every scorer ─► the largest change is full color ─► maps over pictures, or bars of entries
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from amalgan.core.types import UNLABELED
from amalgan.data import drawn
from amalgan.data.writing.picture_arrays import in_color
from amalgan.studies.explore.bars import Bar, bars, names_of
from amalgan.studies.explore.subject import Subject
from amalgan.studies.html.strips import Strip, strip
from amalgan.systems.abilities import Generates
from amalgan.tasks.explore.occlusion import occlusion
from amalgan.tasks.explore.overlay import painted
from amalgan.tasks.explore.watched_networks import WatchedNetwork, list_networks

SHOWN = 12
VECTORS = 64
"""Examples whose maps are averaged where they are vectors."""


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """One network on some examples."""

    said: str
    facts: dict[str, Any]
    signed: bool
    strip: Strip | None = None
    bars: list[Bar] = field(default_factory=list)


def attribute_networks(subject: Subject, tell: Callable[[str], None]) -> list[Attribution]:
    """Every network that the model has, on test examples; the critic on generated ones too."""
    rows = subject.test.spaced(SHOWN if subject.planes else VECTORS)
    real = subject.test.take(rows), torch.from_numpy(subject.test.labels[rows])
    found = []
    for scorer in list_networks(subject.model, subject.spread):
        tell(f"hiding parts from the {scorer.name}")
        found.append(attribute_network(subject, scorer, *real, "test"))
        if scorer.name == "critic" and isinstance(subject.model.system, Generates):
            made = subject.generated[: len(rows)]
            found.append(
                attribute_network(subject, scorer, made, torch.full((len(made),), UNLABELED), "generated")
            )
    return found


def attribute_network(
    subject: Subject, scorer: WatchedNetwork, x: Tensor, label: Tensor, which: str
) -> Attribution:
    """The maps of one network."""
    maps, parts = mapped(subject, scorer, x, label)
    largest = float(maps.abs().max())
    facts = {
        "network": scorer.name,
        "on": which,
        "n": len(x),
        "parts": parts,
        "unit": scorer.unit,
        "largest": largest,
    }
    if not subject.planes:
        mean = maps.mean(0).flatten()
        listed = bars(mean, mean, names_of(subject.model.spec))
        facts["entries"] = {bar.name: bar.value for bar in listed}
        return Attribution(said=scorer.said, facts=facts, signed=scorer.signed, bars=listed)
    facts["strongest"] = [strongest(each) for each in maps]
    return Attribution(
        said=scorer.said, facts=facts, signed=scorer.signed, strip=overlaid(subject, x, maps, which, scorer)
    )


def mapped(subject: Subject, scorer: WatchedNetwork, x: Tensor, label: Tensor) -> tuple[Tensor, int]:
    """A map of every example, (N, H, W) or (N, D), and how many parts were hidden in each."""
    device = subject.model.device
    fill = subject.average.to(device)
    made, parts = [], 0
    with torch.no_grad():
        for example, number in zip(x.to(device), label.to(device), strict=True):
            change = scorer.watch(example[None], number[None])
            found, parts = occlusion(change, example, fill, subject.kind)
            made.append(found)
    return torch.stack(made), parts


def strongest(heat: Tensor) -> dict[str, float]:
    """Where a map is strongest, and how strong."""
    place = int(heat.abs().argmax())
    row, column = divmod(place, heat.shape[1])
    return {"row": row, "column": column, "change": float(heat[row, column])}


def overlaid(subject: Subject, x: Tensor, maps: Tensor, which: str, scorer: WatchedNetwork) -> Strip:
    """Pictures above the same under their maps."""
    pixels = drawn(x, subject.model.spec)
    largest = float(maps.abs().max())
    below = np.stack([painted(*pair, largest) for pair in zip(pixels, maps.numpy(), strict=True)])
    above = np.stack([in_color(one) for one in pixels])
    return strip(
        [above, below], [""] * len(x), f"{which} pictures, and below what the {scorer.name} looks at"
    )
