"""When training is said to go wrong, and in which words: for the watchdog, and for whoever reads a log afterwards."""

from __future__ import annotations

LEAST_VARIETY = 0.1
"""Generated pictures that vary less than this share of what real ones do have collapsed."""
PATIENT_ROUNDS = 200
"""A sign must hold for so many rounds in a row before it counts."""
LOG_ROUNDS = 20
"""Rounds between two lines of a run's log."""
ALL_ALIKE = (
    "generated pictures are nearly all alike (mode collapse). "
    "Try more images, a higher --critic.r1, or --critic.loss relativistic."
)
NEVER_WRONG = (
    "the critic is never wrong, so the generator learns nothing from it. "
    "Try a higher --critic.r1 or a lower --critic.optimizer.rate."
)


def is_flat(numbers: dict[str, float]) -> bool:
    """Whether generated pictures are all alike, by a round's terms and notes, or by their averages."""
    return numbers.get("critic/variety", 1.0) < LEAST_VARIETY


def is_sure(numbers: dict[str, float]) -> bool:
    """Whether the critic is never wrong."""
    right, loss = numbers.get("critic/critic_right", 0.0), numbers.get("critic/adversarial", 1.0)
    return right > 0.999 and abs(loss) < 1e-3
