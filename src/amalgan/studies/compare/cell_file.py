"""What one cell came to, as it stands in its file.

worker ─► Cell ─► cell.json ─► Cell ─► results, notes, report.json
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from amalgan.config import fields
from amalgan.core.json_schema import read_json
from amalgan.evaluation.scores.score import Score

WITHDRAWN = ("SSIM, mean of",)
"""Names of what earlier versions measured wrongly: their SSIM counted intensities from mid-gray."""


@dataclass(frozen=True)
class Scores:
    """Values of measures and their full names, by key."""

    metrics: dict[str, float | None]
    names: dict[str, str]

    @classmethod
    def of(cls, scores: Sequence[Score]) -> Scores:
        """Scores by their keys."""
        return cls({one.key: one.value for one in scores}, {one.key: one.name for one in scores})

    @classmethod
    def read(cls, place: Path) -> Scores:
        """The scores in a file; none where it is missing."""
        return (
            fields.from_json(cls, read_json(place, cls, "amalgan compare")) if place.exists() else cls({}, {})
        )


@dataclass(frozen=True)
class Cell:
    """One row with one seed."""

    system: str
    seed: int
    metrics: dict[str, float | None]
    names: dict[str, str]
    cost: dict[str, float | None]
    curve: tuple[dict[str, float | None], ...]
    log: tuple[dict[str, Any], ...]
    state: str
    """``done``, ``collapsed`` or ``failed``."""
    reason: str | None
    traceback: str | None = None

    @classmethod
    def read(cls, place: Path) -> Cell:
        """The cell in a file, without what an earlier version measured wrongly."""
        cell = fields.from_json(cls, read_json(place, cls, "amalgan compare"))
        wrong = {key for key, name in cell.names.items() if name.startswith(WITHDRAWN)}
        return replace(
            cell,
            metrics={key: value for key, value in cell.metrics.items() if key not in wrong},
            names={key: name for key, name in cell.names.items() if key not in wrong},
        )

    @classmethod
    def begin(cls, system: str, seed: int, reason: str | None = None) -> Cell:
        """A cell that has not ended; it counts as failed."""
        return cls(system, seed, {}, {}, {}, (), (), "failed", reason)

    def with_scores(self, scores: Scores) -> Cell:
        """The same with these scores too."""
        return replace(self, metrics=self.metrics | scores.metrics, names=self.names | scores.names)

    def to_json(self) -> dict[str, Any]:
        """The cell for a file; one that failed says so first."""
        found = fields.to_json(self)
        if self.traceback is None:
            del found["traceback"]
        first = ("system", "seed", "state", "reason") if self.state == "failed" else ()
        return {name: found[name] for name in first} | found

    @property
    def numbers(self) -> dict[str, float]:
        """Everything that was measured; what a failed cell has cost is kept in its file, and in no mean."""
        if self.state == "failed":
            return {}
        return {key: value for key, value in (self.metrics | self.cost).items() if value is not None}
