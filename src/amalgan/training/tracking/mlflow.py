"""MLflow: the server or store of MLFLOW_TRACKING_URI, else the folder R/mlflow.

By its client alone, which leaves the active run and the settings of whoever calls us as they are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from amalgan.training.tracking.protocol import PROJECT, Begun
from amalgan.training.tracking.settings import flat

FOLDER, PLACE = "mlflow", "MLFLOW_TRACKING_URI"
ALLOWED = "MLFLOW_ALLOW_FILE_STORE"
"""Without it MLflow 3 takes no folder."""
MOST_SETTINGS, LONGEST = 100, 500
"""Parameters of one call, and characters of each, that a server takes."""


class MLflow:
    """One run of the experiment ``amalgan``."""

    client: Any = None
    run = ""

    def begin(self, run: Begun) -> str:
        with folders_allowed():
            return self.opened(run)

    def opened(self, run: Begun) -> str:
        """Open a run; return its id."""
        place = os.environ.get(PLACE) or (run.folder.absolute() / FOLDER).as_uri()
        client = import_module("mlflow.tracking").MlflowClient(tracking_uri=place)
        if run.known is None:
            found = client.get_experiment_by_name(PROJECT)
            experiment = found.experiment_id if found else client.create_experiment(PROJECT)
            self.run = client.create_run(experiment, run_name=run.folder.name).info.run_id
            self.settings(client, run)
        else:
            self.run = run.known
            client.set_terminated(self.run, "RUNNING")
        self.client = client
        return self.run

    def settings(self, client: Any, run: Begun) -> None:
        """Write what was set as parameters."""
        kind = import_module("mlflow.entities").Param
        given = [kind(name, str(value)[:LONGEST]) for name, value in flat(run.settings)]
        for start in range(0, len(given), MOST_SETTINGS):
            client.log_batch(self.run, params=given[start : start + MOST_SETTINGS])

    def numbers(self, values: Mapping[str, float], images: int) -> None:
        kind, now = import_module("mlflow.entities").Metric, int(time.time() * 1000)
        self.client.log_batch(
            self.run, metrics=[kind(name, value, now, images) for name, value in values.items()]
        )

    def picture(self, name: str, place: Path, images: int) -> None:
        self.client.log_artifact(self.run, str(place), name)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self, *, ended: bool) -> None:
        if self.client is not None:
            self.client.set_terminated(self.run, "FINISHED" if ended else "KILLED")


@contextmanager
def folders_allowed() -> Iterator[None]:
    """Within the block MLflow takes a folder for a store, unless the user has said whether it shall."""
    own = ALLOWED in os.environ
    os.environ.setdefault(ALLOWED, "true")
    try:
        yield
    finally:
        if not own:
            del os.environ[ALLOWED]
