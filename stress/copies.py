"""Copies of training examples are found, and new examples are not called copies: 5 % copied, a hundred draws."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from amalgan.metrics.novelty import copies
from stress.figure import Figure, portion

DRAWS, FOUND, ALARMS = 100, 95, 5
COPIED = 0.05
TRAIN, OTHERS, SIZE = 1000, 1000, 16
NOISE = 0.05
"""A copy is not exact; in deviations of the data."""


def drawn(count: int, chance: torch.Generator) -> Tensor:
    """New examples: two clouds, one of them long, so that some are near to many."""
    x = torch.randn(count, SIZE, generator=chance)
    x[::2] = 3 + 0.3 * x[::2]
    return x


def verdicts(seed: int) -> tuple[str, str]:
    """What is said of a set with 5 % copies, and of one with none."""
    chance = torch.Generator().manual_seed(seed)
    train, held_out, new = (drawn(count, chance) for count in (TRAIN, OTHERS, OTHERS))
    count = round(COPIED * OTHERS)
    picked = torch.randperm(TRAIN, generator=chance)[:count]
    copied = new.clone()
    copied[:count] = train[picked] + NOISE * torch.randn(count, SIZE, generator=chance)
    return copies(copied, train, held_out).verdict, copies(new, train, held_out).verdict


def figure(share: float, scratch: Path) -> Figure:
    """Draw again and again."""
    said = [verdicts(seed) for seed in range(portion(DRAWS, share, 10))]
    found = sum(first == "copies" for first, _ in said)
    alarms = sum(second == "copies" for _, second in said)
    least, most = FOUND * len(said) // DRAWS, -(-ALARMS * len(said) // DRAWS)
    return Figure(
        asked=f"5 % copies found in {FOUND} of {DRAWS} draws, at most {ALARMS} false alarms",
        reached=f"{found} found, {alarms} false alarms, in {len(said)} draws",
        broken=["too few found"] * (found < least) + ["too many false alarms"] * (alarms > most),
        facts={"found": found, "false_alarms": alarms},
    )
