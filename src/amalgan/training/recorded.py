"""What a run says of itself in ``run.json``, as the options that repeat it.

    RUN/run.json ─► TrainOptions ─► amalgan train --config, with the flags that are given instead
                                └─► a run of a terminal that goes on in the studio

The record is checked as any configuration is; paths of a machine do not stand in it.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from amalgan.config.fields import from_json
from amalgan.config.run import RunConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import UsageError
from amalgan.core.json_schema import fitting_in
from amalgan.systems import registry
from amalgan.training.folder import RUN

RECORD = {"amalgan": str, "system": str, "settings": {str: Any}, "data": str, "images": int}
"""What must stand in a record; the rest has defaults."""


def recorded_options(place: Path) -> TrainOptions:
    """Return the options of the run whose ``run.json``, or folder, is ``place``; ``data`` is the name of its data.

    Raises:
        UsageError: there is no record of a run, or its system is not known.
        ConfigError: the record holds what no run can be asked for; names every fault.
    """
    file = place / RUN if place.is_dir() else place
    record = fitting_in(file, RECORD)
    if record is None or record["amalgan"] != "run":
        raise UsageError(f"{file} is no record of a training run. Give a run's folder, or the {RUN} in it.")
    system = record["system"]
    if system not in registry.names():
        raise UsageError(
            f"{file} is of the system {system!r}, which is not known here. If it is your own, load it by "
            "--plugin FILE.py."
        )
    known = {one.name for one in fields(RunConfig)}
    settings = from_json(registry.config_class(system), record["settings"])
    run = from_json(RunConfig, {name: record[name] for name in known & set(record)} | {"settings": settings})
    shared = {one.name for one in fields(TrainOptions)} & known
    return TrainOptions(**{name: getattr(run, name) for name in shared})
