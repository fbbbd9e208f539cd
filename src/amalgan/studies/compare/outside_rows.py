"""Examples that other programs made, as rows of a comparison.

name=x.npz ─► array x (uint8 pictures of the data's own size, or vectors), label if there is one ─► Outside
"""

from __future__ import annotations

from dataclasses import replace

from amalgan.core.errors import DataError
from amalgan.data import open_data
from amalgan.evaluation.scores.score import Outside
from amalgan.kinds import kind_of
from amalgan.studies.compare.plan import Plan

LEAST = 16


def open_rows(plan: Plan, name: str, number: int) -> Outside:
    """The examples of the file of that number, read as the data is.

    Raises:
        DataError: they are too few, or of another size; says what was found.
    """
    place, spec = plan.outside[name][number], plan.data.spec
    records = open_data(place, replace(plan.reading, labeled=None), like=spec, at_least=LEAST).records
    found = records.original_size(0)
    wanted = spec.shape[-2:]
    if not kind_of(spec).refuses("size") and found != wanted:
        raise DataError(
            f"--samples {name}: {place} holds pictures of {found[0]}x{found[1]}; the data's are "
            f"{wanted[0]}x{wanted[1]}. Resize them yourself, so that it is known how."
        )
    return Outside(name, records)


def check(plan: Plan) -> None:
    """Open every file once, so that a mistake is told before hours of training."""
    for name, places in plan.outside.items():
        for number in range(len(places)):
            open_rows(plan, name, number)
