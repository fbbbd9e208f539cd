"""Runs and comparisons that are asked for again: ``--config`` takes the options that are not given from their records.

RUN/run.json   ─► Train, whose fields are the defaults of the flags
OUT/plan.json  ─► Compare, likewise
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import tyro

from amalgan.cli.compare import Compare
from amalgan.cli.train import Train
from amalgan.core.errors import UsageError
from amalgan.core.json_schema import fitting_in

PLAN = "plan.json"


def recorded_run(place: Path) -> Train[Any]:
    """``train`` with the options of the run whose ``run.json``, or folder, is ``place``; DATA must be given.

    The record holds what the data is called, and no path: a folder may be called as built-in data is.

    Raises:
        UsageError: there is none.
    """
    from amalgan.training.recorded import recorded_options

    options = recorded_options(place)
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    return Train(**values | {"data": tyro.MISSING})


def recorded_comparison(place: Path, read: Callable[[list[str]], Compare]) -> Compare:
    """``compare`` with the options of the comparison whose ``plan.json``, or folder, is ``place``.

    Args:
        read: makes the command of the words after ``amalgan compare``.

    Raises:
        UsageError: there is none.
    """
    file = place / PLAN if place.is_dir() else place
    plan = fitting_in(file, {"command": str, "where": {"data": str, "plugin": (str, None)}})
    words = split_words(plan["command"]) if plan else []
    if plan is None or words[:2] != ["amalgan", "compare"]:
        raise UsageError(
            f"{file} is no plan of a comparison. Give the folder of a comparison, or the {PLAN} in it."
        )
    data, plugin = plan["where"]["data"], plan["where"]["plugin"]  # absolute, unlike those of the command
    return replace(read(words[2:]), data=data, plugin=plugin and Path(plugin), out=file.parent)


def split_words(line: str) -> list[str]:
    """The words of a command line; none of one whose quotes do not close."""
    try:
        return shlex.split(line)
    except ValueError:
        return []


def with_budget(recorded: Train[Any] | Compare, given: set[str]) -> Any:
    """``recorded`` without the budget that flags in ``given`` replace: minutes replace images, and images minutes."""
    minutes = "minutes" if isinstance(recorded, Train) else "cpu_minutes"
    replaced = {"images": f"--{minutes.replace('_', '-')}", minutes: "--images"}
    changes: Any = {name: None for name, flag in replaced.items() if flag in given}
    return replace(recorded, **changes)
