"""The weight of the divergence does what it is for: a variational code trades what it tells for being normal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from rich.console import Console

from amalgan.config.compare_options import CompareOptions
from amalgan.config.parts import Networks
from amalgan.config.systems import AutoencoderConfig
from amalgan.config.train_options import TrainOptions
from amalgan.data import open_data
from amalgan.studies.compare.plan import normalize_names
from amalgan.systems import model_file
from amalgan.systems.autoencoder import Autoencoder
from amalgan.training.run import execute
from support import tick

DENSE = AutoencoderConfig(variational=True, network=Networks(dense=True, hidden=64, layers=1))


class Found(NamedTuple):
    """Of the test digits."""

    nats: float
    """What the code tells of an example: its divergence from N(0, 1)."""
    error: float


@pytest.fixture(scope="module")
def by_beta(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Found]:
    return {beta: trained(tmp_path_factory.mktemp("beta"), beta) for beta in (0.1, 1.0, 4.0)}


def trained(out: Path, beta: float) -> Found:
    settings = replace(DENSE, beta=beta)
    order = TrainOptions(
        data="digits", system="autoencoder", settings=settings, out=out / "run", images=25_600
    )
    system = model_file.load(execute(order, Console(quiet=True)).model).require(Autoencoder)
    batch = next(open_data("digits").test.batches(1000))
    with torch.no_grad():
        step = system.variational_loss(batch, tick(0, 0.0, len(batch.x)))
        error = (system.decode(system.encode(batch.x)) - batch.x).square().mean()
    return Found(step.notes["kl_nats"].item(), error.item())


def test_a_greater_beta_tells_less_and_rebuilds_worse(by_beta: dict[float, Found]) -> None:
    low, plain, high = by_beta[0.1], by_beta[1.0], by_beta[4.0]
    assert low.nats > 1.2 * plain.nats > 1.2 * 1.2 * high.nats
    assert low.error < plain.error < high.error


def test_a_beta_is_one_row_of_a_comparison(tmp_path: Path) -> None:
    rows = ("autoencoder", "autoencoder:variational=true:beta=4", "autoencoder:variational=true:beta=0.1")
    drafts = normalize_names(CompareOptions(data="digits", systems=rows, out=tmp_path))
    assert drafts.systems == rows
