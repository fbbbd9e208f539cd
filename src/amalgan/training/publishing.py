"""What is in a model file beside the weights: facts on its training, and the coder that it compresses with."""

from __future__ import annotations

from typing import Any

from amalgan.codec.base import Coder
from amalgan.config.run import RunConfig
from amalgan.data import Dataset
from amalgan.systems.base import System
from amalgan.training import coders, loop
from amalgan.training.state import TrainState


def facts_of(
    run: RunConfig, data: Dataset, current: TrainState, metrics: dict[str, float], doubts: list[str]
) -> dict[str, Any]:
    """What the header says. It holds no times and no paths: equal runs give equal files."""
    training = {"images": current.images, "seed": run.seed, "batch": run.batch, "curve": current.curve}
    return {
        "training": training,
        "data": {"name": data.name, "fingerprint": data.fingerprint, "train": len(data.train)},
        "metrics": metrics,
        "doubts": doubts,
    }


def coder_of(system: System, run: RunConfig, data: Dataset, device: str) -> Coder | None:
    """What ``system`` compresses with, fitted to examples that it settled on."""
    count = coders.examples(system, run, data)
    picked = loop.settling_order(data.train, run.seed)[:count]
    return coders.fit(system, loop.examples(data.train, picked, device), seed=run.seed)
