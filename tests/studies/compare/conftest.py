"""Shapes in the signatures are enforced; caches lie in a folder of the tests; cells can be invented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from jaxtyping import install_import_hook

install_import_hook("amalgan.studies.compare", "beartype.beartype")

from amalgan.studies.compare.cell_file import Cell  # noqa: E402 - after the hook


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


class Cells:
    """Invents cells."""

    @staticmethod
    def of(system: str, **values: list[float | None]) -> list[Cell]:
        """One cell a seed; the values of each measure in the order of seeds."""
        count = max(map(len, values.values()), default=1)
        costs = {"images_per_second", "cpu_seconds", "parameters_trained"}
        return [
            replace(
                Cell.begin(system, seed),
                metrics={key: found[seed] for key, found in values.items() if key not in costs},
                names={
                    key: f"the full name of {key}, 95 % interval 0 to 1" for key in values if key not in costs
                },
                cost={key: found[seed] for key, found in values.items() if key in costs},
                state="done",
            )
            for seed in range(count)
        ]


@pytest.fixture
def invent() -> type[Cells]:
    return Cells
