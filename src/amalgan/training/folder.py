"""The folder of a run: whose it is, what an earlier run left there, and the weights of another that it begins with."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from amalgan import modelfile
from amalgan.config import fields
from amalgan.config.run import RunConfig
from amalgan.data import Dataset
from amalgan.errors import StateError, UsageError
from amalgan.systems.base import System
from amalgan.training import state
from amalgan.training.order import Order, Result
from amalgan.training.processes import Processes

MODEL = "model.safetensors"


def refuse_taken(order: Order, peers: Processes) -> None:
    """Refuse to write over another run; all processes decide before the first one writes."""
    taken = peers.any((order.out / "run.json").exists())
    if taken and not order.resume and not order.overwrite:
        raise UsageError(
            f"{order.out} holds a run already. Go on with it by --resume, replace it by --overwrite, "
            "or choose another --out."
        )


def finished(order: Order, run: RunConfig, data: Dataset) -> dict[str, Any] | None:
    """What the model says of itself that the run in the folder of ``order`` published, if it goes on with that one.

    Raises:
        StateError: the run that has ended had other settings or data; names the fields that differ.
    """
    model = order.out / MODEL
    if not order.resume or not model.exists():
        return None
    begun = written(order.out)
    asked = fields.to_json(run) | {"data_fingerprint": data.fingerprint}
    if order.images is None:
        begun["images"] = asked["images"]
    if changed := fields.differences({name: begun.get(name) for name in asked}, asked):
        raise StateError(
            f"the run in {order.out} has ended; what differs from it:\n  " + "\n  ".join(changed[:8]) + "\n"
            f"Go on from its weights with --init {model} and another --out, or choose another --out."
        )
    return modelfile.info(model)


def nothing_to_do(order: Order, ended: dict[str, Any]) -> str:
    """What to say of a run that has ended, of whose model this is the header."""
    return (
        f"the run in {order.out} has ended at {ended['training']['images']:,} images, so there is nothing to do. "
        f"To train on from its weights, use --init {order.out / MODEL} and another --out."
    )


def result_of(order: Order, ended: dict[str, Any], data: Dataset) -> Result:
    """What the run reached, as its model says."""
    images = int(ended["training"]["images"])
    return Result(
        model=order.out / MODEL,
        images=images,
        resumed_at_images=images,
        cpu_seconds=0.0,
        metrics=ended["metrics"],
        stopped=None,
        doubts=list(map(str, ended.get("doubts", []))),
        skipped=[asdict(bad) for bad in data.inspection.skipped],
    )


def written(out: Path) -> dict[str, Any]:
    """What ``run.json`` says; nothing where there is none that can be read."""
    try:
        return dict(json.loads((out / "run.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def clear(out: Path) -> None:
    """Remove what an earlier run left in ``out``, lest it be taken for this one's."""
    state.remove(out / state.STATE)
    for name in ("log.jsonl", MODEL):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "samples", ignore_errors=True)


def initialize(system: System, source: Path) -> None:
    """Start from the weights of a model file.

    Raises:
        UsageError: the model's weights do not fit; names the first that differs.
    """
    weights = modelfile.load(source).system.state_dict()
    mine = system.state_dict()
    for name in sorted(mine.keys() | weights.keys()):
        if name not in mine or name not in weights or mine[name].shape != weights[name].shape:
            raise UsageError(
                f"--init {source}: {name} differs from this run's. Use the same system, sizes and data shape."
            )
    system.load_state_dict(weights)
