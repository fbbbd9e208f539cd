"""Strange examples that follow one another in a recording, as stretches of time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jaxtyping import Bool
from torch import Tensor

from amalgan.core import files
from amalgan.data import Records
from amalgan.data.writing.sheets import sheet
from amalgan.kinds import kind_of
from amalgan.kinds.measures import Stretch
from amalgan.tasks.detect.detect import ALL, Detection

HEAD = ["recording", "start", "stop", "unit", "p", "windows"]
NAMED = 5
"""Strange parts of recordings that a summary names."""


def stretches_of(found: Detection, judged: Records, alarms: Bool[Tensor, " N"]) -> list[Stretch] | None:
    """The parts of recordings in which examples raise an alarm; None where they are of no recordings."""
    facts = json.loads(judged.store.facts.get("own") or "{}")
    p_value = found.p_value[ALL].tolist()
    return kind_of(judged.spec).stretches(found.names, p_value, alarms.tolist(), facts)


def beside_table(table: Path) -> Path:
    """Where stretches go: ``x.stretches.csv`` beside ``x.csv``."""
    return table.with_suffix(f".stretches{table.suffix}")


def write_stretches(place: Path, stretches: list[Stretch]) -> bool:
    """Write a row a stretch; whether the file did not hold just that already.

    Raises:
        FileError: the file cannot be written.
    """

    def lines() -> Iterator[list[str | float]]:
        yield [*HEAD]
        for one in stretches:
            yield [one.recording, one.start, one.stop, one.unit, float(f"{one.p_value:.6g}"), one.examples]

    return files.write_stream(place, (sheet([line]).encode() for line in lines()))


def name_strangest(stretches: list[dict[str, Any]]) -> str:
    """Return how many strange parts of recordings there are, and a line for each of the strangest."""
    strangest = sorted(stretches, key=lambda one: (one["p_value"], -one["examples"]))[:NAMED]
    named = (
        f"{one['recording']} {one['start']} to {one['stop']} {one['unit']} (p {one['p_value']:.3g})"
        for one in strangest
    )
    return "\n".join([f"{len(stretches):,}", *named])
