"""What the system settles on: enough examples, of every class, and of the moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.config.parts import Critic, Networks
from amalgan.config.run import RunConfig
from amalgan.config.systems import AutoencoderConfig, FusionConfig, GanConfig
from amalgan.config.train_options import TrainOptions
from amalgan.data import Dataset, open_data
from amalgan.systems import model_file
from amalgan.training import loop
from amalgan.training.run import execute
from workshop import Workshop

TINY = Networks(width=8, widest=16)


def run(images: int) -> RunConfig:
    return RunConfig(system="gan", settings=GanConfig(), data="digits", images=images)


def test_a_rare_class_is_among_the_first_examples(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (3000, 8, 8)).astype(np.uint8)
    label = np.zeros(3000, np.int64)
    label[::300] = 1  # ten of three thousand
    np.savez(tmp_path / "rare.npz", x=pixels, y=label)
    records = open_data(tmp_path / "rare.npz").train
    order = loop.settling_order(records, seed=0).numpy()
    assert sorted(order) == list(range(len(records)))
    first = records.labels[order[: 2 * loop.OF_EVERY_CLASS]]
    assert (first == 1).sum() == (records.labels == 1).sum() > 0


def test_short_runs_settle_on_fewer_examples() -> None:
    data = open_data("digits")
    assert loop.settling_examples(run(640), data) == len(data.train) < loop.SETTLING[0]
    many = replace(data, train=data.train.select(np.zeros(100_000, np.int64)))
    counts = [loop.settling_examples(run(images), many) for images in (640, 80_000, 10**6)]
    assert counts == [loop.SETTLING[0], 10_000, loop.SETTLING[1]]
    fewer = [loop.settling_examples(run(images), many, loop.ON_THE_WAY) for images in (640, 320_000, 10**7)]
    assert fewer == counts


def test_settling_on_the_way_takes_fewer_examples_than_what_is_published(
    workshop: Workshop,
) -> None:
    seen: list[int] = []
    whole = loop.settle

    def settle(
        system: object, run: RunConfig, data: Dataset, peers: object, count: int | None = None
    ) -> None:
        seen.append(count or loop.settling_examples(run, data))
        whole(system, run, data, peers, count)  # type: ignore[arg-type]

    workshop.patch.setattr(loop, "settle", settle)
    workshop.patch.setattr(loop, "SETTLING", (4, 50))
    workshop.run(workshop.order("fusion", images=256))
    *on_the_way, at_the_end = seen
    assert set(on_the_way) == {8} and at_the_end == 32


@pytest.mark.parametrize("system", ["gan", "autoencoder"])
def test_frechet_can_be_validated_without_a_cached_network(system: str, tmp_path: Path) -> None:
    settings = {
        "gan": GanConfig(network=TINY),
        "autoencoder": AutoencoderConfig(network=TINY, code_size=4),
    }[system]
    order = TrainOptions(
        data="digits",
        system=system,
        settings=settings,
        out=tmp_path / "run",
        images=320,
        until="frechet=0.001",
        reading=DataConfig(cache=str(tmp_path)),
    )
    metrics = execute(order, Console(quiet=True)).metrics
    assert 0.001 < metrics["validation_frechet"] < 10_000


def test_metrics_are_those_of_the_weights_that_are_published(tmp_path: Path) -> None:
    settings = AutoencoderConfig(network=TINY, code_size=4)
    order = TrainOptions(
        data="digits", system="autoencoder", settings=settings, out=tmp_path / "run", images=1280, patience=50
    )
    found = execute(order, Console(quiet=True))
    curve = model_file.info(found.model)["training"]["curve"]
    assert found.metrics["validation_psnr"] == max(point["psnr"] for point in curve)


def test_nothing_stops_before_every_phase_has_begun(tmp_path: Path) -> None:
    settings = FusionConfig(network=TINY, critic=Critic(network=TINY), code_size=4, stages=(0.4, 0.7))
    order = TrainOptions(
        data="digits",
        system="fusion",
        settings=settings,
        out=tmp_path / "run",
        images=1280,
        until="psnr=-100",
    )
    found = execute(order, Console(quiet=True))
    assert found.stopped is not None
    assert 0.4 * 1280 <= found.images < 0.6 * 1280  # the GAN begins at 0.4
