"""What is trained on images that are decoded when they are drawn is what is trained on a store, bit for bit."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import StateError
from support import built_in
from workshop import BATCH, ROUNDS, Workshop


@pytest.fixture
def shards(workshop: Workshop) -> Path:
    """The pictures of the workshop in four tar shards, in classes by folder."""
    with np.load(workshop.folder / "data.npz") as data:
        x, y = data["x"], data["y"]
    place = workshop.folder / "shards"
    place.mkdir()
    for shard in range(4):
        with tarfile.open(place / f"{shard}.tar", "w") as archive:
            for row in range(shard, len(x), 4):
                Image.fromarray(x[row]).save(workshop.folder / "one.png")
                archive.add(workshop.folder / "one.png", f"{'abc'[y[row]]}/{row:03d}.png")
    return place


def ordered(
    workshop: Workshop, shards: Path, system: str, out: str, way: Any, **reading: Any
) -> TrainOptions:
    config = DataConfig(cache=str(workshop.folder / "cache"), size="8", decode=way, **reading)
    return workshop.order(system, out, data=str(shards), reading=config)


def model(order: TrainOptions) -> bytes:
    return (order.out / "model.safetensors").read_bytes()


@pytest.mark.parametrize("system", [name for name in built_in() if name in ("autoencoder", "supervised")])
def test_models_of_a_store_and_on_demand_are_equal(workshop: Workshop, shards: Path, system: str) -> None:
    orders = [ordered(workshop, shards, system, way, way) for way in ("on-demand", "once")]
    for order in orders:
        workshop.run(order)
    assert len(list((workshop.folder / "cache").glob("store-*/pixels.npy"))) == 1
    equal = model(orders[0]) == model(orders[1])
    assert equal


def test_stopped_in_a_shuffle_buffer_and_resumed_either_way_is_never_stopped(
    workshop: Workshop, shards: Path
) -> None:
    whole = ordered(workshop, shards, "autoencoder", "whole", "once", shuffle_buffer=20)
    workshop.run(whole)
    order = ordered(workshop, shards, "autoencoder", "stopped", "on-demand", shuffle_buffer=20)
    for stop in (3, ROUNDS - 6):  # in the first epoch, and in the third
        workshop.stop_at(replace(order, resume=True), stop)
    result = workshop.run(replace(order, resume=True, reading=whole.reading))
    assert result.resumed_at_images == (ROUNDS - 6) * BATCH
    equal = model(order) == model(whole)
    assert equal


def test_another_buffer_is_another_run(workshop: Workshop, shards: Path) -> None:
    order = ordered(workshop, shards, "autoencoder", "stopped", "on-demand", shuffle_buffer=20)
    workshop.stop_at(order, 3)
    other = ordered(workshop, shards, "autoencoder", "stopped", "on-demand")
    with pytest.raises(StateError, match=r"reading\.shuffle_buffer: 20, now None"):
        workshop.run(replace(other, resume=True))
