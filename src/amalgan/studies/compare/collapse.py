"""Whether a generator has collapsed, by criteria that are stated with the verdict.

generated examples: variety, spacing ─┐
log: the critic's last 200 rounds ────┴─► a sentence, or None
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amalgan.config.training_signs import LEAST_VARIETY, LOG_ROUNDS, PATIENT_ROUNDS, is_flat, is_sure
from amalgan.studies.compare.curves import lines_of

LEAST_SPACING = 0.05


def reason(metrics: dict[str, float | None], log: Path | None) -> str | None:
    """Why these examples or this run count as collapsed; None where they do not."""
    variety, spacing = metrics.get("variety"), metrics.get("spacing")
    if variety is not None and variety < LEAST_VARIETY:
        return (
            f"generated examples vary {variety:.1%} as much as real ones do "
            f"(below {LEAST_VARIETY:.0%} counts as collapsed)"
        )
    if spacing is not None and spacing < LEAST_SPACING:
        return (
            f"a generated example lies {spacing:.1%} as far from the nearest other one as real ones do "
            f"(below {LEAST_SPACING:.0%} counts as collapsed: a few pictures again and again)"
        )
    return of_critic(lines_of(log)[-(PATIENT_ROUNDS // LOG_ROUNDS) :]) if log is not None else None


def of_critic(last: list[dict[str, Any]]) -> str | None:
    """What the log's last lines say of the critic."""
    if len(last) < PATIENT_ROUNDS // LOG_ROUNDS:
        return None
    if all(map(is_flat, last)):
        return (
            f"in the last {PATIENT_ROUNDS} rounds generated examples varied less than "
            f"{LEAST_VARIETY:.0%} as much as real ones did"
        )
    if all(map(is_sure, last)):
        return (
            f"in the last {PATIENT_ROUNDS} rounds the critic was never wrong, "
            "so the generator learned nothing from it"
        )
    return None
