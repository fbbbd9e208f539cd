"""Shapes in the signatures are enforced while these tests run; models are trained once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jaxtyping import install_import_hook

install_import_hook("amalgan.tasks", "beartype.beartype")

from rich.console import Console  # noqa: E402

from amalgan.config.data import DataConfig  # noqa: E402
from amalgan.config.parts import Critic, Networks  # noqa: E402
from amalgan.config.train_options import TrainOptions  # noqa: E402
from amalgan.data import Dataset, open_data  # noqa: E402
from amalgan.features import Features, features_of  # noqa: E402
from amalgan.systems import model_file, registry  # noqa: E402
from amalgan.systems.model_file import Model  # noqa: E402
from amalgan.training.run import execute  # noqa: E402

IMAGES = 3000
TINY = Networks(width=8, widest=16, hidden=32)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models and caches are."""
    return tmp_path_factory.mktemp("tasks")


@pytest.fixture(scope="session")
def reading(place: Path) -> DataConfig:
    return DataConfig(cache=str(place / "cache"))


@pytest.fixture(scope="session")
def digits(reading: DataConfig) -> Dataset:
    return open_data("digits", reading)


@pytest.fixture(scope="session")
def wine(reading: DataConfig) -> Dataset:
    return open_data("wine", reading)


@pytest.fixture(scope="session")
def judge(digits: Dataset, reading: DataConfig) -> Features:
    return features_of(digits, cache=reading.cache)


@pytest.fixture(scope="session")
def trained(place: Path, reading: DataConfig) -> Callable[[str, str], Model]:
    """A tiny model of a system, trained a moment on a data set, the first time it is asked for."""

    def train(system: str, data: str) -> Model:
        out = place / f"{system}-{data}"
        if not (out / "model.safetensors").exists():
            order = TrainOptions(
                data=data, system=system, settings=tiny(system), out=out, images=IMAGES, reading=reading
            )
            execute(order, Console(quiet=True))
        return model_file.load(out / "model.safetensors")

    return train


def tiny(system: str) -> Any:
    """The configuration of a small and quick model."""
    config = registry.config_class(system)
    sizes = {"network": TINY, "critic": Critic(network=TINY)}
    known = {field.name for field in fields(config)}
    return config(**{name: value for name, value in sizes.items() if name in known})
